"""provision.sh: again and again, newer, without a network, with another port, and out again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.box.box import Box, until
from tests.box.conftest import CONFIG, Provisioned

pytestmark = pytest.mark.box

OFFLINE = ("env", "PIP_CONFIG_FILE=/dev/null", "PIP_FIND_LINKS=", "PIP_INDEX_URL=http://127.0.0.1:9/")
SCRIPT = "/usr/src/fujita/deploy/vagrant/provision.sh"


@pytest.fixture
def box(provisioned: Provisioned) -> Iterator[Box]:
    provisioned.running()
    yield provisioned.box
    provisioned.configure()
    provisioned.provision()


def pids(box: Box) -> tuple[object, ...]:
    return box.property("MainPID"), box.ask("/api/projects/blog")["pid"]


def change(checkout: Path) -> None:
    """Something that matters: the package holds another byte now."""
    with (checkout / "fujita" / "words.py").open("a") as words:
        words.write("\n# changed\n")


def test_again_restarts_nothing_and_takes_no_time(box: Box, provisioned: Provisioned) -> None:
    before, started = pids(box), time.monotonic()
    said = provisioned.provision()
    assert time.monotonic() - started < 3
    assert pids(box) == before
    assert said == "Fujita 0.1.0 answers on port 9000 of this box: http://localhost:9000/"


def test_it_says_the_port_of_vagrants_host(box: Box, provisioned: Provisioned) -> None:
    box.shell("""echo '{"ports":{"9000":2203,"8000":8000},"folders":{}}' >/run/fujita-host.json""")
    try:
        assert provisioned.provision().endswith(": http://localhost:2203/")
    finally:
        box.run("rm", "/run/fujita-host.json")


def test_a_newer_checkout_restarts_once(box: Box, provisioned: Provisioned) -> None:
    before = box.property("MainPID")
    change(provisioned.checkout)
    provisioned.provision()
    after = box.property("MainPID")
    assert after != before
    provisioned.provision()
    assert box.property("MainPID") == after
    assert not {"build", "fujita.egg-info"} & {path.name for path in provisioned.checkout.iterdir()}


def test_without_a_network_what_is_installed_stays(box: Box, provisioned: Provisioned) -> None:
    before = pids(box)
    assert "answers on port 9000" in box.run(*OFFLINE, SCRIPT)
    change(provisioned.checkout)
    stays, answers = box.run(*OFFLINE, SCRIPT).splitlines()
    assert stays.startswith("Fujita 0.1.0 stays: pip could not look for a newer one: ERROR: ")
    assert "answers on port 9000" in answers
    assert pids(box) == before


def test_another_port_in_the_config_moves_the_socket(box: Box, provisioned: Provisioned) -> None:
    (provisioned.folder / "fujita.yml").write_text(f"console:\n  listen: 127.0.0.1:9123\n{CONFIG}")
    provisioned.provision()
    assert box.get("/healthz", port=9123).strip() == "ok"
    with pytest.raises(OSError):
        box.get("/healthz", port=9000)
    (provisioned.folder / "fujita.yml").write_text("console: [\n")
    assert "port 9123" in provisioned.provision(), "while the config cannot be read, the port stays"


def test_a_port_that_is_taken_is_said_with_its_holder(box: Box, provisioned: Provisioned) -> None:
    box.run("systemd-run", "--unit=holder", "socat", "TCP-LISTEN:9124,fork,reuseaddr", "-")
    try:
        until(lambda: "socat" in box.run("ss", "-ltnp", "sport = :9124"), "the holder")
        (provisioned.folder / "fujita.yml").write_text(f"console:\n  listen: 127.0.0.1:9124\n{CONFIG}")
        (said,) = provisioned.provision(status=1).splitlines()
        assert said.startswith("fujita: port 9124 of this box cannot be opened, socat (pid ")
    finally:
        box.run("systemctl", "stop", "holder")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--user", "nobody-here"], "fujita: there is no user nobody-here in this box: --user says whose code it is"),
        (["--source", "/nowhere"], "fujita: there is no /nowhere in this box: is its folder mounted?"),
        (["--source", "/usr"], "fujita: /usr is no checkout of Fujita: it has no fujita/serve.py"),
        (["--config"], "fujita: --config wants a value"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_one_line(options: list[str], said: str, box: Box, provisioned: Provisioned) -> None:
    before = pids(box)
    assert provisioned.provision(*options, status=1) == said
    assert pids(box) == before


def test_only_root_can(box: Box) -> None:
    assert box.run(SCRIPT, user="vagrant", status=1) == "fujita: run me as root"


def test_a_path_with_anything_in_it_reaches_the_sidecar(box: Box, provisioned: Provisioned) -> None:
    path = '/vagrant/50% "of it"\\n $HOME/fujita.yml'
    provisioned.provision("--config", path)
    assert path in box.run("cat", f"/proc/{box.property('MainPID')}/cmdline").split("\0")


def test_remove_leaves_nothing(box: Box, provisioned: Provisioned) -> None:
    provisioned.provision("--remove")
    assert box.processes() == ""
    left = box.shell("find / -xdev -name '*fujita*' -not -path '/proc/*' -not -path '/tmp/*'").splitlines()
    assert left == ["/usr/src/fujita"]
    assert "fujita" not in box.run("systemctl", "list-units", "--all", "fujita*", "--plain", "--no-legend")
    assert box.succeeds(SCRIPT, "--remove"), "removing what is not there is no mistake"
    provisioned.provision()
    box.until_state("blog", "running")
