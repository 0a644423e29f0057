"""A WebSocket message as it goes over the wire, so that it is made once and not once for each client."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cached_property

FINAL_TEXT = 0x81
"""One frame is the whole message, and it is text (RFC 6455 §5.2). A server's frames are not masked."""
LONG = 8 * 1024
"""Bytes of a line, on average, from which lines are sent from where they are (sendmsg(2)): to copy them costs more."""


class Frame:
    """`lines`, joined, as one message: `parts` of `size` bytes together, for any number of sockets."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        size = sum(map(len, lines))
        head = header(size)
        self.size = len(head) + size
        self.parts = (head, *lines) if size >= LONG * len(lines) else (b"".join((head, *lines)),)

    def after(self, sent: int) -> memoryview:
        """What is left when so much of it was sent."""
        return memoryview(self._joined)[sent:]

    @cached_property
    def _joined(self) -> bytes:
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)


def header(size: int) -> bytes:
    if size < 126:
        return struct.pack("!BB", FINAL_TEXT, size)
    if size < 2**16:
        return struct.pack("!BBH", FINAL_TEXT, 126, size)
    return struct.pack("!BBQ", FINAL_TEXT, 127, size)
