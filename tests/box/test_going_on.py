"""The sidecar's own restart, its crash and its end, under a real systemd: projects go on, and a stop leaves nothing."""

from __future__ import annotations

import asyncio
import json
import urllib.error
from collections.abc import Iterator

import pytest
from tornado.websocket import WebSocketClosedError, websocket_connect

from tests.box.box import Box, Json, until
from tests.box.conftest import CONFIG, Provisioned
from tests.sidecar import objects

pytestmark = pytest.mark.box

PATIENCE = 60.0
RESTARTS = {
    "restart": ("systemctl", "restart", "fujita"),
    "kill -9": ("systemctl", "kill", "--kill-who=main", "--signal=KILL", "fujita"),
}
COUNT = """
import itertools, time
start = time.monotonic()
for number in itertools.count():
    print("number", number, flush=True)
    time.sleep(max(0, start + number / 1000 - time.monotonic()))
"""
ASKS = "import sys\nprint('answer? ', end='', flush=True)\nprint('got', input(), flush=True)\ninput()\n"
FORKS = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.execve("/bin/sleep", ["sleep", "600"], {})
time.sleep(600)
"""
ADOPTS_NOT = """
try:
    from fujita.project.lasting import LastingProject
except ImportError:
    LastingProject = None

if LastingProject:
    adopt = LastingProject.adopt

    def fail(project, inherited):
        adopt(project, inherited)
        if project.config.name == "slow":
            raise RuntimeError("not this one")

    LastingProject.adopt = fail
"""
MORE = """
  count: {directory: blog, command: [python3, /vagrant/count.py]}
  asks: {directory: blog, command: [python3, /vagrant/asks.py], autostart: false}
  forks: {directory: blog, command: [python3, /vagrant/forks.py], autostart: false}
  picky: {directory: picky, command: 'test -e mended.py && sleep 600', autostart: false}
  slow: {directory: blog, command: 'echo begun; sleep 600', commands: {wait: [sh, -c, 'echo ran; sleep 4; echo over']}}
"""


@pytest.fixture
def box(provisioned: Provisioned) -> Iterator[Box]:
    """With more projects than the others' tests have."""
    for name, program in (("count", COUNT), ("asks", ASKS), ("forks", FORKS)):
        (provisioned.folder / f"{name}.py").write_text(program)
    (provisioned.folder / "picky").mkdir(exist_ok=True)
    provisioned.running()
    configure(provisioned, MORE)
    for name in ("blog", "count", "slow"):
        provisioned.box.until_state(name, "running")
    yield provisioned.box
    configure(provisioned, "")


def configure(provisioned: Provisioned, more: str) -> None:
    (provisioned.folder / "fujita.yml").write_text(CONFIG + more)
    provisioned.box.run("systemctl", "start", "fujita")
    provisioned.box.run("fujita", "reload")


def restart(box: Box, how: str) -> None:
    """Returns when another sidecar answers."""
    box.run("systemctl", "reset-failed", "fujita")  # so many crashes in a row are no accident, StartLimitBurst= says
    old = box.property("MainPID")
    box.run(*RESTARTS[how])
    until(lambda: box.property("MainPID") not in (old, "0"), "another sidecar")
    assert box.get("/healthz").strip() == "ok"


def log(box: Box, project: str) -> str:
    return box.get(f"/api/projects/{project}/log")


def until_log(box: Box, project: str, text: str) -> str:
    return str(until(lambda: said if text in (said := log(box, project)) else "", f"{text!r} in the log of {project}"))


def errors_of(status: Json) -> int:
    return int((status["errors"] or {"count": 0})["count"])


