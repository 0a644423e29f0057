"""Logs as text: prefixes, colours that end where they should, prompts with their answers."""

from __future__ import annotations

import io

import pytest

from fujita.cli.printer import Printer
from tests.cli.test_terminal import Screen


@pytest.fixture(autouse=True)
def _a_plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def printed(out: io.StringIO, projects: list[str], *records: tuple[str, str, str]) -> str:
    printer = Printer(projects, out)
    for project, stream, text in records:
        printer.write(project, {"text": text, "stream": stream, "time": 0.0, "input": stream == "input"})
    return out.getvalue()


def test_one_project_into_a_pipe_is_its_text_and_nothing_else() -> None:
    text = "\x1b]0;evil\x07 \x1b[31mred\r‮"
    assert printed(io.StringIO(), ["blog"], ("blog", "stdout", text), ("blog", "stderr", "more\n")) == text + "more\n"


def test_the_names_of_several_are_aligned() -> None:
    shown = printed(io.StringIO(), ["a", "long"], ("a", "stdout", "1\n2\n"), ("long", "stderr", "3\n"))
    assert shown == "a    | 1\na    | 2\nlong | 3\n"


def test_a_line_that_is_not_finished_is_not_continued_by_another_project() -> None:
    shown = printed(
        io.StringIO(), ["a", "b"], ("a", "stdout", "one "), ("a", "stdout", "line\nopen"), ("b", "stdout", "other\n")
    )
    assert shown == "a | one line\na | open\nb | other\n"


def test_what_was_typed_stands_behind_its_prompt() -> None:
    shown = printed(io.StringIO(), ["a", "b"], ("a", "stdout", "(Pdb) "), ("a", "input", "next\n"))
    assert shown == "a | (Pdb) next\n"


def test_a_colour_ends_with_its_line_and_goes_on_in_its_streams_next() -> None:
    shown = printed(
        Screen(),
        ["a", "b"],
        ("a", "stderr", "\x1b[31mred\nstill"),
        ("b", "stderr", "plain\n"),
        ("a", "stderr", "red\x1b[0m\n"),
        ("a", "stderr", "plain\n"),
    )
    a, b = "\x1b[36ma | \x1b[0m", "\x1b[33mb | \x1b[0m"
    assert shown == (
        f"{a}\x1b[31mred\x1b[0m\n{a}\x1b[31mstill\x1b[0m\n{b}plain\n{a}\x1b[31mred\x1b[0m\x1b[0m\n{a}plain\n"
    )


def test_no_color_means_none_and_force_color_means_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed(Screen(), ["a", "b"], ("a", "stdout", "\x1b[31mred\n")) == "a | red\n"
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert printed(io.StringIO(), ["a", "b"], ("a", "stdout", "x\n")) == "\x1b[36ma | \x1b[0mx\n"
