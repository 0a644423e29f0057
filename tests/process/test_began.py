"""When processes began, by the clock of files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fujita.process.began import began, server_began


def test_a_process_began_after_the_file_before_it_and_before_the_file_after_it(tmp_path: Path) -> None:
    before = stamp(tmp_path / "before")
    with subprocess.Popen(["sleep", "600"]) as process:
        after = stamp(tmp_path / "after")
        assert before - 0.05 < began(process.pid) < after + 0.05
        process.kill()
    with pytest.raises(OSError, match=str(process.pid)):
        began(process.pid)
    assert server_began(process.pid) is None


def test_of_a_reloader_its_server_counts() -> None:
    code = "import subprocess, time; time.sleep(1); subprocess.run(['sh', '-c', 'echo; read line'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reloader:
        assert reloader.stdout
        assert server_began(reloader.pid) == pytest.approx(began(reloader.pid), abs=0.05)
        reloader.stdout.readline()
        server = server_began(reloader.pid)
        assert server and server > began(reloader.pid) + 0.5
        reloader.communicate()


def stamp(file: Path) -> float:
    file.touch()
    return file.stat().st_mtime
