"""Each output of Django that was measured, in all versions, means what findings.txt says.

After a change of the rules, `python -m tests.django.outputs > tests/django/findings.txt` and read the difference.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fujita.django.finding import Announced, Answered, Checking, Erred, Failed, Finding, SpokeHttps, Unapplied, Watching
from fujita.django.problem import Problem
from fujita.django.reader import Reader
from fujita.stream.record import Record
from tests.django.outputs import PROJECT, Piece, cases, heard, newest, output, read, records, told

FINDINGS = Path(__file__).parent / "findings.txt"


def expected() -> dict[str, list[str]]:
    case = ""
    by_case: dict[str, list[str]] = {}
    for line in FINDINGS.read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            by_case[case].append(line.strip())
        else:
            case, by_case[line] = line, []
    return by_case


EXPECTED = expected()


@pytest.mark.parametrize("case", cases())
def test_an_output_means_what_it_says(case: str) -> None:
    assert told(*read(case)) == EXPECTED[case]


def test_no_expectation_is_without_its_output() -> None:
    assert sorted(EXPECTED) == cases()


def by_stream(found: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """What was found on stdout and on stderr: which of the two comes first is by chance. Without records, whose
    numbers depend on the cut."""
    on_stdout: list[Finding] = [f for f in found if isinstance(f, (Checking, Announced, Unapplied))]
    on_stderr = [finding for finding in found if finding not in on_stdout and not isinstance(finding, Watching)]
    return on_stdout, without_records(newest(on_stderr))


def without_records(found: list[Finding]) -> list[Finding]:
    return [without_record(finding) for finding in found]


def without_record(finding: Finding) -> Finding:
    if isinstance(finding, Erred):
        return replace(finding, record=0, again=False)
    return replace(finding, record=0) if isinstance(finding, (Answered, SpokeHttps)) else finding


def joined(pieces: tuple[Piece, ...]) -> list[Piece]:
    """As few pieces as keep the order of the two streams."""
    runs: list[Piece] = []
    for stream, text in pieces:
        if runs and runs[-1][0] == stream:
            runs[-1] = (stream, runs[-1][1] + text)
        else:
            runs.append((stream, text))
    return runs


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_cut_changes_what_is_found(data: st.DataObject) -> None:
    said = output(data.draw(st.sampled_from(CUT)))
    reader, whole = Reader(PROJECT), Reader(PROJECT)
    expected = by_stream(heard(whole, records(joined(said.pieces))))
    found: list[Finding] = []
    number = 0
    for stream, text in joined(said.pieces):
        for piece in cut(text, data.draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=20))):
            number += 1
            found += reader.read([Record.make(number, 1.0, stream, piece)])
    assert by_stream([*found, *reader.so_far()]) == expected
    assert reader.ended(said.code) == whole.ended(said.code)


CUT = [case for case in cases() if case.partition("/")[2][0] in "1348" or "2-requests" in case]


FAILING = [case for case in cases() if case.partition("/")[2][0] in "38"]


def cut(text: str, places: set[int]) -> list[str]:
    edges = [0, *sorted(place for place in places if place < len(text)), len(text)]
    return [text[begin:end] for begin, end in pairwise(edges)]


@pytest.mark.parametrize("case", FAILING)
def test_the_first_word_on_a_failure_is_the_last_however_slowly_its_traceback_comes(case: str) -> None:
    """A cause is printed before what it led to, and stands there alone for as long as the machine is busy."""
    said = output(case)
    reader = Reader(PROJECT)
    slowly = records((stream, character) for stream, text in said.pieces for character in text)
    found = [finding for record in slowly for finding in reader.read([record])]
    assert problems([*found, *reader.so_far()]) == problems(heard(Reader(PROJECT), records(said.pieces)))


def problems(found: list[Finding]) -> list[Problem]:
    return [finding.problem for finding in found if isinstance(finding, (Failed, Erred))]


@pytest.mark.parametrize("case", ["5.2/3-start-views-syntax", "6.0/11-force-color-syntax", "5.2/2-requests"])
def test_one_character_at_a_time_is_enough(case: str) -> None:
    said = output(case)
    reader = Reader(PROJECT)
    characters = [(stream, character) for stream, text in said.pieces for character in text]
    found = [finding for record in records(characters) for finding in reader.read([record])]
    assert told([*found, *reader.so_far()], None) == [line for line in EXPECTED[case] if not line.startswith("ended ")]
