"""How many migrations are not applied, asked of the project's own manage.py. Running the question is left to
whoever owns processes."""

from __future__ import annotations

import re

from fujita.django.tracebacks import plain

QUESTION = ("showmigrations", "--plan")
"""What to ask manage.py. All versions know it, it changes nothing, and it ends with 0 whatever is applied."""
STEP = re.compile(r"\[([X ])\]  \S+\.\S+")


def answer(exit_code: int | None, stdout: str) -> int | None:
    """How many are not applied; None where the question failed, because of the database or of the project."""
    if exit_code != 0:
        return None
    steps = [match[1] for line in plain(stdout).split("\n") if (match := STEP.match(line))]
    return steps.count(" ")
