"""systemd's file-descriptor store: what is in it outlives this process, and is given to the next one
(sd_notify(3), FDSTORE=1; https://systemd.io/FILE_DESCRIPTOR_STORE/)."""

from __future__ import annotations

import os
from collections.abc import Mapping

from fujita.systemd.notify import Notifier
from fujita.systemd.sockets import STORED


class FdStore:
    """Descriptors by the name of what they belong to and their own: `put("4f3a", {"stdout": 7})`.

    `lost` has what could not be put there: with it, nothing can go on without this process.
    """

    def __init__(self, notifier: Notifier, stored: Mapping[str, int]) -> None:
        self.lost: set[str] = set()
        self._notifier = notifier
        self._inherited = dict(stored)
        self._names: dict[str, list[str]] = {}

    def put(self, owner: str, descriptors: Mapping[str, int]) -> None:
        """Takes copies; what is there already stays."""
        for name, fd in descriptors.items():
            if f"{owner}-{name}" in self._names.setdefault(owner, []):
                continue
            try:
                self._notifier.store(f"{STORED}{owner}-{name}", fd)
                self._names[owner].append(f"{owner}-{name}")
            except OSError:
                self.lost.add(owner)

    def remove(self, owner: str) -> None:
        self.lost.discard(owner)
        for name in self._names.pop(owner, []):
            self._notifier.unstore(STORED + name)

    def take(self, owner: str) -> dict[str, int]:
        """What an earlier process put there; it stays there, too."""
        found = {name: fd for name, fd in self._inherited.items() if name.startswith(f"{owner}-")}
        for name in found:
            del self._inherited[name]
        self._names[owner] = list(found)
        return {name.removeprefix(f"{owner}-"): fd for name, fd in found.items()}

    @property
    def count(self) -> int:
        """How many descriptors systemd should have."""
        return sum(map(len, self._names.values()))

    def remove_rest(self) -> None:
        """What nobody has taken goes."""
        for name, fd in self._inherited.items():
            os.close(fd)
            self._notifier.unstore(STORED + name)
        self._inherited.clear()
