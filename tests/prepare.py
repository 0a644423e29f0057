"""What the tests need beside Python packages: Debian's (installed where we are root) and the Djangos."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests import djangos

DEBIAN = {
    "chromium": "chromium",
    "node": "nodejs",
    "npm": "npm",
    "git": "git",
    "shellcheck": "shellcheck",
    "ruby": "ruby",
    "make": "make",
    "zsh": "zsh",
    "fish": "fish",
    "faketime": "faketime",
    "iptables": "iptables",
    "/lib/systemd/systemd-journal-remote": "systemd-journal-remote",
    "/usr/lib/postgresql/*/bin/postgres": "postgresql",
}
"""A program that the tests run → the package that brings it."""
POSTGRES_CONF = Path("/etc/postgresql-common/createcluster.d/fujita-tests.conf")
"""Debian's postgresql makes a server of its own and starts it, unless told not to (pg_createcluster(1))."""
AXE = "axe-core@4"


def main() -> None:
    install_from_debian([package for program, package in DEBIAN.items() if not is_there(program)])
    install_axe()
    if os.geteuid() == 0:  # before any test: an address that comes is news to every Chromium
        subprocess.run([Path(__file__).parent / "box" / "systemd-box", "bridge"], check=False)
    for version in djangos.available():
        print(f"Django {version}: {djangos.python_with(version)}", flush=True)
    djangos.psycopg()


def is_there(program: str) -> bool:
    """`program` is a name, or a path with stars in it."""
    return bool(shutil.which(program) or any(Path("/").glob(program.lstrip("/"))))


def install_from_debian(packages: list[str]) -> None:
    if not packages:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"The tests need {' '.join(packages)}: install them with apt, or run me as root.")
    if "postgresql" in packages:
        POSTGRES_CONF.parent.mkdir(parents=True, exist_ok=True)
        POSTGRES_CONF.write_text("create_main_cluster = false\n")
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "check": True}
    subprocess.run(["apt-get", "update", "-qq"], **quiet)  # type: ignore[call-overload]
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], **quiet)  # type: ignore[call-overload]


def install_axe() -> None:
    """axe-core audits the page in the tests; it is no part of the page."""
    folder = djangos.CACHE / "axe"
    if not (folder / "node_modules" / "axe-core").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        install = [
            "npm",
            "install",
            "--silent",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(folder),
            AXE,
        ]
        subprocess.run(install, check=True)


if __name__ == "__main__":
    main()
