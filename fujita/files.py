"""Small files of our own: written whole or not at all, for nobody else to read, and trusted only if they are ours."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Whoever reads `path` finds the old or the new. OSError if there is no room."""
    new = path.with_name("new")
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as opened:
        opened.write(data)
    new.replace(path)


def read(path: Path, limit: int) -> bytes:
    """What is in `path`; OSError if that is not there, more than `limit` bytes, a link, or another user's."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(file, "rb") as opened:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > limit:
            raise PermissionError(1, f"{path.name} is no file of ours")
        return opened.read(limit)


def own(folder: Path) -> None:
    """Makes `folder` if it is not there. OSError if it is a link, or another user's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(1, f"{folder} is no folder of ours")
