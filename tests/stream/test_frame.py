"""Promises of the frame: what Tornado itself would send."""

from __future__ import annotations

import pytest
from tornado.websocket import WebSocketProtocol13

from fujita.stream.frame import Frame


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
    frame = Frame([b"x" * (size // 3), b"x" * (size - size // 3)])
    assert b"".join(frame.parts) == protocol.stream.sent  # type: ignore[attr-defined]
    assert frame.size == len(protocol.stream.sent)  # type: ignore[attr-defined]
    assert frame.after(2) == protocol.stream.sent[2:]  # type: ignore[attr-defined]


def test_long_lines_are_sent_from_where_they_are_and_short_ones_together() -> None:
    long, short = [b"x" * 30_000] * 8, [b"x\n"] * 2000
    assert all(part is line for part, line in zip(Frame(long).parts[1:], long, strict=True))
    assert len(Frame(short).parts) == 1  # sendmsg(2) takes 1024
