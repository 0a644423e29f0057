"""Promises of the frame: what Tornado itself would send."""

from __future__ import annotations

import pytest
from tornado.websocket import WebSocketProtocol13

from fujita.stream.frame import text_frame


class Wire:
    """Where Tornado writes to."""

    def __init__(self) -> None:
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 300_000])
def test_a_frame_is_what_tornado_would_send_for_the_joined_lines(size: int) -> None:
    protocol = WebSocketProtocol13.__new__(WebSocketProtocol13)
    protocol.mask_outgoing = False
    protocol._wire_bytes_out = 0
    protocol.stream = Wire()  # type: ignore[assignment]
    protocol._write_frame(True, 1, b"x" * size)
    assert text_frame([b"x" * (size // 3), b"x" * (size - size // 3)]) == protocol.stream.sent  # type: ignore[attr-defined]