class Page:
    """Somebody who reads a log, and comes back whenever the connection is lost."""

    def __init__(self, box: Box, project: str) -> None:
        self.records: list[Json] = []
        self.others: list[Json] = []
        self._url = box.url(f"/api/projects/{project}/log/stream").replace("http", "ws")
        self._cursor = ""

    async def read(self, connections: int) -> None:
        """Until it has come back so often, and has read on."""
        for number in range(connections):
            connection = await asyncio.wait_for(websocket_connect(self._url + self._cursor), PATIENCE)
            epoch = ""
            try:
                async for one in objects(connection):
                    if "id" in one:
                        self.records.append(one)
                        self._cursor = f"?after={epoch}:{one['id']}"
                        if number == connections - 1 and len(self.records) % 1000 == 0:
                            return
                    else:
                        epoch = one.get("hello", {}).get("epoch", epoch)
                        self.others.append(one)
            except WebSocketClosedError:
                pass

    @property
    def numbers(self) -> list[int]:
        text = "".join(record["text"] for record in self.records if record["stream"] == "stdout")
        return [int(line.split()[1]) for line in text.split("\n")[:-1]]


async def test_of_a_thousand_lines_a_second_each_arrives_once_over_a_restart_and_a_crash(box: Box) -> None:
    page = Page(box, "count")
    reading = asyncio.create_task(page.read(1 + 2 * len(RESTARTS)))
    for how in [*RESTARTS, *RESTARTS]:
        seen = len(page.records)
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while len(page.records) < seen + 1000:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.01)
        await asyncio.to_thread(restart, box, how)
    await asyncio.wait_for(reading, PATIENCE)
    numbers, ids = page.numbers, [record["id"] for record in page.records]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    assert len({one["hello"]["epoch"] for one in page.others if "hello" in one}) == 1
    assert not [one for one in page.others if "gap" in one]


@pytest.mark.parametrize("how", RESTARTS)
def test_django_never_notices(box: Box, how: str) -> None:
    counted = errors_of(box.ask("/api/projects/blog"))
    with pytest.raises(urllib.error.HTTPError):
        box.get("/boom/", port=8000)
    until(lambda: errors_of(box.ask("/api/projects/blog")) > counted, "the error")
    before = box.ask("/api/projects/blog")
    restart(box, how)
    after = box.ask("/api/projects/blog")
    assert {key: after[key] for key in before if key != "usage"} == {
        key: before[key] for key in before if key != "usage"
    }
    assert "went on" in log(box, "blog")
    assert box.get("/", port=8000)


def test_what_was_taken_over_can_be_stopped_and_started_as_ever(box: Box) -> None:
    restart(box, "restart")
    old = box.ask("/api/projects/blog")["pid"]
    box.post("/api/projects/blog/stop")
    box.until_state("blog", "stopped")
    assert not box.succeeds("kill", "-0", str(old))
    assert box.run("ss", "-Hltn", "sport = :8000") == ""
    box.post("/api/projects/blog/start")
    assert box.until_state("blog", "running")["pid"] != old


def test_whoever_pressed_stop_finds_it_stopped(box: Box) -> None:
    box.post("/api/projects/slow/stop")
    box.until_state("slow", "stopped")
    restart(box, "kill -9")
    assert box.ask("/api/projects/slow")["state"] == "stopped"


def test_an_error_is_still_named_and_mended_by_a_save(box: Box, provisioned: Provisioned) -> None:
    views = provisioned.folder / "blog/mysite/urls.py"
    good = views.read_text()
    views.write_text("import nothing_of_that_name\n" + good)
    try:
        before = box.until_state("blog", "broken")["problem"]
        restart(box, "kill -9")
        status = box.ask("/api/projects/blog")
        assert (status["state"], status["problem"]) == ("broken", before)
    finally:
        views.write_text(good)
    box.until_state("blog", "running")


def test_a_server_that_broke_meanwhile_is_broken(box: Box, provisioned: Provisioned) -> None:
    urls = provisioned.folder / "blog/mysite/urls.py"
    good, sidecar = urls.read_text(), box.property("MainPID")
    try:
        box.run("kill", "-STOP", sidecar)
        urls.write_text("import nothing_of_that_name\n" + good)
        until(lambda: box.run("ss", "-Hltn", "sport = :8000") == "", "the end of the server")
        box.run("systemctl", "reset-failed", "fujita")
        box.run("kill", "-KILL", sidecar)
        assert "nothing_of_that_name" in box.until_state("blog", "broken")["problem"]["message"]
    finally:
        urls.write_text(good)
    box.until_state("blog", "running")


