"""A real `vagrant up` with the examples as they are, looked at from the host: what is printed must be what is so."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.box.box import HERE, SYSTEMD_BOX, checkout, until

pytestmark = pytest.mark.box

WISHED = (9000, 8000, 8001)


class Vagrant:
    """`vagrant` in one folder, with boxes for machines."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._environment = {**os.environ, **environment}

    def run(self, *words: str, status: int = 0) -> str:
        done = subprocess.run(
            ["vagrant", *words], cwd=self.folder, env=self._environment, timeout=300, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert done.returncode == status, f"vagrant {' '.join(words)}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def in_box(self, *command: str, machine: str = "default") -> str:
        name = (self.folder / f".vagrant/machines/{machine}/nspawn/id").read_text()
        done = subprocess.run(
            [SYSTEMD_BOX, "exec", name, "--", *command], stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout.strip()

    def ports(self, machine: str = "default") -> dict[int, int]:
        """Guest port → host port, as `vagrant port` says."""
        said = self.run("port", machine, "--machine-readable")
        return {int(guest): int(host) for guest, host in re.findall(r",forwarded_port,(\d+),(\d+)", said)}


def printed(output: str, machine: str = "default") -> dict[str, int]:
    """Title → port, of the addresses that the wiring prints."""
    found = re.findall(rf"==> {machine}: (.*): http://localhost:(\d+)/", output)
    return {title: int(port) for title, port in found}


def get(port: int, path: str = "/", patience: float = 20) -> str:
    with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=patience) as answer:
        return str(answer.read().decode())


def ask(port: int, path: str = "/api/projects") -> dict[str, Any]:
    return dict(json.loads(get(port, path)))


def projects(console: int) -> dict[str, dict[str, Any]]:
    return {project["project"]: project for project in ask(console)["projects"]}


def until_running(console: int, count: int) -> dict[str, dict[str, Any]]:
    def running() -> dict[str, dict[str, Any]] | None:
        told = projects(console)
        return told if [one["state"] for one in told.values()] == ["running"] * count else None

    return dict(until(running, f"{count} running projects", patience=60))


@pytest.fixture(scope="module")
def environment(base: None) -> dict[str, str]:
    """Vagrant, installed if need be, and the variables by which it finds its boxes."""
    subprocess.run([HERE / "vagrant-box", "setup"], check=True, timeout=600)
    said = subprocess.run([HERE / "vagrant-box", "env"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(word.split("=", 1) for word in said.split() if "=" in word)


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """deploy/vagrant in a checkout of its own; vboxsf would show the folder as the box's user's."""
    folder = checkout(tmp_path_factory.mktemp("vagrant") / "fujita") / "deploy" / "vagrant"
    subprocess.run(["chown", "-R", "1000:1000", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def taken() -> Iterator[contextlib.ExitStack]:
    """The ports that everybody wishes for are somebody else's already, until the stack is closed."""
    with contextlib.ExitStack() as stack:
        for port in WISHED:
            with contextlib.suppress(OSError):  # somebody else's indeed
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
        yield stack


@pytest.fixture(scope="module")
def up(wiring: Path, environment: dict[str, str], taken: contextlib.ExitStack) -> Iterator[tuple[Vagrant, str]]:
    """The example, unchanged, brought up; and what was printed meanwhile."""
    vagrant = Vagrant(wiring, environment)
    try:
        yield vagrant, vagrant.run("up")
    finally:
        vagrant.run("destroy", "-f")


def test_a_mistake_is_said_with_its_place_before_a_box_is_built(wiring: Path, environment: dict[str, str]) -> None:
    folder = wiring / "mistaken"
    folder.mkdir()
    (folder / "Vagrantfile").write_text((wiring / "Vagrantfile").read_text().replace('"fujita"', '"../fujita"'))
    (folder / "fujita.yml").write_text("projects:\n  blog: {directory: blog}\n  shop: {directory: shop}\n")
    vagrant = Vagrant(folder, environment)
    assert "fujita.yml:3:3: projects.shop" in vagrant.run("up", status=1)
    assert "not created" in vagrant.run("status")
    vagrant.run("destroy", "-f")
    shutil.rmtree(folder)


def test_up_prints_addresses_that_answer(up: tuple[Vagrant, str]) -> None:
    vagrant, output = up
    addresses = printed(output)
    assert list(addresses) == ["blog", "The shop", "Fujita"]
    assert not set(addresses.values()) & set(WISHED)
    assert vagrant.ports() == {
        9000: addresses["Fujita"],
        8000: addresses["blog"],
        8001: addresses["The shop"],
    }
    told = until_running(addresses["Fujita"], 2)
    assert told["blog"]["url"] == f"http://localhost:{addresses['blog']}/"
    assert told["shop"]["url"] == f"http://localhost:{addresses['The shop']}/"
    assert get(addresses["blog"]) == "This is the blog."
    assert get(addresses["The shop"]) == "This is the shop."
    assert ask(addresses["Fujita"])["host"]["folders"]["/vagrant"] == str(vagrant.folder)


def test_ports_are_open_to_this_host_alone(up: tuple[Vagrant, str]) -> None:
    vagrant, _ = up
    for port in vagrant.ports().values():
        listeners = subprocess.run(["ss", "-ltnH", f"sport = :{port}"], stdout=subprocess.PIPE, text=True, check=True)
        assert [line.split()[3] for line in listeners.stdout.splitlines()] == [f"127.0.0.1:{port}"]


def test_provisioning_again_restarts_nothing(up: tuple[Vagrant, str]) -> None:
    vagrant, _ = up
    console = vagrant.ports()[9000]
    before = vagrant.in_box("systemctl", "show", "fujita", "-P", "MainPID"), projects(console)["blog"]["pid"]
    output = vagrant.run("provision")
    assert f"Fujita 0.1.0 answers on port 9000 of this box: http://localhost:{console}/" in output
    after = vagrant.in_box("systemctl", "show", "fujita", "-P", "MainPID"), projects(console)["blog"]["pid"]
    assert after == before


def test_reload_prints_the_addresses_as_they_are_now(up: tuple[Vagrant, str], taken: contextlib.ExitStack) -> None:
    vagrant, _ = up
    taken.close()  # so the wished-for ports are free, if nobody else has them
    addresses = printed(vagrant.run("reload"))
    assert addresses["Fujita"] == vagrant.ports()[9000]
    told = until_running(addresses["Fujita"], 2)
    assert told["blog"]["url"] == f"http://localhost:{addresses['blog']}/"
    assert get(addresses["blog"]) == "This is the blog."


def test_suspend_and_resume_go_on_where_they_were(up: tuple[Vagrant, str]) -> None:
    vagrant, _ = up
    console = vagrant.ports()[9000]
    before = {name: project["pid"] for name, project in projects(console).items()}
    vagrant.run("suspend")
    addresses = printed(vagrant.run("resume"))
    assert addresses["Fujita"] == console
    assert {name: project["pid"] for name, project in until_running(console, 2).items()} == before


def test_after_halt_and_up_the_bookmark_answers_before_the_folder_is_mounted(up: tuple[Vagrant, str]) -> None:
    vagrant, _ = up
    console = vagrant.ports()[9000]
    vagrant.run("halt")
    said: set[str] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError, ValueError):
                said.add(ask(console)["config"]["error"] or "")
            time.sleep(0.1)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        assert printed(vagrant.run("up"))["Fujita"] == console
    finally:
        stop.set()
        looking.join()
    until_running(console, 2)
    assert any(said), "before the folder was mounted, it said what it waits for"


def test_a_mistake_stops_reload_but_neither_halt_nor_destroy_which_leaves_nothing(up: tuple[Vagrant, str]) -> None:
    vagrant, _ = up
    ports, name = vagrant.ports(), (vagrant.folder / ".vagrant/machines/default/nspawn/id").read_text()
    config = vagrant.folder / "fujita.yml"
    right = config.read_text()
    config.write_text(right + "console: {listen: hello}\n")
    try:
        assert re.search(r"^fujita.yml:\d+:19: console.listen: ", vagrant.run("reload", status=1), re.MULTILINE)
        assert "running" in vagrant.run("status")
        vagrant.run("halt")
        vagrant.run("destroy", "-f")
    finally:
        config.write_text(right)
    for port in ports.values():
        with pytest.raises(OSError):
            get(port, patience=2)
    assert name not in subprocess.run([SYSTEMD_BOX, "list"], stdout=subprocess.PIPE, text=True, check=True).stdout


def test_two_machines_have_a_console_each(wiring: Path, environment: dict[str, str]) -> None:
    vagrant = Vagrant(wiring / "two-machines", environment)
    try:
        output = vagrant.run("up")
        consoles = [printed(output, machine)["Fujita"] for machine in ("blog", "shop")]
        assert consoles == [vagrant.ports(machine)[9000] for machine in ("blog", "shop")]
        assert len(set(consoles)) == 2
        for machine, console in zip(("blog", "shop"), consoles, strict=True):
            (project,) = until_running(console, 1).values()
            assert project["project"] == machine
            assert get(printed(output, machine)[machine]) == f"This is the {machine}."
    finally:
        vagrant.run("destroy", "-f")
