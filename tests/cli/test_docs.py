"""The documentation says what is so: its code runs, its links lead somewhere, and every error message has its cure."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fujita.cli.arguments import COMMANDS, parser
from fujita.config.load import load
from fujita.web import app
from tests.cli.command import environment, fujita
from tests.sidecar import PATIENCE, ROOT, Fujita

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
Block = tuple[str, str, str]
"""A page's name, a language, and code."""


def blocks(*languages: str, page: str | None = None) -> list[Any]:
    """All blocks of code in these languages, as parameters of a test."""
    return [
        pytest.param(code, id=f"{path.name}:{path.read_text()[: match.start()].count(chr(10)) + 1}")
        for path in PAGES
        for match in BLOCK.finditer(path.read_text())
        if (code := match[2]) and match[1] in languages and page in (None, path.name)
    ]


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    kinds = {match[1] for page in PAGES for match in BLOCK.finditer(page.read_text())}
    assert kinds <= {"", "sh", "yaml", "json", "python", "js", "ruby", "toml"}


@pytest.mark.parametrize("code", blocks("sh"))
def test_shell(code: str) -> None:
    """Each `fujita …` is a command with arguments that it takes, each `make …` a target."""
    subprocess.run(["bash", "-n"], input=code, text=True, check=True)
    makefile = (ROOT / "Makefile").read_text()
    for line in code.splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0].endswith("fujita"):
            parser().parse_args(words[1:])
        if words and words[0] == "make":
            assert f"\n{words[1]}:" in makefile


@pytest.mark.parametrize("code", blocks("yaml"))
def test_yaml(code: str, tmp_path: Path) -> None:
    said = yaml.safe_load(code)
    if said and "projects" in said:
        (tmp_path / "fujita.yml").write_text(code)
        load(tmp_path / "fujita.yml")


@pytest.mark.parametrize("code", blocks("json"))
def test_json(code: str) -> None:
    try:
        json.loads(code)
    except ValueError:
        for line in code.splitlines():
            json.loads(line)


@pytest.mark.parametrize("code", blocks("ruby"))
def test_ruby(code: str) -> None:
    if ruby := shutil.which("ruby"):
        subprocess.run([ruby, "-c"], input=code, text=True, check=True, capture_output=True)