def test_what_ended_meanwhile_has_its_last_words_and_no_invented_exit_code(box: Box) -> None:
    sidecar, project = box.property("MainPID"), box.ask("/api/projects/count")["pid"]
    box.shell(f"kill -STOP {sidecar}; sleep 0.5; kill -KILL {project}; kill -KILL {sidecar}")
    status = box.until_state("count", "exited")
    assert status["exit"] == {"code": None, "signal": None}
    said = log(box, "count")
    numbers = [int(line.split()[1]) for line in said.splitlines() if line.startswith("number")]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert "nobody knows how" in said.rpartition("number")[2]


def test_a_save_that_no_sidecar_saw_starts_what_had_exited(box: Box, provisioned: Provisioned) -> None:
    mended = provisioned.folder / "picky/mended.py"
    box.post("/api/projects/picky/start")
    box.until_state("picky", "exited")
    sidecar = box.property("MainPID")
    box.run("kill", "-STOP", sidecar)
    try:
        mended.touch()
        box.run("systemctl", "reset-failed", "fujita")
        box.run("kill", "-KILL", sidecar)
        box.until_state("picky", "running")
        assert "because mended.py was saved" in log(box, "picky")
    finally:
        mended.unlink()


def test_a_question_is_answered_across_a_restart(box: Box) -> None:
    box.post("/api/projects/asks/start")
    until(lambda: box.ask("/api/projects/asks")["prompt"], "the question")
    restart(box, "restart")
    until(lambda: box.ask("/api/projects/asks")["prompt"], "the question, still")
    box.post("/api/projects/asks/input", {"text": "yes\n"})
    until_log(box, "asks", "got yes")


@pytest.mark.parametrize("how", RESTARTS)
def test_a_command_that_runs_goes_on_to_its_end(box: Box, how: str) -> None:
    run = box.post("/api/projects/slow/run", {"command": "wait"})["run"]
    until_log(box, "slow", "ran")
    restart(box, how)
    assert box.ask("/api/projects/slow")["run"]["id"] == run
    until(lambda: box.ask("/api/projects/slow")["run"] is None, "the end of the command")
    records = [json.loads(line) for line in box.get("/api/projects/slow/log?format=ndjson").splitlines()]
    assert (
        "".join(one["text"] for one in records if one.get("run") == run and one["stream"] == "stdout") == "ran\nover\n"
    )


def test_a_config_that_is_wrong_just_then_stops_nothing(box: Box, provisioned: Provisioned) -> None:
    before = {one["project"]: one["pid"] for one in box.ask("/api/projects")["projects"]}
    (provisioned.folder / "fujita.yml").write_text("projects: [")
    restart(box, "restart")
    told = box.ask("/api/projects")
    assert "fujita.yml:" in told["config"]["error"]
    assert {one["project"]: one["pid"] for one in told["projects"]} == before
    configure(provisioned, MORE)
    assert {one["project"]: one["pid"] for one in box.ask("/api/projects")["projects"]} == before


def test_a_project_whose_config_changed_starts_anew_and_its_log_goes_on(box: Box, provisioned: Provisioned) -> None:
    before = box.ask("/api/projects/slow")
    (provisioned.folder / "fujita.yml").write_text(CONFIG + MORE.replace("sleep 600'", "sleep 601'"))
    restart(box, "restart")
    after = box.until_state("slow", "running")
    assert after["pid"] != before["pid"]
    assert after["epoch"] == before["epoch"]
    assert not box.succeeds("kill", "-0", str(before["pid"]))


