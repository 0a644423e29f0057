"""`Board`: the newest word about each of several things, read by cursor. A slow reader misses what was replaced
meanwhile, never what is true now."""

from __future__ import annotations

from collections.abc import Collection

from fujita.stream.waiters import Waiters


class Board:
    """Lines of NDJSON by key. `version` grows with every change; a reader's cursor is the version it has seen."""

    def __init__(self) -> None:
        self.version = 0
        self._lines: dict[str, tuple[int, bytes]] = {}
        self._waiters = Waiters()

    def post(self, key: str, line: bytes) -> None:
        """Replaces what was said of `key`; saying the same again is no change."""
        if key in self._lines and self._lines[key][1] == line:
            return
        self.version += 1
        self._lines[key] = (self.version, line)
        self._waiters.wake()

    def after(self, cursor: int, keys: Collection[str] | None = None) -> bytes:
        """What was posted after `cursor`, oldest first; of `keys` only, if they are given."""
        news = [
            (version, line)
            for key, (version, line) in self._lines.items()
            if version > cursor and (keys is None or key in keys)
        ]
        return b"".join([line for _, line in sorted(news)])

    async def wait(self, cursor: int) -> None:
        while self.version <= cursor:
            await self._waiters.wait()
