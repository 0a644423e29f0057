"""Why a process ended, and what mends it."""

from __future__ import annotations

import pytest

from fujita.django.packages import distribution
from fujita.django.reader import Reader
from tests.django.outputs import PROJECT, output, read, records
from tests.django.test_reader import BANNER, REQUEST, TRACEBACK


def ended(code: int, *stderr: str) -> str | None:
    reader = Reader(PROJECT)
    reader.read(records([("stderr", text) for text in stderr]))
    problem = reader.ended(code)
    return f"{problem.kind}: {problem.message}" if problem else None


def test_an_error_that_was_survived_is_not_why_it_ended() -> None:
    assert ended(1, "Internal Server Error: /\n" + TRACEBACK + REQUEST.format("", 500)) is None
    assert ended(1, TRACEBACK + REQUEST.format("", 200)) is None
    assert ended(1, TRACEBACK + "a line\n" * 100 + "the last line\n") is None


def test_the_exception_that_ended_it_may_be_followed_by_some_words() -> None:
    assert ended(1, TRACEBACK, "cleaning up\n") == "ZeroDivisionError: division by zero"


def test_an_exit_with_a_signals_code_says_who_was_killed() -> None:
    assert ended(247) == "Killed: it was killed, by somebody or because the machine ran out of memory (SIGKILL)"
    assert ended(245) == "Killed: it was killed (SIGSEGV)"
    assert ended(-9) == "Killed: it was killed, by somebody or because the machine ran out of memory (SIGKILL)"
    assert ended(255) == "Killed: it was killed (SIGHUP)"
    assert ended(255, TRACEBACK) == "ZeroDivisionError: division by zero"
    assert ended(0, TRACEBACK) is None
    assert ended(7) is None


def test_the_last_line_counts_only_for_a_server_that_never_listened() -> None:
    assert ended(1, "set SECRET in the environment\n") == "SystemExit: set SECRET in the environment"
    reader = Reader(PROJECT)
    reader.read(records([("stdout", BANNER), ("stderr", "something was logged\n")]))
    assert reader.ended(1) is None


def test_what_was_said_before_a_reload_is_not_why_it_ended() -> None:
    reloading = f"{PROJECT}/polls/views.py changed, reloading.\n"
    assert ended(1, TRACEBACK + reloading) is None
    assert ended(1, reloading + TRACEBACK) == "ZeroDivisionError: division by zero"


def test_an_old_error_does_not_hide_behind_a_flood() -> None:
    reader = Reader(PROJECT)
    reader.read(records([("stderr", "a line\n" * 9000)] * 10 + [("stderr", TRACEBACK)]))
    problem = reader.ended(1)
    assert problem is not None
    assert (problem.kind, problem.file, problem.line) == ("ZeroDivisionError", "polls/views.py", 12)


@pytest.mark.parametrize(
    ("case", "hint"),
    [
        ("5.2/7-no-django-py39", "pip install -r requirements.txt (or pip install django, if it is not listed there)"),
        ("5.2/3-start-settings-importerror", "pip install -r requirements.txt (or pip install nosuchmodule,"),
    ],
)
def test_a_requirements_file_is_named_where_there_is_one(case: str, hint: str) -> None:
    _, problem = read(case, requirements="requirements.txt")
    assert problem is not None and problem.hint is not None
    assert problem.hint.startswith(hint)


def test_packages_are_called_what_pip_calls_them() -> None:
    assert distribution("PIL") == "Pillow"
    assert distribution("rest_framework.views") == "djangorestframework"
    assert distribution("django_redis") == "django-redis"
    assert distribution("requests") == "requests"


def test_the_template_is_named_where_the_view_names_it() -> None:
    reader = Reader(PROJECT)
    reader.read(records(output("5.2/2-requests").pieces))
    hints = [line for line in told_hints("5.2/2-requests") if "bad.html" in line]
    assert hints == ["Look at line 3 of polls/bad.html, or of a template that it uses"]


def told_hints(case: str) -> list[str]:
    found, _ = read(case)
    problems = [getattr(finding, "problem", None) for finding in found]
    return [problem.hint for problem in problems if problem is not None and problem.hint]


def test_what_a_library_misses_is_not_laid_on_the_settings() -> None:
    importing = (
        "Traceback (most recent call last):\n"
        '  File "/srv/lib/django/apps/config.py", line 193, in create\n'
        "    import_module(entry)\n"
        '  File "/usr/lib/python3.12/importlib/__init__.py", line 90, in import_module\n'
        "    return _bootstrap._gcd_import(name[level:], package, level)\n"
        '  File "<frozen importlib._bootstrap>", line 1324, in _find_and_load_unlocked\n'
    )
    library = '  File "/srv/lib/shop/__init__.py", line 1, in <module>\n    import yaml\n'
    missing = "ModuleNotFoundError: No module named 'yaml'\n"
    assert hint(importing + missing) == "INSTALLED_APPS names it: correct the name, or pip install PyYAML"
    assert hint(importing + library + missing) == "pip install PyYAML"


def hint(stderr: str) -> str | None:
    reader = Reader(PROJECT)
    reader.read(records([("stderr", stderr)]))
    problem = reader.ended(1)
    return problem.hint if problem else None


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("<frozen os>", "KeyError: 'SHOP_KEY'"),
        ("/usr/lib/python3.9/os.py", "KeyError: 'SHOP_KEY'"),
        (
            "/srv/lib/environ/environ.py",
            "django.core.exceptions.ImproperlyConfigured: Set the SHOP_KEY environment variable",
        ),
        (
            "/srv/lib/decouple.py",
            "decouple.UndefinedValueError: SHOP_KEY not found. Declare it as envvar or define a default value.",
        ),
    ],
)
def test_a_variable_that_the_environment_lacks_is_named(file: str, said: str) -> None:
    settings = f'  File "{PROJECT}/mysite/settings.py", line 3, in <module>\n    KEY = os.environ["SHOP_KEY"]\n'
    asking = f'  File "{file}", line 679, in __getitem__\n    raise KeyError(key) from None\n'
    header = "Traceback (most recent call last):\n"
    assert hint(f"{header}{settings}{asking}{said}\n") == (
        "The environment has no SHOP_KEY: write it below environment in fujita.yml, then run fujita reload"
    )
    assert hint(f"{header}{settings}KeyError: 'SHOP_KEY'\n") is None
