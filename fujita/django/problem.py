"""`Problem`: what Django says is wrong, and the place to mend it."""

from __future__ import annotations

from dataclasses import dataclass

MESSAGE_LIMIT = 500
"""The longest message, in characters: an exception may quote a whole page."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps Django from serving, or one request that failed.

    `kind` is the exception's class name or a short name of ours (`SyntaxError`, `PortInUse`), `message` one
    line in Django's words, `file` the project's own file (relative to its directory when it is below it),
    `hint` what mends it. `address` is where a database should answer: `host:port`, or the path of a socket.
    """

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    hint: str | None = None
    address: str | None = None
