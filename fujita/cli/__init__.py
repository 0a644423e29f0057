"""The `fujita` command: one module for each command that is more than a call of the API. This one only finds it."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from fujita.cli.arguments import parser
from fujita.cli.failure import FAILED, Failure

INTERRUPTED, READER_GONE = 130, 141
"""What a shell makes of SIGINT and SIGPIPE: 128 and the signal's number."""


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns its exit status: 0 done, 1 failed, 2 wrong usage, 69 no sidecar answers."""
    try:
        arguments = parser().parse_args(argv)
        module, _, function = arguments.run.partition(":")
        status: int = getattr(import_module(f"fujita.cli.{module}"), function)(arguments)
        sys.stdout.flush()
    except Failure as failure:
        say(str(failure))
        return failure.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        drop_stdout()
        return READER_GONE
    except OSError as error:
        drop_stdout()
        say(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error))
        return FAILED
    return status


def say(sentence: str) -> None:
    """The one line on stderr, if anybody can still read it."""
    try:
        print(f"fujita: {sentence}", file=sys.stderr, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def drop_stdout() -> None:
    """What is buffered can't be written: without this, Python would try it again at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
