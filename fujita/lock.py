"""One sidecar for one config: a second one would fight over its ports, and end the first one's processes as orphans."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from fujita import words


class Locked(Exception):
    """Another sidecar serves this config, or the lock can't be made; str() says so."""


def run_folder(environ: Mapping[str, str]) -> Path:
    """Where run files are kept: systemd's RuntimeDirectory=, the user's own, or one in /tmp that is nobody else's."""
    given = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    own = environ.get("XDG_RUNTIME_DIR")
    folder = Path(own) / "fujita" if own and Path(own).is_dir() else Path(f"/tmp/fujita-{os.getuid()}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise Locked(words.unsafe_folder(folder))
    return folder


def folder_of(config: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder for what a sidecar of `config` leaves to the next one; it need not be there."""
    return run_folder(environ) / hashlib.sha256(os.fsencode(config)).hexdigest()[:16]


def lock(config: Path) -> int:
    """Holds the lock of `config` until the returned descriptor is closed, or its holder is dead (flock(2))."""
    file = folder_of(config).with_suffix(".lock")
    fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(fd, 20).decode("ascii", "replace").strip()
        os.close(fd)
        raise Locked(words.already_serves(config, pid)) from None
    os.ftruncate(fd, 0)
    os.write(fd, f"{os.getpid()}\n".encode())
    return fd
