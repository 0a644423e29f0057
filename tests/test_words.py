"""The sentences of a project's status: the contract's examples, and that none promises what won't happen."""

from __future__ import annotations

import pytest

from fujita import words
from fujita.django.problem import Problem

SYNTAX = Problem("SyntaxError", "invalid syntax", "polls/views.py", 12)
CHECK = Problem("SystemCheckError", "polls.Q: (models.E015) 'ordering' refers to nothing. (and 2 more)")
DATABASE = Problem("DatabaseUnreachable", "connection failed: Connection refused", hint="Start it")
MISSING = Problem("ModuleNotFoundError", "No module named 'yaml'", "polls/views.py", 1, "pip install PyYAML")
PORT = Problem("PortInUse", words.port_in_use(8000, "python", 512))
SETTINGS = Problem("ImproperlyConfigured", "The SECRET_KEY setting must not be empty.")


def test_the_contracts_examples() -> None:
    assert words.waiting("/vagrant/blog") == "Waiting for /vagrant/blog"
    assert words.starting("Django") == "Django is starting"
    assert words.running("Worker") == "Worker is running"
    assert words.stopping("Django") == "Django is stopping"
    assert words.stopped("Django") == "Django is stopped"
    assert words.backoff("Django", 8.2) == "Django keeps exiting: next try in 8 s"
    assert (
        words.broken("Django", SYNTAX) == "SyntaxError in polls/views.py, line 12: Django restarts when you save a fix"
    )
    assert words.exited("Django", PORT, 1, None, True) == "Django exited: port 8000 is in use by python (pid 512)"


@pytest.mark.parametrize(
    ("problem", "summary"),
    [
        (CHECK, "A system check failed: polls.Q: (models.E015) 'ordering' refers to nothing. (and 2 more)."),
        (DATABASE, "The database cannot be reached: press Restart when it is there again"),
        (MISSING, "ModuleNotFoundError in polls/views.py, line 1: install it and press Restart, or save a fix"),
        (SETTINGS, "ImproperlyConfigured: The SECRET_KEY setting must not be empty. Django restarts when"),
        (None, "Django could not start: it restarts when you save a fix"),
    ],
)
def test_a_broken_project_says_whose_move_it_is(problem: Problem | None, summary: str) -> None:
    assert words.broken("Django", problem).startswith(summary)


@pytest.mark.parametrize(
    ("problem", "code", "signal", "on_change", "summary"),
    [
        (
            SYNTAX,
            1,
            None,
            True,
            "Django exited: SyntaxError in polls/views.py, line 12. Fujita starts it again when you save a fix",
        ),
        (
            SYNTAX,
            1,
            None,
            False,
            "Django exited: SyntaxError in polls/views.py, line 12. Press Start when it is mended",
        ),
        (None, 3, None, True, "Django exited with code 3: Fujita starts it again when you save a file"),
        (None, 0, None, False, "Django exited: press Start to run it again"),
        (
            None,
            None,
            "SIGKILL",
            False,
            "Django exited: it was killed, by somebody or because the machine ran out of memory (SIGKILL). "
            "Press Start to run it again",
        ),
        (
            Problem("DjangoMissing", words.django_missing(), hint="pip install django"),
            1,
            None,
            True,
            "Django exited: this python has no Django. Install it, then press Start",
        ),
    ],
)
def test_an_exited_project_says_whose_move_it_is(
    problem: Problem | None, code: int | None, signal: str | None, on_change: bool, summary: str
) -> None:
    assert words.exited("Django", problem, code, signal, on_change) == summary


def test_nothing_is_promised_of_a_save_that_mends_nothing() -> None:
    for problem in (DATABASE, PORT, Problem("NoManagePy", words.no_manage_py())):
        assert "save" not in words.broken("Django", problem)
        assert "save" not in words.exited("Django", problem, 1, None, True)


def test_who_holds_a_port() -> None:
    assert words.port_in_use(8000, "python", 512) == "port 8000 is in use by python (pid 512)"
    assert words.port_in_use(8000, "python", 512, "shop") == "port 8000 is in use by the project shop"
    assert words.port_in_use(8000, None, None) == "port 8000 is in use"
    assert words.port_in_use(None, None, None) == "the port is in use"
