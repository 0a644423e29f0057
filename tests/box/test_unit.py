"""The unit under a real systemd: boots, restarts, reloads, crashes, folders that come and go."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
import urllib.error
from collections.abc import AsyncIterator

import pytest
from tornado.websocket import websocket_connect

from tests.box.box import Box, Json, until
from tests.box.conftest import CONFIG, Provisioned
from tests.sidecar import objects

pytestmark = pytest.mark.box

EXPOSURE = 8.5
"""What `systemd-analyze security` gives; the unit says line by line why it is not less."""


class Bookmark:
    """Somebody who opens the console again and again; answers may take their time, but are never refused."""

    def __init__(self, box: Box) -> None:
        self.failures: list[str] = []
        self.answers = 0
        self._box = box
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._open)

    def __enter__(self) -> Bookmark:
        self._thread.start()
        until(lambda: self.answers, "a first answer")
        return self

    def __exit__(self, *_: object) -> None:
        answered = self.answers
        until(lambda: self.answers > answered + 1 or self.failures, "an answer at the end")
        self._stop.set()
        self._thread.join()

    def _open(self) -> None:
        while not self._stop.is_set():
            try:
                self._box.get("/healthz")
                self.answers += 1
            except OSError as error:
                self.failures.append(str(error))


@pytest.fixture
def box(provisioned: Provisioned) -> Box:
    """With the folder mounted and the project running."""
    provisioned.running()
    return provisioned.box


def journal(box: Box, *matches: str) -> list[Json]:
    lines = box.run("journalctl", "-u", "fujita", "-o", "json", "--no-pager", *matches).splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_before_the_folder_is_mounted_the_console_says_what_it_waits_for(provisioned: Provisioned) -> None:
    box = provisioned.box
    provisioned.unmounted()
    config = box.ask("/api/projects")["config"]
    assert config["path"] == "/vagrant/fujita.yml" and config["error"]
    assert "<html" in box.get("/")

    provisioned.configure()
    provisioned.mount()
    status = box.until_state("blog", "running")
    assert status["port"] == 8000
    assert box.get("/", port=8000)


def test_systemd_finds_nothing_wrong_with_the_units(provisioned: Provisioned) -> None:
    said = provisioned.box.run("systemd-analyze", "verify", "fujita.service", "fujita.socket")
    assert said == ""


def test_the_exposure_is_what_the_unit_explains(provisioned: Provisioned) -> None:
    said = provisioned.box.run("systemd-analyze", "security", "--no-pager", "fujita.service")
    level = re.search(r"Overall exposure level for fujita.service: (\S+)", said)
    assert level and float(level[1]) <= EXPOSURE


def test_sudo_works_in_a_project_as_it_does_over_ssh(box: Box) -> None:
    pid = box.ask("/api/projects/blog")["pid"]
    assert re.search(r"NoNewPrivs:\s+0", box.run("cat", f"/proc/{pid}/status"))


def test_the_status_of_the_unit_is_the_summary(box: Box) -> None:
    until(lambda: "1 of 1 running" in box.property("StatusText"), "the summary")


def test_output_and_remarks_reach_the_journal_with_their_fields(box: Box) -> None:
    def request() -> Json | None:
        entries = journal(box, "FUJITA_PROJECT=blog", "FUJITA_STREAM=stderr")
        return next((entry for entry in entries if "GET /journal" in str(entry["MESSAGE"])), None)

    with pytest.raises(urllib.error.HTTPError):
        box.get("/journal", port=8000)
    entry = until(request, "the request in the journal")
    assert entry["PRIORITY"] == "6"
    assert entry["SYSLOG_IDENTIFIER"] == "fujita/blog"
    assert entry["_SYSTEMD_UNIT"] == "fujita.service"
    assert journal(box, "FUJITA_PROJECT=blog", "FUJITA_STREAM=fujita")


def test_a_reload_leaves_what_did_not_change(box: Box, provisioned: Provisioned) -> None:
    before = box.ask("/api/projects/blog")["pid"], box.property("MainPID")
    more = CONFIG + "  worker:\n    directory: blog\n    command: echo working; exec sleep 600\n"
    (provisioned.folder / "fujita.yml").write_text(more)
    box.run("systemctl", "reload", "fujita")
    box.until_state("worker", "running")
    assert box.property("ActiveState") == "active"
    assert (box.ask("/api/projects/blog")["pid"], box.property("MainPID")) == before


def test_a_restart_refuses_no_connection(box: Box) -> None:
    old = box.property("MainPID")
    with Bookmark(box) as bookmark:
        box.run("systemctl", "restart", "fujita")
    assert bookmark.failures == []
    assert box.property("MainPID") != old


async def test_a_page_that_was_connected_hears_of_a_restart(box: Box) -> None:
    page = await websocket_connect(box.url("/api/projects/blog/log/stream").replace("http", "ws"))
    await asyncio.to_thread(box.run, "systemctl", "restart", "fujita")
    await asyncio.wait_for(end_of(objects(page)), 10)
    assert page.close_code == 1001


async def end_of(told: AsyncIterator[Json]) -> None:
    async for _ in told:
        pass


def test_a_hung_sidecar_is_replaced_by_the_watchdog(box: Box) -> None:
    quick = "/run/systemd/system/fujita.service.d/quick.conf"
    box.shell(f"mkdir -p {quick.rpartition('/')[0]}; printf '[Service]\\nWatchdogSec=2\\n' >{quick}")
    box.shell("systemctl daemon-reload && systemctl restart fujita")
    try:
        box.until_state("blog", "running")
        django, pid = box.ask("/api/projects/blog")["pid"], box.property("MainPID")
        time.sleep(5)  # the time itself is what is tested: a healthy loop is left alone for longer than WatchdogSec
        assert box.property("MainPID") == pid
        box.run("kill", "-STOP", pid)
        until(lambda: box.property("MainPID") not in (pid, "0"), "another sidecar")
        assert box.until_state("blog", "running")["pid"] == django
        assert "Watchdog timeout" in box.run("journalctl", "-u", "fujita", "--no-pager", "-n", "100")
    finally:
        box.shell(f"rm {quick} && systemctl daemon-reload && systemctl restart fujita")


def test_a_stop_leaves_no_process(box: Box) -> None:
    assert box.processes()
    box.run("systemctl", "stop", "fujita.socket")
    assert box.property("ActiveState") == "inactive"
    assert box.property("Result") == "success"
    assert box.processes() == ""


def test_the_first_request_starts_it(box: Box) -> None:
    box.run("systemctl", "stop", "fujita.service")
    assert box.get("/healthz").strip() == "ok"
    box.until_state("blog", "running")


def test_without_its_folder_a_project_goes_on_and_a_new_start_waits_for_it(box: Box, provisioned: Provisioned) -> None:
    before = box.property("MainPID"), box.ask("/api/projects/blog")["pid"]
    provisioned.unmount()
    assert box.get("/", port=8000)
    assert (box.property("MainPID"), box.ask("/api/projects/blog")["pid"]) == before
    box.run("fujita", "restart", "blog", status=1)
    assert "/vagrant/blog" in box.until_state("blog", "waiting")["summary"]
    provisioned.mount()
    box.until_state("blog", "running")
    assert box.property("MainPID") == before[0]


def test_a_reboot_answers_at_once_and_starts_when_the_folder_is_mounted(box: Box, provisioned: Provisioned) -> None:
    box.stop()
    box.start()
    assert box.get("/healthz").strip() == "ok"
    assert box.ask("/api/projects")["config"]["error"]
    provisioned.mount()
    box.until_state("blog", "running")


def test_after_a_power_cut_it_starts_as_ever(box: Box, provisioned: Provisioned) -> None:
    box.pull_the_plug()
    box.start()
    provisioned.mount()
    box.until_state("blog", "running")
    assert int(box.property("NRestarts")) == 0


@pytest.mark.parametrize("seconds", [5, pytest.param(45, marks=pytest.mark.slow)])
def test_a_suspended_box_goes_on_where_it_was(seconds: float, box: Box) -> None:
    """Longer than WatchdogSec, too: in a frozen box clocks go on, in a suspended one they do not even do that."""
    before = box.ask("/api/projects/blog")["pid"], box.property("MainPID")
    box.freeze()
    time.sleep(seconds)  # the time itself is what is tested
    box.thaw()
    assert box.get("/healthz").strip() == "ok"
    assert (box.until_state("blog", "running")["pid"], box.property("MainPID")) == before
