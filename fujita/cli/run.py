"""`fujita run`: one of a project's commands beside its server, with its output, its exit code, and ^C to end it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from argparse import Namespace
from typing import Any

from fujita import words
from fujita.cli.client import Client, connect, path_of
from fujita.cli.failure import Failure
from fujita.cli.terminal import harmless, wants_colours

INTERRUPTED = 130
KILLED_BY = 128
"""A shell's exit status of a program that a signal ended, together with the signal's number."""
MOST_TRIES = 5
"""To reach the sidecar again; some seconds. A run does not outlive it, but a connection may break alone."""

Json = dict[str, Any]


def run(arguments: Namespace) -> int:
    client = connect(arguments)
    status = client.get(path_of(arguments.project))
    if arguments.name is not None:
        return asyncio.run(Running(client, arguments.project, arguments.name).until_ended(status["epoch"]))
    if not status["commands"]:
        raise Failure(words.no_commands(harmless(status["title"])))
    print("\n".join(map(harmless, status["commands"])))
    return 0


class Running:
    """One run, found in the project's log by its id."""

    def __init__(self, client: Client, project: str, command: str) -> None:
        self._client = client
        self._project = project
        self._command = command
        self._id: str | None = None
        self._interrupts = 0

    async def until_ended(self, epoch: str) -> int:
        """Starts it, when the log is already read, so that nothing of its output is missed; returns its exit status."""
        from fujita.cli.streams import Log

        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt, asyncio.current_task())
        async for told in Log(self._client, self._project, self._newest(epoch)).read(MOST_TRIES):
            for one, _ in told:
                if "hello" in one and self._id is None:
                    self._start()
                elif "hello" in one and one["hello"]["epoch"] != epoch:
                    raise Failure(words.run_was_lost(self._command))
                elif one.get("run") == self._id and "id" in one:
                    if "code" in one:
                        return self._ended(one)
                    self._print(one)
            epoch = next((one["hello"]["epoch"] for one, _ in told if "hello" in one), epoch)
        raise Failure(words.run_was_lost(self._command))

    def _newest(self, epoch: str) -> str:
        """The cursor after what the log holds now."""
        lines = self._client.text(path_of(self._project, "log?format=ndjson&lines=1")).splitlines()
        return f"{epoch}:{json.loads(lines[-1])['id'] if lines else 0}"

    def _start(self) -> None:
        self._id = self._client.post(path_of(self._project, "run"), {"command": self._command})["run"]
        if self._interrupts:
            self._stop()

    def _interrupt(self, task: asyncio.Task[int] | None) -> None:
        """^C ends the run, and what it still prints is printed; a second ^C does not wait for that."""
        self._interrupts += 1
        if self._interrupts > 1 and task:
            task.cancel()
        elif self._id is not None:
            self._stop()

    def _stop(self) -> None:
        self._client.post(path_of(self._project, "run", "stop"))

    def _print(self, record: Json) -> None:
        """What was said on stderr goes there; Fujita's own remarks are for the log."""
        out = {"stdout": sys.stdout, "stderr": sys.stderr}.get(record["stream"])
        if out:
            text = record["text"]
            out.write(harmless(text, wants_colours(out)) if out.isatty() else text)
            out.flush()

    def _ended(self, last: Json) -> int:
        if self._interrupts:
            return INTERRUPTED
        if last["code"] == 0:
            return 0
        print(f"fujita: {harmless(last['text']).rstrip()}", file=sys.stderr)
        return KILLED_BY + signal.Signals[last["signal"]] if last["signal"] else int(last["code"])
