"""The process whose output is measured: prints what it is told to over a FIFO, for as long as it lives."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

MARK = b"?"
"""Stands once in every line and nowhere else, in NDJSON as in plain text: counting it counts lines."""
LINE = b'[24/Nov/2026 15:16:57] "GET /static/polls/style.css?x=1 HTTP/1.1" 200 12068\n'
BLOCK = LINE * (64 * 1024 // len(LINE))
STAMP = b'[24/Nov/2026 15:16:57] "GET /polls/?at=%d; HTTP/1.1" 200 12068\n'
PR_SET_PDEATHSIG = 1
PER_SECOND = 1000
SLOWLY = 20
THE_END = b"That is all.\n"


def blocks(count: int) -> None:
    """As much at once as a pipe takes: a program that prints through a large buffer."""
    whole, rest = divmod(count * len(LINE), len(BLOCK))
    for _ in range(whole):
        write(BLOCK)
    write(BLOCK[:rest])


def lines(count: int) -> None:
    """A write for each line, as an unbuffered Django does."""
    for _ in range(count):
        write(LINE)


def letters(count: int) -> None:
    """A write for each byte."""
    for at in range(count * len(LINE)):
        write(LINE[at % len(LINE) :][:1])


def paced(count: int, per_second: int = PER_SECOND) -> None:
    """So many lines a second, each with the time at which it was printed."""
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, start + number / per_second - time.monotonic()))
        write(STAMP % time.monotonic_ns())


def slow(count: int) -> None:
    paced(count, SLOWLY)


def write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


WAYS = {way.__name__: way for way in (blocks, lines, letters, paced, slow)}


def main(orders: Path) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends with whoever started it, however that ends
    while True:
        for order in orders.read_text().splitlines():  # waits until somebody writes
            way, count = order.split()
            WAYS[way](int(count))
            write(THE_END)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
