"""What Django's lines mean, one rule per thing that it says: lines of a living server, last lines and exit
codes of a dead one. Exceptions have rules of their own (exceptions.py). The output that each rule was made
from is in tests/django/output."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass

from fujita import words
from fujita.django.finding import Announced, Answered, Checking, Finding, Reloading, SpokeHttps, Unapplied, Watching
from fujita.django.lines import WATCHING
from fujita.django.problem import MESSAGE_LIMIT, Problem
from fujita.django.tracebacks import HEADER, Tree

# Lines of a server that lives


@dataclass(frozen=True, slots=True)
class LineRule:
    """`needle` is in the line: it is searched in undecoded records, and the longer the faster. `pattern`
    matches the whole line, without its colours. `at_start` rules hold until the start's banner only;
    `by_the_way` rules are worth no search in a flood."""

    stream: str
    needle: str
    pattern: re.Pattern[str]
    finding: Callable[[re.Match[str], int, Tree], Finding]
    at_start: bool = False
    by_the_way: bool = False


LINES = (
    LineRule(
        "stdout",
        "Performing system checks...",
        re.compile(r"Performing system checks\.\.\.$"),
        lambda match, record, tree: Checking(),
    ),
    LineRule(
        "stdout",
        "Your project may not work properly until you apply the migrations for app(s): ",
        re.compile(r"You have (\d{1,9}) unapplied migration\(s\)\. .* for app\(s\): (.+)\.$"),
        lambda match, record, tree: Unapplied(int(match[1]), tuple(match[2].split(", "))),
        at_start=True,
    ),
    LineRule(
        "stdout",
        "development server at http",
        re.compile(r"Starting (?:ASGI/Daphne version \S+ )?development server at (https?://\S+)$"),
        lambda match, record, tree: Announced(match[1]),
        at_start=True,
    ),
    LineRule(
        "stderr",
        WATCHING,
        re.compile(WATCHING + r"\w+$"),
        lambda match, record, tree: Watching(),
        by_the_way=True,
    ),
    LineRule(
        "stderr",
        " changed, reloading.",
        re.compile(r"(/.+) changed, reloading\.$"),
        lambda match, record, tree: Reloading(tree.relative(match[1])),
    ),
    LineRule(
        "stderr",
        'HTTP/1.1" 5',
        re.compile(r'\[\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d\] ".* HTTP/1\.1" (5\d\d) \d+$'),
        lambda match, record, tree: Answered(int(match[1]), record),
        by_the_way=True,
    ),
    LineRule(
        "stderr",
        "You're accessing the development server over HTTPS, but it only supports HTTP.",
        re.compile(r"\[[^\]]+\] You're accessing the development server over HTTPS, but it only supports HTTP\.$"),
        lambda match, record, tree: SpokeHttps(record),
        by_the_way=True,
    ),
)

START_FAILED = re.compile(r"(?:Exception in thread )?django-main-thread:$|Unhandled exception in thread started by <")
"""The line before a failed start's traceback (2.2+ | 1.11). Another thread may write into its middle."""
REQUEST_FAILED = re.compile(r"Internal Server Error: /")
"""The line before the traceback of a request."""


def rules_of(stream: str, starting: bool) -> tuple[LineRule, ...]:
    return tuple(rule for rule in LINES if rule.stream == stream and (starting or not rule.at_start))


def needles(stream: str, starting: bool, flood: bool) -> tuple[bytes, ...]:
    """What makes a record of `stream` worth reading, as it stands in its JSON."""
    wanted = [rule.needle for rule in rules_of(stream, starting) if not (flood and rule.by_the_way)]
    if stream == "stderr":
        wanted += [HEADER] if flood else [HEADER, WATCHING]
    return tuple(json.dumps(needle)[1:-1].encode() for needle in wanted)


def in_line(line: str, record: int, rules: tuple[LineRule, ...], tree: Tree) -> Finding | None:
    """What `line`, which began in `record`, says."""
    for rule in rules:
        if rule.needle in line and (match := rule.pattern.match(line)):
            return rule.finding(match, record, tree)
    return None


# Last lines of a server that died


@dataclass(frozen=True, slots=True)
class LastLine:
    """A line on stderr that explains an exit; `message` None means the line's own words, from group 1."""

    pattern: re.Pattern[str]
    kind: str
    message: Callable[[], str] | None = None
    hint: Callable[[], str] | None = None


LAST_LINES = (
    LastLine(
        re.compile(r"Error: That port is already in use\."),
        "PortInUse",
        lambda: words.port_in_use(None, None, None),
        words.free_the_port,
    ),
    LastLine(
        re.compile(r"Error: You don't have permission to access that port\."),
        "PortForbidden",
        words.port_forbidden,
        words.choose_a_high_port,
    ),
    LastLine(
        re.compile(r"Error: That IP address can't be assigned to\."),
        "AddressUnavailable",
        words.address_unavailable,
        words.choose_another_address,
    ),
    LastLine(
        re.compile(r"Error: \[Errno -\d+\] Name or service not known"),
        "AddressUnavailable",
        words.host_unknown,
        words.choose_another_address,
    ),
    LastLine(
        re.compile(r'CommandError: ("?.*"? is not a valid port number or address:port pair\.)'),
        "BadAddress",
        None,
        words.choose_another_address,
    ),
    LastLine(re.compile(r"CommandError: (.+)"), "CommandError"),
    LastLine(re.compile(r"Error: (.+)"), "Error"),
    LastLine(
        re.compile(r"\S.*: can't (?:open file|find '__main__' module in) '"),
        "NoManagePy",
        words.no_manage_py,
        words.say_where_manage_py_is,
    ),
    LastLine(re.compile(r"\S+ \w+: error: (.+)"), "UsageError", None, words.check_the_options),
    LastLine(re.compile(r"(Unknown command: '.*')"), "UsageError", None, words.check_the_options),
)


def last_line(line: str) -> Problem | None:
    for rule in LAST_LINES:
        match = rule.pattern.match(line)
        if match:
            message = rule.message() if rule.message else match[1]
            return Problem(rule.kind, words.shortened(message, MESSAGE_LIMIT), hint=rule.hint() if rule.hint else None)
    return None


def exit_code(code: int) -> Problem | None:
    """Django's reloader ends with 256 - N when signal N ended its server, and with -N when it was itself."""
    number = 256 - code if code in CHILD_SIGNALS else -code
    if number == signal.SIGKILL:
        return Problem("Killed", words.killed("SIGKILL"), hint=words.out_of_memory())
    if number in CRASHES:
        return Problem("Killed", words.killed(signal.Signals(number).name), hint=words.crashed_in_c())
    if number > 0 and number in CHILD_SIGNALS.values():
        return Problem("Killed", words.killed(signal.Signals(number).name))
    return None


AMBIGUOUS_CODE = 255
"""SIGHUP of the server, or `sys.exit(-1)`."""
CHILD_SIGNALS = {256 - number: number for number in (1, 2, 3, 4, 6, 7, 8, 9, 11, 15)}
CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)