def test_what_is_damaged_begins_anew_and_is_said(box: Box) -> None:
    before = box.ask("/api/projects/slow")
    box.shell('sed -i \'s/"fujita": 1/"fujita": 0/\' /run/fujita/*/projects/slow/records-*')
    restart(box, "kill -9")
    after = box.until_state("slow", "running")
    assert after["epoch"] != before["epoch"]
    assert not box.succeeds("kill", "-0", str(before["pid"]))
    assert "slow begins anew" in log(box, "slow")


def test_what_can_not_be_taken_over_begins_anew_and_harms_no_other(box: Box, provisioned: Provisioned) -> None:
    before = {one["project"]: one["pid"] for one in box.ask("/api/projects")["projects"]}
    (provisioned.folder / "broken").mkdir(exist_ok=True)
    (provisioned.folder / "broken/sitecustomize.py").write_text(ADOPTS_NOT)
    drop_in = "/run/systemd/system/fujita.service.d/broken.conf"
    box.shell(f"mkdir -p $(dirname {drop_in})")
    try:
        box.shell(f"printf '[Service]\\nEnvironment=PYTHONPATH=/vagrant/broken\\n' >{drop_in}; systemctl daemon-reload")
        restart(box, "restart")
        until(lambda: box.ask("/api/projects/slow")["pid"] not in (None, before["slow"]), "another start")
        assert not box.succeeds("kill", "-0", str(before["slow"]))
        assert "slow begins anew" in log(box, "slow")
        assert box.ask("/api/projects/count")["pid"] == before["count"]
    finally:
        box.shell(f"rm {drop_in}; systemctl daemon-reload")
    restart(box, "restart")
    assert "slow went on" in log(box, "slow")


def test_a_full_disk_is_said_once_and_the_log_goes_on(box: Box) -> None:
    before = box.ask("/api/projects/blog")["pid"]
    box.shell("mount -o remount,size=$(($(df --output=used -k /run | tail -1) + 64))k /run")
    try:
        said = until_log(box, "count", "No space left on device")
        last = int(said.rpartition("number ")[2].split()[0])
        said = until_log(box, "count", f"number {last + 2000}")
        assert said.count("No space left on device") == 1
        assert box.ask("/api/projects/blog")["pid"] == before
    finally:
        box.shell("mount -o remount,size=20% /run")
    restart(box, "restart")  # in order, since not everything could go on
    box.until_state("blog", "running")
    assert not box.succeeds("kill", "-0", str(before))


def test_each_project_has_a_control_group_that_nothing_leaves(box: Box) -> None:
    """The daemons here have no marker, no parent and no session that would give them away."""
    box.post("/api/projects/forks/start")
    groups = "/sys/fs/cgroup/system.slice/fujita.service/forks-*/cgroup.procs"
    pids = until(lambda: len(found := box.shell(f"cat {groups}").split()) == 4 and found, "four processes")
    box.post("/api/projects/forks/kill")
    box.until_state("forks", "stopped")
    assert not any(box.succeeds("kill", "-0", pid) for pid in pids)
    assert not box.succeeds("sh", "-c", f"ls {groups}")


def test_a_stop_leaves_nothing_even_of_a_sidecar_that_hangs(box: Box) -> None:
    quick = "/run/systemd/system/fujita.service.d/quick.conf"
    box.shell(
        f"mkdir -p $(dirname {quick}); printf '[Service]\\nTimeoutStopSec=1\\n' >{quick}; systemctl daemon-reload"
    )
    try:
        assert box.processes()
        box.run("kill", "-STOP", box.property("MainPID"))
        box.run("systemctl", "stop", "fujita.socket")
        assert box.processes() == ""
    finally:
        box.shell(f"rm {quick}; systemctl daemon-reload")


def test_an_end_that_nobody_asked_systemd_for_is_a_stop(box: Box) -> None:
    box.run("kill", "-TERM", box.property("MainPID"))
    until(lambda: box.property("ActiveState") == "inactive", "the end")
    assert box.processes() == ""
