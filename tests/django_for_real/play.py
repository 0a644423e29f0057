"""Plays a case on a real Django: breaks the project, waits for what Fujita says, mends it, waits until it runs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tests.django_for_real.cases import Case
from tests.sidecar import Fujita, Json, free_port

TOGETHER = 8
"""Cases that are played at the same time, in one sidecar."""
PATIENCE = 120.0
RELOADER = 1.2
"""Seconds after which Django's reloader has surely looked at every file: it looks once a second and tells nobody."""

Copy = Callable[..., Path]


class Stage:
    """The projects of some cases, one copy of the blog each, below one sidecar."""

    def __init__(self, cases: Sequence[Case], python: str, version: str, copy: Copy) -> None:
        self.cases = {f"case{number}": case for number, case in enumerate(cases) if fits(case, version)}
        self.folders = {name: copy("blog", name) for name in self.cases}
        self.version = version
        self.taken_port = free_port()
        self.taken = socket.create_server(("127.0.0.1", self.taken_port))
        self.config = "projects:\n" + "".join(
            project(name, self.folders[name], python, case.config, self.taken_port) for name, case in self.cases.items()
        )

    async def play(self, act: Callable[[Fujita, str, Case, Stage], Awaitable[None]], fujita: Fujita) -> None:
        """Every case, and all that went wrong at the end."""
        room = asyncio.Semaphore(TOGETHER)

        async def one(name: str, case: Case) -> str | None:
            async with room:
                try:
                    await act(fujita, name, case, self)
                except AssertionError as error:
                    return f"{case.name}: {error}\n{await fujita.log(name)}"
                finally:
                    await fujita.post(f"/api/projects/{name}/kill")
            return None

        with self.taken:
            wrong = await asyncio.gather(*(one(name, case) for name, case in self.cases.items()))
        assert not any(wrong), "\n\n".join(filter(None, wrong))


async def broken_at_start(fujita: Fujita, name: str, case: Case, stage: Stage) -> None:
    originals = break_it(stage.folders[name], case)
    line = marked_line(stage.folders[name], case)
    await fujita.post(f"/api/projects/{name}/start")
    check(await until_told(fujita, name, case, kind_of(case, stage.version)), case, line, stage)
    if case.heals:
        restore(stage.folders[name], originals)
        await fujita.until_state(name, "running", PATIENCE)


async def broken_while_running(fujita: Fujita, name: str, case: Case, stage: Stage) -> None:
    await fujita.post(f"/api/projects/{name}/start")
    await fujita.until_state(name, "running", PATIENCE)
    await asyncio.sleep(RELOADER)
    originals = break_it(stage.folders[name], case)
    line = marked_line(stage.folders[name], case)
    saving = asyncio.create_task(save_again(*(stage.folders[name] / each for each in case.edits)))
    try:
        check(await until_told(fujita, name, case, kind_of(case, stage.version)), case, line, stage)
    finally:
        saving.cancel()
    restore(stage.folders[name], originals)
    running = await fujita.until_state(name, "running", PATIENCE)
    assert running["problem"] is None


async def save_again(*files: Path) -> None:
    """As a person does when nothing happens: Django's reloader misses what is saved before its first look, which comes
    late on a busy machine."""
    while True:
        await asyncio.sleep(5)
        for file in files:
            file.touch(exist_ok=True)


def fits(case: Case, version: str) -> bool:
    return numbers(case.oldest) <= numbers(version) <= numbers(case.newest)


def numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def project(name: str, folder: Path, python: str, config: str, taken: int) -> str:
    port = free_port()
    lines = [
        f"directory: {folder}",
        f"python: {python}",
        "autostart: false",
        *config.format(port=port, taken=taken).split("\n"),
    ]
    if "environment:" not in config:
        lines.append("environment: {PYTHONDONTWRITEBYTECODE: 1}")
    if "address:" not in config:
        lines.append(f"address: 127.0.0.1:{port}")
    return f"  {name}:\n" + "".join(f"    {line}\n" for line in lines if line)


async def until_told(fujita: Fujita, name: str, case: Case, kind: str | None) -> Json:
    """A traceback is told as it comes, its end after its beginning: wait for what is expected, or say what came."""
    try:
        return await fujita.until(
            name,
            lambda status: status["state"] == case.state and kind in (None, (status["problem"] or {"kind": 0})["kind"]),
            PATIENCE,
        )
    except AssertionError as error:
        raise AssertionError(f"it did not come to {case.state}: {error}") from None


def check(status: Json, case: Case, line: int | None, stage: Stage) -> None:
    kind = kind_of(case, stage.version)
    problem = status["problem"] or {"kind": None, "file": None, "line": None}
    file = case.file or (marked_file(case) if line else None)
    assert problem["kind"] == kind, status
    assert problem["file"] == file, status
    if line:
        assert problem["line"] == line, status
    summary = (case.summary or usual_summary(case.state, kind, file)).format(
        kind=kind, line=problem["line"], folder=status["directory"], taken=stage.taken_port
    )
    if stage.version == "1.11":
        summary = summary.replace("'", "")  # python 2.7 quotes no names
    if case.hint:
        assert (problem["hint"] or "").startswith(case.hint), status
    assert status["summary"].startswith(summary), f"{status['summary']!r} is not {summary!r}"


def kind_of(case: Case, version: str) -> str | None:
    kind = case.by_version.get(version, case.kind)
    return "ImportError" if kind == "ModuleNotFoundError" and version == "1.11" else kind


def usual_summary(state: str, kind: str | None, file: str | None) -> str:
    if state == "running":
        return "Django is running"
    if file is None:
        return f"{kind}: "
    if state == "broken":
        return f"{kind} in {file}, line {{line}}: Django restarts when you save a fix"
    return f"Django exited: {kind} in {file}, line {{line}}. Fujita starts it again when you save a fix"


def break_it(folder: Path, case: Case) -> dict[str, str | None]:
    """Saves the edits; returns what was there."""
    originals: dict[str, str | None] = {}
    for name, edit in case.edits.items():
        file = folder / name
        originals[name] = file.read_text() if file.exists() else None
        put(file, edit(originals[name] or ""))
    return originals


def restore(folder: Path, originals: dict[str, str | None]) -> None:
    for name, text in originals.items():
        put(folder / name, text)


def put(file: Path, text: str | None) -> None:
    if text is None:
        file.unlink()
    else:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)


def marked_file(case: Case) -> str:
    return list(case.edits)[-1]


def marked_line(folder: Path, case: Case) -> int | None:
    if not case.edits or not (folder / marked_file(case)).exists():
        return None
    lines = (folder / marked_file(case)).read_text().split("\n")
    return next((number for number, line in enumerate(lines, 1) if "HERE" in line), None)
