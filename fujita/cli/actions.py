"""`fujita start`, `stop`, `restart`, `kill`, `input` and `reload`: as the buttons, but waiting for what comes of it."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from fujita import words
from fujita.cli.client import Client, connect, path_of
from fujita.cli.failure import FAILED, Failure
from fujita.cli.terminal import harmless

WANTED = {"start": ("running",), "restart": ("running",), "stop": ("stopped",), "kill": ("stopped",)}
"""The states in which an action has done what it was for."""
PASSING = ("starting", "stopping")
LOOK_PAUSE = 0.1
"""Seconds between two looks at a project that is on its way."""
RELOAD_PATIENCE = 600.0
"""Seconds: a reload waits until what it removes has ended, and `stop_timeout` may be long."""


def run(arguments: Namespace) -> int:
    """Asks for all of them first, then waits for each."""
    client = connect(arguments)
    action = arguments.command
    asked = [client.post(path_of(name, action)) for name in dict.fromkeys(arguments.projects)]
    settled = [until_settled(client, status) for status in asked]
    failed = [status for status in settled if status["state"] not in WANTED[action]]
    for status in settled:
        if status not in failed:
            print(harmless(words.did(status["title"], status["summary"])))
    if failed:
        raise Failure("; ".join(harmless(words.did(one["title"], one["summary"])) for one in failed), FAILED)
    return 0


def until_settled(client: Client, status: dict[str, Any]) -> dict[str, Any]:
    """The first status that will not change by itself: the answer to the request is already one of after it."""
    while status["state"] in PASSING:
        time.sleep(LOOK_PAUSE)
        status = client.get(path_of(status["project"]))
    return status


def type_line(arguments: Namespace) -> int:
    connect(arguments).post(path_of(arguments.project, "input"), {"text": " ".join(arguments.text) + "\n"})
    return 0


def reload(arguments: Namespace) -> int:
    """Prints what changed; every mistake of a file that is not taken."""
    client = connect(arguments)
    client.text("/healthz")  # it answers, so what takes time then is the reload
    changes = client.post("/api/reload", patience=RELOAD_PATIENCE)["changes"]
    print("\n".join(map(harmless, changes or [words.NOTHING_CHANGED])))
    return 0
