"""`fujita help`: explains a command by its own --help, and a topic by its page of the manual."""

from __future__ import annotations

import pydoc
import sys
from argparse import Namespace
from pathlib import Path

from fujita import words
from fujita.cli.arguments import COMMANDS, parser
from fujita.cli.failure import MISUSED, Failure
from fujita.cli.shipped import shipped


def run(arguments: Namespace) -> int:
    if arguments.topic in {command.name for command in COMMANDS}:
        parser().parse_args([arguments.topic, "--help"])
    pages = {page.stem: page for page in sorted(shipped("docs").glob("*.md"))}
    if arguments.topic is None:
        parser().print_help()
        print("\ntopics, each explained by `fujita help TOPIC`:")
        print("".join(f"  {name:<27} {question(page)}\n" for name, page in pages.items()), end="")
    elif arguments.topic not in pages:
        raise Failure(words.no_topic(arguments.topic, [*pages, "and the commands"]), MISUSED)
    else:
        text = pages[arguments.topic].read_text(encoding="utf-8")
        if sys.stdout.isatty():
            pydoc.pager(text)
        else:
            print(text, end="")
    return 0


def question(page: Path) -> str:
    """A page's heading is the question that it answers."""
    with page.open(encoding="utf-8") as lines:
        return next(lines, "").lstrip("# ").strip()
