"""The boxes that the tests of this room share: building one anew for each test would take minutes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.box.box import ROOT, SYSTEMD_BOX, Box, checkout, require_a_machine_that_can

CONFIG = """
projects:
  blog:
    directory: blog
    python: /home/vagrant/django/bin/python
"""


@pytest.fixture(scope="session")
def base() -> None:
    """The tree that all boxes lie over, made once for the machine."""
    require_a_machine_that_can()
    subprocess.run([SYSTEMD_BOX, "build"], check=True, timeout=600)


@dataclass
class Provisioned:
    """A box with Fujita in it, and the folder of the host that it may mount as /vagrant, whenever a test likes."""

    box: Box
    folder: Path
    checkout: Path

    def provision(self, *options: str, status: int = 0) -> str:
        return self.box.run("/usr/src/fujita/deploy/vagrant/provision.sh", *options, status=status)

    def configure(self, more: str = "") -> None:
        (self.folder / "fujita.yml").write_text(more + CONFIG)

    def mount(self) -> None:
        """As Vagrant does: over ssh, after boot."""
        self.box.run("mount", "--bind", "/run/synced", "/vagrant")

    def unmount(self) -> None:
        self.box.run("umount", "--lazy", "/vagrant")

    def unmounted(self) -> None:
        """As after a boot, before Vagrant mounts the folder."""
        if self.box.succeeds("mountpoint", "-q", "/vagrant"):
            self.unmount()
            self.box.run("systemctl", "restart", "fujita")

    def running(self) -> None:
        """As most tests want to begin: the folder mounted, the project serving."""
        if not self.box.succeeds("mountpoint", "-q", "/vagrant"):
            self.mount()
        self.configure()
        self.box.run("systemctl", "start", "fujita")
        self.box.until_state("blog", "running")


@pytest.fixture(scope="session")
def provisioned(base: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provisioned]:
    """One box for all tests of the unit: Django in it, Fujita provisioned, and nothing mounted at /vagrant."""
    home = tmp_path_factory.mktemp("box")
    source, folder = checkout(home / "fujita"), home / "folder"
    shutil.copytree(ROOT / "tests" / "projects" / "blog", folder / "blog")
    subprocess.run(["chown", "-R", "1000:1000", folder], check=True)
    box = Box("unit")
    try:
        box.start(f"{source}:/usr/src/fujita", f"{folder}:/run/synced")
        box.shell("python3 -m venv ~/django && ~/django/bin/pip install -q django", user="vagrant")
        provisioned = Provisioned(box, folder, source)
        provisioned.provision()
        yield provisioned
    finally:
        box.remove()
