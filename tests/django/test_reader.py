"""The reader beyond Django's own outputs: floods, projects that print like Django, questions, bounds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fujita.django.finding import Announced, Answered, Checking, Erred, Failed, Finding, Reloading, Unapplied, Watching
from fujita.django.problem import Problem
from fujita.django.reader import Reader
from fujita.stream.record import TEXT_LIMIT, Record
from tests.django.outputs import PROJECT, Piece, heard, output, records

TRACEBACK = (
    "Traceback (most recent call last):\n"
    f'  File "{PROJECT}/polls/views.py", line 12, in index\n'
    "    return 1 / 0\n"
    "ZeroDivisionError: division by zero\n"
)
REQUEST = '[24/Nov/2026 15:16:57] "GET /{} HTTP/1.1" {} 12068\n'
BANNER = "Starting development server at http://127.0.0.1:8000/\n"


def found(*pieces: Piece) -> list[Finding]:
    return heard(Reader(PROJECT), records(pieces))


def undecodable(stream: str, text: bytes) -> Record:
    """A record that cannot be decoded: reading it would raise."""
    return Record(1, 1.0, stream, text + b'\\n"}\n')


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_of_plain_lines_is_not_even_decoded(stream: str) -> None:
    flood = [undecodable(stream, b"a plain line \\n" * 4000) for _ in range(100)]
    assert Reader(PROJECT).read(flood) == []


def test_a_flood_on_stdout_is_not_decoded_while_a_traceback_is_read() -> None:
    reader = Reader(PROJECT)
    reader.read(records([("stderr", TRACEBACK)]))
    assert reader.read([undecodable("stdout", b"a plain line \\n" * 4000)]) == []


def test_a_flood_on_stderr_after_a_traceback_is_soon_left_alone() -> None:
    reader = Reader(PROJECT)
    reader.read(records([("stderr", TRACEBACK + "a plain line\n" * 100)]))
    assert reader.read([undecodable("stderr", b"a plain line \\n" * 4000)]) == []


def test_a_line_without_end_is_kept_only_as_far_as_it_matters() -> None:
    reader = Reader(PROJECT)
    assert peak(reader, (Record.make(n, 1.0, "stdout", "x" * TEXT_LIMIT) for n in range(800))) < 2_000_000
    assert reader.read(records([("stdout", "\nPerforming system checks...\n")])) == [Checking()]


def test_a_traceback_without_end_is_given_up() -> None:
    frame = '  File "/usr/lib/python3.12/threading.py", line 1, in run\n    self.run()\n'
    reader = Reader(PROJECT)
    endless = (Record.make(n, 1.0, "stderr", frame * 500) for n in range(400))
    reader.read(records([("stderr", "Traceback (most recent call last):\n")]))
    assert peak(reader, endless) < 4_000_000
    assert reader.read([undecodable("stderr", b"a plain line \\n" * 4000)]) == []


def peak(reader: Reader, endless: Iterable[Record]) -> int:
    """The most memory in use, in bytes, while nothing but the reader holds on to anything."""
    tracemalloc.start()
    try:
        assert reader.read(endless) == []
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_lost_records_leave_no_half_of_a_traceback() -> None:
    reader = Reader(PROJECT)
    reader.read(records([("stderr", "Internal Server Error: /\n" + TRACEBACK.rpartition("Zero")[0])]))
    reader.skipped()
    assert reader.read(records([("stderr", "ValueError: of something else\n")])) == []


def test_a_new_process_is_not_told_of_what_the_last_one_said() -> None:
    reader = Reader(PROJECT)
    reader.read(records([("stderr", TRACEBACK), ("stdout", "Name: ")]))
    reader.started()
    assert reader.ended(1) is None
    assert reader.prompt is None


@pytest.mark.parametrize(
    "piece",
    [
        ("stdout", "Exception in thread django-main-thread:\n" + TRACEBACK),
        ("stdout", "Internal Server Error: /\n" + TRACEBACK + REQUEST.format("", 500)),
        ("stdout", f"{PROJECT}/polls/views.py changed, reloading.\n"),
        ("stderr", BANNER),
        ("stderr", "Performing system checks...\n"),
        ("stdout", "log: Performing system checks...\n"),
        ("stdout", "Performing system checks... done\n"),
        ("stdout", "Why, You have 3 unapplied migration(s). Your project may not work properly\n"),
        ("stderr", "views.py changed, reloading.\n"),
        ("stderr", TRACEBACK),
        ("stderr", TRACEBACK + REQUEST.format("", 200)),
        ("stderr", "> Exception in thread django-main-thread:\n" + TRACEBACK),
        ("stderr", "the Internal Server Error: /\n" + TRACEBACK),
        ("stderr", 'it said "GET / HTTP/1.1" 500 12068\n'),
    ],
)
def test_what_a_project_prints_is_not_taken_for_djangos_words(piece: Piece) -> None:
    assert found(piece) == []


def test_after_the_banner_a_banner_is_the_projects_own() -> None:
    banner = ("stdout", BANNER)
    unapplied = (
        "stdout",
        "You have 3 unapplied migration(s). Your project may not work properly until you apply the migrations"
        " for app(s): polls.\n",
    )
    address = Announced("http://127.0.0.1:8000/")
    assert found(banner, banner, unapplied) == [address]
    assert found(banner, ("stdout", "Performing system checks...\n"), unapplied, banner) == [
        address,
        Checking(),
        Unapplied(3, ("polls",)),
        address,
    ]
    reloading = ("stderr", f"{PROJECT}/polls/views.py changed, reloading.\n")
    assert found(banner, reloading, banner) == [address, Reloading("polls/views.py"), address]


def test_an_exception_of_a_request_without_djangos_line_is_told_by_its_500() -> None:
    erred, answered = found(("stderr", TRACEBACK + REQUEST.format("", 500)))
    assert erred == Erred(Problem("ZeroDivisionError", "division by zero", "polls/views.py", 12, None), record=1)
    assert answered == Answered(500, record=1)


def test_two_errors_in_one_batch_are_two() -> None:
    error = "Internal Server Error: /\n" + TRACEBACK + REQUEST.format("", 500)
    erred = [f for f in found(("stderr", error * 2), ("stderr", error)) if isinstance(f, Erred)]
    assert [(finding.record, finding.again) for finding in erred] == [(1, False), (1, False), (2, False)]


def test_the_same_error_comes_again_when_more_of_its_chain_is_read() -> None:
    reader = Reader(PROJECT)
    [first] = heard(reader, records([("stderr", "Internal Server Error: /\n" + TRACEBACK)]))
    joiner = "\nDuring handling of the above exception, another exception occurred:\n\n"
    second = TRACEBACK.replace("ZeroDivisionError: division by zero", "ValueError: no number")
    [again] = heard(reader, records([("stderr", joiner + second)], first=2))
    assert isinstance(first, Erred) and isinstance(again, Erred)
    assert (first.problem.kind, first.again) == ("ZeroDivisionError", False)
    assert (again.problem.kind, again.again, again.record) == ("ValueError", True, 1)


def test_a_message_in_any_language_is_kept_as_it_is() -> None:
    text = TRACEBACK.replace("division by zero", "Ошибка: 値が正しくありません – größer")
    failed = found(("stderr", "Exception in thread django-main-thread:\n" + text))[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.message == "Ошибка: 値が正しくありません – größer"


def test_another_threads_line_may_stand_between_a_failure_and_its_traceback() -> None:
    watching = "Watching for file changes with StatReloader\n"
    failure = "Exception in thread django-main-thread:\n" + watching + TRACEBACK
    assert [type(finding) for finding in found(("stderr", failure))] == [Watching, Failed]
    pieces = failure.splitlines(keepends=True)
    assert [type(finding) for finding in found(*[("stderr", piece) for piece in pieces])] == [Watching, Failed]


def test_what_follows_an_exception_without_a_message_is_not_its_message() -> None:
    text = TRACEBACK.replace("ZeroDivisionError: division by zero", "AssertionError")
    failed = found(("stderr", "Exception in thread django-main-thread:\n" + text + "Watching for file changes\n"))[-1]
    assert isinstance(failed, Failed)
    assert (failed.problem.kind, failed.problem.message) == ("AssertionError", "")


def test_a_library_inside_the_project_is_not_the_projects_own_file() -> None:
    frame = f'  File "{PROJECT}/venv/lib/python3.12/site-packages/shop/models.py", line 3, in buy\n    pay()\n'
    text = TRACEBACK.replace("ZeroDivisionError", frame + "ZeroDivisionError")
    erred = found(("stderr", "Internal Server Error: /\n" + text))[0]
    assert isinstance(erred, Erred)
    assert (erred.problem.file, erred.problem.line) == ("polls/views.py", 12)


def test_a_run_beside_the_server_says_nothing_about_the_server() -> None:
    record = Record.make(1, 1.0, "stderr", "CommandError: no such app\n", run="r1")
    reader = Reader(PROJECT)
    assert reader.read([record]) == []
    assert reader.ended(1) is None


def test_pdb_asks_and_an_answer_ends_the_question() -> None:
    said = output("5.2/6-pdb-in-view")
    until = next(n for n, (_, text) in enumerate(said.pieces) if text == "(Pdb) ")
    reader = Reader(PROJECT)
    reader.read(records(said.pieces[:until]))
    assert reader.prompt is None
    reader.read(records(said.pieces[until : until + 1]))
    assert reader.prompt == "(Pdb) "
    reader.answered()
    assert reader.prompt is None
    reader.read(records([("stdout", "42\n(Pdb) ")]))
    assert reader.prompt == "(Pdb) "


@pytest.mark.parametrize("text", ["Your name: ", "Overwrite? [y/N] ", ">>> ", "\x1b[32mipdb> \x1b[0m", "Sure?"])
def test_a_question_is_a_prompt(text: str) -> None:
    reader = Reader(PROJECT)
    reader.read(records([("stdout", "one line\n" + text)]))
    assert reader.prompt is not None


@pytest.mark.parametrize("text", ["  Applying auth.0001_initial...", "no newline on stdout", "a line: \n", ""])
def test_an_unfinished_line_is_not_always_a_prompt(text: str) -> None:
    reader = Reader(PROJECT)
    reader.read(records([("stdout", text)]))
    assert reader.prompt is None


FRAGMENTS = st.sampled_from(
    [
        *["\n", " ", "  ", "    ", ": ", ".", "\t", "\x1b[31m", "\x1b[0m", "\r", "x", "Foo.", "é", "\x00", "\\n", '"'],
        *["9" * 5000, '  File "', '", line ', ", in f", f"{PROJECT}/a.py", "Error", "CommandError: ", "Error: "],
        *["Traceback (most recent call last):\n", "  + Exception Group Traceback (most recent call last):\n"],
        *["  | ", "    | ", "  +-+--- 1 ---\n", "Exception in thread django-main-thread:\n", "During handling of"],
        *["During handling of the above exception, another exception occurred:\n", "Internal Server Error: /\n"],
        *["django.core.management.base.SystemCheckError: SystemCheckError: System check identified some issues:\n"],
        *["ERRORS:\n", "a.B: (a.E1) no\n", "\tHINT: do\n", "System check identified 1 issue (0 silenced).\n"],
        *["You have ", " unapplied migration(s). Your project may not work properly until you apply the migrations"],
        *[" for app(s): ", "Performing system checks...\n", "/a.py changed, reloading.\n", "OperationalError: "],
        *["[24/Nov/2026 15:16:57] ", ' "GET / HTTP/1.1" 500 12\n', "No module named 'a'\n", "usage: ", "error: b\n"],
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["stdout", "stderr"]), st.lists(FRAGMENTS, max_size=12).map("".join)),
        max_size=12,
    ),
    st.integers(-20, 260),
)
def test_whatever_is_printed_the_reader_lives(pieces: list[Piece], code: int) -> None:
    reader = Reader(PROJECT)
    for piece in pieces:
        reader.read(records([piece]))
    reader.ended(code)
    assert reader.prompt is None or reader.prompt


@pytest.mark.parametrize("line", ["Foo.", f'  File "{PROJECT}/a.py", line {"9" * 5000}, in f', "done"])
def test_a_line_that_only_resembles_a_part_of_a_traceback_is_no_part_of_it(line: str) -> None:
    broken = TRACEBACK.replace("ZeroDivisionError", line + "\nZeroDivisionError")
    failed = found(("stderr", "Exception in thread django-main-thread:\n" + broken))[-1]
    assert isinstance(failed, Failed)
    assert (failed.problem.kind, failed.problem.line) == ("ZeroDivisionError", 12)
