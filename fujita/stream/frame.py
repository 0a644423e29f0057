"""A WebSocket message as it goes over the wire, so that it is made once and not once for each client."""

from __future__ import annotations

import struct
from collections.abc import Sequence

FINAL_TEXT = 0x81
"""One frame is the whole message, and it is text (RFC 6455 §5.2). A server's frames are not masked."""


def text_frame(lines: Sequence[bytes]) -> bytes:
    """`lines`, joined, as one message."""
    size = sum(map(len, lines))
    if size < 126:
        head = struct.pack("!BB", FINAL_TEXT, size)
    elif size < 2**16:
        head = struct.pack("!BBH", FINAL_TEXT, 126, size)
    else:
        head = struct.pack("!BBQ", FINAL_TEXT, 127, size)
    return b"".join((head, *lines))
