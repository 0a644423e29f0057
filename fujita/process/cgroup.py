"""Control groups: a project's processes in one of their own, which the kernel ends as one, whatever was forked.

Only where systemd has given us the right to (`Delegate=`), and cgroup v2: https://systemd.io/CGROUP_DELEGATION/,
and the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")


class Cgroup:
    """The sidecar's own, below which those of the projects are made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def group(self, name: str) -> Group | None:
        """The one of that name, made if it is not there; None where that can't be."""
        try:
            return Group(self._folder / name)
        except OSError:
            return None

    def end_all_but(self, spared: Collection[Group]) -> None:
        """Ends what is left in the groups of an earlier sidecar."""
        kept = {group.folder for group in spared}
        with suppress(OSError):
            for folder in [entry for entry in self._folder.iterdir() if entry.is_dir()]:
                if folder not in kept and folder.name[0] != ".":  # .control is systemd's own (ExecReload=)
                    group = Group(folder)
                    group.kill()
                    group.remove()


class Group:
    """One of a project's process, with all that it started."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Who is started meanwhile is in it from its first moment: children are where their parent is. So this process
        goes there and back, which takes some 0.1 ms. Where it can't, they are known by their marker alone."""
        with suppress(OSError):
            (self.folder / "cgroup.procs").write_text("0")
        try:
            yield
        finally:
            with suppress(OSError):
                (self.folder.parent / "cgroup.procs").write_text("0")

    def pids(self) -> set[int]:
        """All of its processes, and those of groups that these have made."""
        found: set[int] = set()
        for folder in self._folders():
            with suppress(OSError, ValueError):  # a group that is going
                found.update(map(int, (folder / "cgroup.procs").read_text().split()))
        return found

    def kill(self) -> None:
        """SIGKILL to all at once, however fast they fork (Linux 5.14); to nobody if we are among them."""
        with suppress(OSError):
            if os.getpid() not in self.pids():
                (self.folder / "cgroup.kill").write_text("1")

    def cpu_seconds(self) -> float | None:
        """What all that ever was in it has used."""
        with suppress(OSError, ValueError, IndexError):
            return int((self.folder / "cpu.stat").read_text().split()[1]) / 1e6  # usage_usec is the first line
        return None

    def remove(self) -> None:
        """Takes the empty group away."""
        for folder in reversed(list(self._folders())):
            with suppress(OSError):
                folder.rmdir()

    def _folders(self) -> Iterator[Path]:
        for folder, _, _ in os.walk(self.folder):
            yield Path(folder)


def delegated() -> Cgroup | None:
    """The control group that systemd left to the service that we are; None without `Delegate=`, or cgroup v2."""
    try:
        group = Path("/proc/self/cgroup").read_text().partition("0::/")[2].partition("\n")[0]
        folder = MOUNT / group.removesuffix("/.control")  # where ExecStopPost= runs
        if folder.suffix == ".service" and (
            folder.stat().st_uid == os.getuid() != 0 or os.getxattr(folder, "user.delegate") == b"1"
        ):
            return Cgroup(folder)
    except OSError:
        pass
    return None