@pytest.mark.parametrize("code", blocks("toml"))
def test_toml(code: str) -> None:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11 reads TOML")
    assert tomllib.loads(code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#\s]+)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]


# The API


def only(language: str) -> str:
    """The one block of `language` in the page of the API."""
    found = [match[2] for match in BLOCK.finditer((ROOT / "docs/api.md").read_text()) if match[1] == language]
    assert len(found) == 1
    return found[0]


def test_the_clients_have_ten_lines() -> None:
    for language in ("python", "js"):
        assert len([line for line in only(language).splitlines() if line.strip()]) <= 11


async def test_the_client_in_python(running: Fujita, tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(only("python"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, tmp_path / "client.py", running.url, stdout=asyncio.subprocess.PIPE, env=environment()
    )
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0
    assert b"counter\trunning\tThe counter is running\n" in out and b"number 5\n" in out


async def test_the_client_in_javascript(running: Fujita, tmp_path: Path) -> None:
    node = shutil.which("node")
    version = int(subprocess.check_output([node, "-p", "process.versions.node.split('.')[0]"])) if node else 0
    if not node or version < 20:
        pytest.skip("Node 22 has WebSocket, and so has 20 if it is asked to")
    options = ["--experimental-websocket"] if version < 22 else []
    (tmp_path / "client.mjs").write_text(only("js"))
    process = await asyncio.create_subprocess_exec(
        node, *options, tmp_path / "client.mjs", running.url, "counter", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        await asyncio.wait_for(process.stdout.readuntil(b"number 5\n"), PATIENCE)
        await running.post("/api/projects/counter/input", {"text": "hello\n"})
        await asyncio.wait_for(process.stdout.readuntil(b"read hello\n"), PATIENCE)
    finally:
        process.kill()
        await process.wait()


async def test_the_client_of_the_shell(running: Fujita) -> None:
    await running.until_state("counter", "running")
    for line in only("sh").splitlines():
        command = line.partition("  #")[0].replace("localhost:9000", running.url.removeprefix("http://"))
        command = command.replace("blog", "counter").replace("migrate", "fine")
        process = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.PIPE)
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode == 0 and b'"error"' not in out and out


async def test_status_is_what_the_page_says(running: Fujita) -> None:
    documented = next(
        json.loads(match[2])
        for match in BLOCK.finditer((ROOT / "docs/api.md").read_text())
        if match[1] == "json" and '"state"' in match[2]
    )
    assert list(documented) == list(await running.status("counter"))


def test_every_route_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/api.md").read_text()
    rules = app.application(None).default_router.rules[0].target.rules  # type: ignore[arg-type]
    paths = [rule.matcher.regex.pattern.removesuffix("$").replace(app.NAME, "NAME") for rule in rules]
    assert len(paths) > 10
    for path in paths:
        if path.startswith("/api/"):
            assert path.replace("(start|stop|restart|kill)", "start") in page


def test_the_picture_of_the_house_shows_what_is_there() -> None:
    page = (ROOT / "docs/how-it-is-built.md").read_text()
    there = {path.name for path in ROOT.glob("fujita/**/*.py")} | {path.name for path in ROOT.glob("tests/**/*.py")}
    named = {Path(name).name for name in re.findall(r"`([\w/]+\.py)`", page)}
    assert named <= there | {"MODULE.py"}
    rooms = {path.parent.name for path in ROOT.glob("fujita/*/__init__.py")}
    assert not [room for room in rooms if f"`{room}/`" not in page]


async def test_help_prints_the_manual() -> None:
    overview = (await fujita("help")).out
    for page in ROOT.glob("docs/*.md"):
        assert f"  {page.stem} " in overview
        assert (await fujita("help", page.stem)).out == page.read_text()
    assert (await fujita("help", "logs")).out == (await fujita("logs", "--help")).out
    assert (await fujita("help", "nonsense")).status == 2


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    secondary = {"schema", "shell-completion", "help"}
    assert not [one.name for one in COMMANDS if f"{one.name}" not in readme and one.name not in secondary]


# When something is wrong

NO_ERRORS = frozenset(
    """MENDED_BY SAVE INSTALL RESTART CONFIG NOBODY mended_by waiting starting running stopping stopped backoff broken
    next_start place capital sentences shortened who restarting said_started said_exited said_stopped said_adopted
    said_starting_because said_database_answers changed said_restarting_because said_port_is_free
    said_run_started listening sidecar_summary config_changes DEMO_INSTALLS demo_folder did NOTHING_CHANGED
    sidecar_back age some_errors runs found_projects found_project wrote kept next_steps quoted printable
    code_points shown_value check_passed check_headline check_versions check_command missing_path more_errors""".split()
)
"""Sentences that are no errors, and parts of sentences."""
A_SENTENCE = 12
"""Letters that a text has at least, if it is more than a joint between others."""


def templates() -> Iterator[tuple[str, str]]:
    """Each name in words.py that is an error, with each of its texts as a pattern."""
    for node in ast.parse((ROOT / "fujita/words.py").read_text()).body:
        body: list[ast.AST]
        if isinstance(node, ast.FunctionDef):
            name, body = node.name, [part for part in node.body if not is_docstring(part)]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, body = node.targets[0].id, [node.value]
        else:
            continue
        if name not in NO_ERRORS:
            for part in body:
                yield from ((name, pattern) for pattern in patterns(part))


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def patterns(node: ast.AST) -> Iterator[str]:
    """The texts in a piece of code; what is put into them may be anything."""
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from patterns(value)
    elif isinstance(node, ast.JoinedStr):
        pieces = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
        if sum(len(piece) for piece in pieces if isinstance(piece, str)) >= A_SENTENCE:
            yield "".join(re.escape(piece) if isinstance(piece, str) else ".*?" for piece in pieces)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and len(node.value) >= A_SENTENCE and " " in node.value:
            yield re.escape(node.value).replace(r"\{\}", ".*?").replace(r"\}\}", r"\}")
    else:
        for child in ast.iter_child_nodes(node):
            yield from patterns(child)


def said_to_be_wrong() -> str:
    """The first column of the page, a message a line."""
    page = (ROOT / "docs/when-something-is-wrong.md").read_text()
    rows = re.findall(r"^\| (.*?) \| (.*) \|$", page, re.M)
    return "\n".join(f"{message} | {cure}" for message, cure in rows)


def test_every_error_message_has_its_cure() -> None:
    page = said_to_be_wrong()
    missing = [f"{name}: {pattern}" for name, pattern in templates() if not re.search(pattern, page)]
    assert not missing, "\n".join(missing)


def test_what_is_no_error_is_still_a_sentence() -> None:
    """Otherwise the list above would hide what comes under an old name."""
    names = set(re.findall(r"^(?:def )?(\w+)(?: =|\(|, )", (ROOT / "fujita/words.py").read_text(), re.M))
    assert set(NO_ERRORS) - names <= {"INSTALL", "RESTART", "CONFIG", "NOBODY"}


def test_every_word_of_the_provisioning_has_its_cure() -> None:
    page = said_to_be_wrong()
    script = (ROOT / "deploy/vagrant/provision.sh").read_text()
    messages = re.findall(r"\bdie \"((?:[^\"$]|\$\((?:[^()]|\([^()]*\))*\)|\$[\w*]+)*)\"", script)
    assert len(messages) >= 12
    for message in messages:
        pattern = re.sub(r"\\\$(\\\(.*?\\\)|\w+|\\\*)", ".*", re.escape(message))
        assert re.search(pattern, page), message


def test_no_cure_is_empty() -> None:
    assert not re.findall(r"^\|.*\|\s*\|$", (ROOT / "docs/when-something-is-wrong.md").read_text(), re.M)
