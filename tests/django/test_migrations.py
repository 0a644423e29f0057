"""How many migrations are unapplied, from what the versions of Django answer."""

from __future__ import annotations

import pytest

from fujita.django.migrations import answer
from tests.django.outputs import cases, output

PLANS = [case for case in cases() if "showmigrations-plan" in case]


def stdout(case: str) -> str:
    return "".join(text for stream, text in output(case).pieces if stream == "stdout")


@pytest.mark.parametrize("case", PLANS)
def test_the_plan_tells_how_many_are_unapplied(case: str) -> None:
    unapplied = answer(output(case).code, stdout(case))
    if case.endswith("-applied"):
        assert unapplied == 0
    else:
        assert unapplied == {"1": 13, "2": 17}.get(case[0], 18)


def test_a_database_that_is_away_gives_no_number() -> None:
    assert answer(1, "") is None
    assert answer(None, "[ ]  polls.0001_initial\n") is None


def test_only_the_plans_own_lines_count() -> None:
    assert answer(0, "a print at import [ ]  x.y\n\x1b[1m[ ]  polls.0001_initial\x1b[0m\n(no migrations)\n") == 1
