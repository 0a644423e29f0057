"""`Record`: a piece of output as it was read, with the bytes that every client gets, made once, at birth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast

import orjson

TEXT_LIMIT = 64 * 1024
"""No record's text is longer, in bytes of UTF-8."""


@dataclass(frozen=True, slots=True)
class Record:
    """One immutable piece of a log.

    `id` counts from 1 within an epoch, `time` is in seconds since 1970, `stream` is "stdout", "stderr" or "fujita",
    and `line` is the record as NDJSON (RFC 8259, UTF-8, a newline at its end).
    """

    id: int
    time: float
    stream: str
    line: bytes
    run: str | None = None
    """The run (a command beside the server) that printed it, if one did."""

    @classmethod
    def make(cls, id: int, time: float, stream: str, text: str, run: str | None = None, **marks: object) -> Record:
        """A record of `text`; `marks` are further keys of its JSON: `input=True` for what somebody typed."""
        head = f'{{"id": {id}, "time": {time:.3f}, "stream": "{stream}", "text": '
        tail = "}\n"
        if run or marks:
            more = {"run": run, **marks} if run else marks
            tail = "".join([f', "{key}": {json.dumps(value)}' for key, value in more.items()]) + tail
        return cls(id, time, stream, b"".join((head.encode(), quoted(text), tail.encode())), run)

    @property
    def text(self) -> str:
        """One or more lines; without a final newline, the next record of the same stream continues the last."""
        return cast(str, orjson.loads(self.line)["text"])


def quoted(text: str) -> bytes:
    """`text` as a JSON string in UTF-8, in a tenth of the time that `json` takes: a flood is mostly this.

    Not to be kept: orjson takes eight times the room and gives back the rest, which leaves holes between what is kept.
    """
    try:
        return orjson.dumps(text)
    except orjson.JSONEncodeError:  # half a surrogate pair, typed by a client or in a file's name
        return orjson.dumps(text.encode("utf-8", "replace").decode())
