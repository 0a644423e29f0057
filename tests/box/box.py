"""Throw-away machines with a real systemd as PID 1, made by `systemd-box`; and how to talk to one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SYSTEMD_BOX = HERE / "systemd-box"
STATE = Path("/var/lib/systemd-box")
PATIENCE = 30.0
CHECKOUT = ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "fujita", "deploy")

Json = dict[str, Any]


def require_a_machine_that_can() -> None:
    """Boxes need root, and Debian's packages. CI has both, so there it is no excuse."""
    reason = "boxes need root" if os.geteuid() else "" if shutil.which("apt-get") else "boxes need Debian's apt-get"
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


def checkout(target: Path) -> Path:
    """A copy of what Fujita is installed from, for a test to change."""
    target.mkdir(parents=True)
    for part in CHECKOUT:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, target / part, ignore=shutil.ignore_patterns("__pycache__", ".vagrant"))
        else:
            shutil.copy(ROOT / part, target)
    return target


def until(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """What `true` returns as soon as that is true; errors of a network that is not there yet are patience's affair."""
    deadline = time.monotonic() + patience
    while True:
        last: object = None
        try:
            if last := true():
                return last
        except (OSError, json.JSONDecodeError, KeyError, subprocess.CalledProcessError) as error:
            last = error
        assert time.monotonic() < deadline, f"{what}: not within {patience} s; at last {last!r}"
        time.sleep(0.05)


class Box:
    """A machine with an address of its own behind NAT; ports are reached at that address."""

    def __init__(self, name: str) -> None:
        taken = {path.read_text().strip() for path in STATE.glob("*/address")}
        self.name = f"ft-{name}-{os.getpid()}"
        self.address = next(a for a in (f"10.77.0.{n}" for n in range(2, 16)) if a not in taken)
        self._binds: list[str] = []

    def start(self, *binds: str) -> None:
        """Boots it; `binds` are HOSTDIR:BOXDIR, and are kept for the next boots."""
        self._binds += [word for bind in binds for word in ("--bind", bind)]
        self._command("start", "--address", self.address, *self._binds)

    def stop(self) -> None:
        self._command("stop")

    def pull_the_plug(self) -> None:
        self._command("kill")

    def freeze(self) -> None:
        self._command("freeze")

    def thaw(self) -> None:
        self._command("thaw")

    def remove(self) -> None:
        self._command("rm")

    def run(self, *command: str, user: str = "root", status: int = 0) -> str:
        """Standard output and error of `command`, which must end with `status`."""
        done = self._execute(*command, user=user)
        assert done.returncode == status, f"{' '.join(command)}: {done.returncode}\n{done.stdout}"
        return done.stdout.strip()

    def succeeds(self, *command: str) -> bool:
        return self._execute(*command).returncode == 0

    def shell(self, script: str, user: str = "root") -> str:
        return self.run("bash", "-ec", script, user=user)

    def property(self, name: str, unit: str = "fujita.service") -> str:
        return self.run("systemctl", "show", unit, "--property", name, "--value")

    def processes(self, user: str = "vagrant") -> str:
        """All of a user, one a line."""
        return self._execute("ps", "-o", "pid=,args=", "-u", user).stdout.strip()

    def url(self, path: str = "/", port: int = 9000) -> str:
        return f"http://{self.address}:{port}{path}"

    def get(self, path: str = "/", port: int = 9000, patience: float = PATIENCE) -> str:
        """One request from outside of the box."""
        with urllib.request.urlopen(self.url(path, port), timeout=patience) as answer:
            return str(answer.read().decode())

    def ask(self, path: str) -> Json:
        return dict(json.loads(self.get(path)))

    def post(self, path: str, body: Json | None = None) -> Json:
        """What a button does."""
        data = json.dumps(body).encode() if body else b""
        request = urllib.request.Request(self.url(path), data, {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return dict(json.loads(answer.read() or b"{}"))

    def until_state(self, project: str, state: str, patience: float = PATIENCE) -> Json:
        def reached() -> Json | None:
            status = self.ask(f"/api/projects/{project}")
            return status if status["state"] == state else None

        try:
            return dict(until(reached, f"{project} is {state}", patience))
        except AssertionError as error:
            raise AssertionError(
                f"{error}\n{self.run('journalctl', '-u', 'fujita', '-n', '10', '--no-pager', '-o', 'cat')}"
            ) from None

    def _execute(self, *command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SYSTEMD_BOX, "exec", self.name, "--user", user, "--", *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )  # fmt: skip

    def _command(self, word: str, *arguments: str) -> None:
        done = subprocess.run(
            [SYSTEMD_BOX, word, self.name, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
