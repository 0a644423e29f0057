"""Every command with its arguments, as a table, and the parser that is made from it. Imports none of the commands."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NamedTuple, NoReturn

import fujita
from fujita import words
from fujita.cli.failure import MISUSED

Argument = tuple[tuple[str, ...], dict[str, Any]]


class Command(NamedTuple):
    """`run` is a module below fujita.cli and its function, which takes the parsed arguments."""

    name: str
    does: str
    example: str
    run: str
    arguments: tuple[Argument, ...] = ()


def argument(*names: str, **given: Any) -> Argument:
    return names, given


def count(text: str) -> int:
    """A whole number that is not negative."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(words.bad_number("it", text))
    return int(text)


CONFIG = argument("--config", metavar="FILE", help="a fujita.yml (else $FUJITA_CONFIG, here, or in /etc/fujita)")
URL = argument("--url", metavar="URL", help="the console's address (else $FUJITA_URL, else as fujita.yml says)")
PROJECT = argument("project", metavar="PROJECT", help="its name in fujita.yml")
PROJECTS = argument("projects", metavar="PROJECT", nargs="+", help="its name in fujita.yml")
ANY_PROJECT = argument("project", metavar="PROJECT", nargs="?", help="its name in fujita.yml; all, if left out")
ANY_PROJECTS = argument("projects", metavar="PROJECT", nargs="*", help="its name in fujita.yml; all, if left out")
JSON = argument("--json", action="store_true", help="as JSON, for programs")
SHELLS = ("bash", "zsh", "fish")

COMMANDS = (
    Command(
        "serve",
        "run the sidecar in the foreground",
        "fujita serve --config fujita.yml",
        "serve:run",
        (CONFIG,),
    ),
    Command("check", "say what is wrong in fujita.yml, and what it leads to", "fujita check", "check:run", (CONFIG,)),
    Command(
        "init",
        "write a fujita.yml and the Vagrant wiring for the projects below a folder",
        "fujita init ~/code/our-site",
        "init:run",
        (argument("folder", metavar="DIR", nargs="?", default=".", help="where to look; here, if left out"),),
    ),
    Command(
        "status",
        "show what every project is doing",
        "fujita status -w",
        "status:run",
        (
            ANY_PROJECT,
            argument("-w", "--watch", action="store_true", help="stay, and show every change"),
            JSON,
            argument("--names", action="store_true", help="only the projects' names"),
            URL,
            CONFIG,
        ),
    ),
    Command(
        "logs",
        "print what was kept of the projects' output, and with -f what comes",
        "fujita logs -f -n 100 blog shop",
        "logs:run",
        (
            ANY_PROJECTS,
            argument("-f", "--follow", action="store_true", help="stay, and print what comes"),
            argument("-n", "--lines", metavar="N", type=count, help="begin with the last N lines of each project"),
            argument("--since", metavar="WHEN", help="begin at 10m, 2h30m (ago), 14:05, or 2026-01-31T14:05"),
            argument("-t", "--times", action="store_true", help="lead each line with its time"),
            JSON,
            URL,
            CONFIG,
        ),
    ),
    Command(
        "start", "start projects, and wait until they run", "fujita start blog", "actions:run", (PROJECTS, URL, CONFIG)
    ),
    Command(
        "stop", "stop projects, and wait until they ended", "fujita stop blog", "actions:run", (PROJECTS, URL, CONFIG)
    ),
    Command(
        "restart",
        "stop and start projects, and wait until they run",
        "fujita restart blog shop",
        "actions:run",
        (PROJECTS, URL, CONFIG),
    ),
    Command("kill", "end projects at once, with SIGKILL", "fujita kill blog", "actions:run", (PROJECTS, URL, CONFIG)),
    Command(
        "run",
        "run one of a project's commands, print its output, exit with its code",
        "fujita run blog migrate",
        "run:run",
        (
            PROJECT,
            argument(
                "name", metavar="NAME", nargs="?", help="the command's, below `commands`; lists them, if left out"
            ),
            URL,
            CONFIG,
        ),
    ),
    Command(
        "input",
        "type a line into a project's standard input: for pdb",
        "fujita input blog continue",
        "actions:type_line",
        (
            PROJECT,
            argument("text", metavar="TEXT", nargs="+", help="the line; the newline is added"),
            URL,
            CONFIG,
        ),
    ),
    Command("reload", "read fujita.yml again", "fujita reload", "actions:reload", (URL, CONFIG)),
    Command(
        "open",
        "print the console's address, and open it where there is a desktop",
        "fujita open blog",
        "open:run",
        (ANY_PROJECT, argument("--print", action="store_true", dest="only_print", help="only print it"), URL, CONFIG),
    ),
    Command("schema", "print the JSON Schema of fujita.yml", "fujita schema > fujita.schema.json", "schema:run"),
    Command(
        "shell-completion",
        "print what makes a shell complete commands and projects",
        'eval "$(fujita shell-completion bash)"',
        "completion:run",
        (argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS)),),
    ),
    Command("demo", "serve a small Django project: no config, no box", "fujita demo", "serve:demo"),
    Command(
        "help",
        "explain a command, or a topic",
        "fujita help api",
        "topics:run",
        (argument("topic", metavar="TOPIC", nargs="?", help="a command or a topic"),),
    ),
)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"fujita: {words.misused(message, self.prog)}", file=sys.stderr)
        sys.exit(MISUSED)


def parser() -> Parser:
    """Makes the parser of all commands; `run` of what it parses is the command's."""
    whole = Parser(
        prog="fujita",
        description=fujita.__doc__,
        epilog="`fujita help COMMAND` explains one. Exit status: 0 done, 1 failed, 2 wrong usage, "
        "69 no sidecar answers.",
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="version", version=f"fujita {fujita.__version__}")
    commands = whole.add_subparsers(metavar="COMMAND", dest="command", required=True, parser_class=Parser)
    for command in COMMANDS:
        one = commands.add_parser(
            command.name,
            help=command.does,
            description=f"{words.capital(command.does)}.",
            epilog=f"Example: {command.example}",
            allow_abbrev=False,
        )
        one.set_defaults(run=command.run)
        for names, given in command.arguments:
            one.add_argument(*names, **given)
    return whole
