"""What Django's words mean, one rule per thing that it says: lines of a living server, exceptions, last
lines and exit codes of a dead one. The output that each was made from is in tests/django/output."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass

from fujita import words
from fujita.django.finding import Announced, Answered, Checking, Finding, Reloading, SpokeHttps, Unapplied
from fujita.django.packages import distribution
from fujita.django.problem import Problem
from fujita.django.tracebacks import CHECKS_HEADER, HEADER, Frame, Raised, Report, Tree

MESSAGE_LIMIT = 500
"""The longest message of a problem, in characters: an exception may quote a whole page."""

# Lines of a server that lives


@dataclass(frozen=True, slots=True)
class LineRule:
    """`needle` is in the line (it is searched in undecoded records: plain ASCII, and long, for speed);
    `pattern` matches the whole line, without its colours."""

    stream: str
    needle: str
    pattern: re.Pattern[str]
    finding: Callable[[re.Match[str], int, Tree], Finding]


def in_json(needle: str) -> bytes:
    """A needle as it stands in a record."""
    return json.dumps(needle)[1:-1].encode()


LINES = (
    LineRule(
        "stdout",
        "Performing system checks...",
        re.compile(r"Performing system checks\.\.\.$"),
        lambda match, record, tree: Checking(),
    ),
    LineRule(
        "stdout",
        " unapplied migration(s). ",
        re.compile(r"You have (\d+) unapplied migration\(s\)\. .* for app\(s\): (.+)\.$"),
        lambda match, record, tree: Unapplied(int(match[1]), tuple(match[2].split(", "))),
    ),
    LineRule(
        "stdout",
        "development server at http",
        re.compile(r"Starting (?:ASGI/Daphne version \S+ )?development server at (https?://\S+)$"),
        lambda match, record, tree: Announced(match[1]),
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
    ),
    LineRule(
        "stderr",
        "over HTTPS, but it only supports HTTP",
        re.compile(
            r"\[[^\]]+\] You're accessing the development server over HTTPS, but it only supports HTTP\.$"
        ),
        lambda match, record, tree: SpokeHttps(record),
    ),
)

START_FAILED = re.compile(
    r"(?:Exception in thread )?django-main-thread:$|Unhandled exception in thread started by <"
)
"""The line before the traceback of a failed start (2.2+ | 1.11). Other threads may write after its first words."""
REQUEST_FAILED = re.compile(r"Internal Server Error: /")
"""The line before the traceback of a request."""

NEEDLES = {
    "stdout": tuple(in_json(rule.needle) for rule in LINES if rule.stream == "stdout"),
    "stderr": (in_json(HEADER), *(in_json(rule.needle) for rule in LINES if rule.stream == "stderr")),
}


def in_line(stream: str, line: str, record: int, tree: Tree) -> Finding | None:
    """What `line`, which began in `record`, says."""
    for rule in LINES:
        if rule.stream == stream and rule.needle in line and (match := rule.pattern.match(line)):
            return rule.finding(match, record, tree)
    return None


# Exceptions


def problem_of(report: Report, tree: Tree, requirements: str | None) -> Problem:
    """What a report means: the first rule that knows it."""
    for rule in EXCEPTIONS:
        problem = rule(report, tree, requirements)
        if problem:
            return problem
    raise AssertionError("the last rule knows everything")


def without_django(report: Report, tree: Tree, requirements: str | None) -> Problem | None:
    """manage.py says the same of a missing Django and of an unfit python: the first of the chain tells."""
    first, last = report.chain[0], report.chain[-1]
    if last.headline.startswith("Couldn't import Django."):
        if first.headline in ("No module named 'django'", "No module named django"):
            return Problem(
                "DjangoMissing", words.django_missing(), hint=words.install("django", requirements)
            )
        return wrong_python(first)
    if first.headline in STANDARD_MODULES_GONE and not at(first, tree)[0]:
        return wrong_python(first)
    return None


def python_2(report: Report, tree: Tree, requirements: str | None) -> Problem | None:
    """`) from exc` of a manage.py for python 3 is no syntax to python 2.7."""
    frames = report.chain[-1].frames
    if report.chain[-1].kind == "SyntaxError" and frames and frames[-1].source == ") from exc":
        return Problem("WrongPython", words.python_2(), hint=words.choose_another_python())
    return None


def failed_checks(report: Report, tree: Tree, requirements: str | None) -> Problem | None:
    """`ERRORS:`, then `polls.Q: (models.E015) …` each, with `<tab>HINT: …` below."""
    last = report.chain[-1]
    if not CHECKS_HEADER.endswith(last.headline) or last.kind != "SystemCheckError":
        return None
    errors: list[str] = []
    hint = None
    section = ""
    for line in last.message:
        if re.fullmatch(r"[A-Z]+:", line):
            section = line
        elif section in ("CRITICALS:", "ERRORS:"):
            if CHECK.match(line):
                errors.append(line)
            elif line.startswith("\tHINT: ") and len(errors) == 1 and hint is None:
                hint = line.removeprefix("\tHINT: ")
    message = words.more_errors(errors[0], len(errors) - 1) if errors else last.headline
    return Problem("SystemCheckError", cut(message), hint=hint)


CHECK = re.compile(r"\S.*: \(\w[\w.]*\) ")


def unloadable_application(report: Report, tree: Tree, requirements: str | None) -> Problem | None:
    """`WSGI application 'mysite.wsgi.application' could not be loaded`: its cause says why."""
    if len(report.chain) > 1 and re.match(
        r"[AW]SGI application '.*' could not be loaded", report.chain[-1].headline
    ):
        return explained(report.chain[-2], tree, requirements)
    return None


def database(report: Report, tree: Tree, requirements: str | None) -> Problem | None:
    last = report.chain[-1]
    if last.kind not in ("OperationalError", "InterfaceError"):
        return None
    if UNREACHABLE.search(last.headline):
        return Problem("DatabaseUnreachable", cut(last.headline), hint=words.start_the_database())
    if "unable to open database file" in last.headline:
        return Problem("DatabaseUnreachable", cut(last.headline), hint=words.make_the_folder())
    return None


UNREACHABLE = re.compile(
    r"connection (?:to server .* )?(?:failed|refused|is bad)|could not connect|could not translate host"
    r"|failed to resolve host|Can't connect to|Unknown MySQL server host|Lost connection to",
    re.IGNORECASE,
)


def port_too_high(report: Report, tree: Tree, requirements: str | None) -> Problem | None:
    """Django takes 99999 for a port; the system doesn't."""
    last = report.chain[-1]
    if last.kind == "OverflowError" and last.headline.endswith("port must be 0-65535."):
        return Problem("BadAddress", words.port_too_high(), hint=words.choose_another_address())
    return None


def template_syntax(report: Report, tree: Tree, requirements: str | None) -> Problem | None:
    """The template's name is in no message: it may be in the line of the view that renders it."""
    last = report.chain[-1]
    if last.kind != "TemplateSyntaxError":
        return None
    template = next((name[1] for frame in reversed(last.own) if (name := TEMPLATE.search(frame.source))), None)
    line_in_it = TEMPLATE_LINE.search(last.headline)
    file, line = at(last, tree)
    hint = words.look_at_template(template, line_in_it[1] if line_in_it else None) if template else None
    return Problem(last.kind, cut(last.headline), file, line, hint)


TEMPLATE = re.compile(r"""["']([^"'\s]+\.(?:html?|txt|xml|md|svg|js|css|j2))["']""")
TEMPLATE_LINE = re.compile(r" on line (\d+)")


def anything(report: Report, tree: Tree, requirements: str | None) -> Problem | None:
    return explained(report.chain[-1], tree, requirements)


EXCEPTIONS: tuple[Callable[[Report, Tree, str | None], Problem | None], ...] = (
    without_django,
    python_2,
    failed_checks,
    unloadable_application,
    database,
    port_too_high,
    template_syntax,
    anything,
)


def explained(raised: Raised, tree: Tree, requirements: str | None) -> Problem:
    """An exception in its own words, with the project's place and what mends it, if we know."""
    file, line = at(raised, tree)
    setting = named_by_setting(raised, tree)
    module = MISSING_MODULE.match(raised.headline)
    hint = None
    if setting:
        file, line = None, None
        hint = words.named_in(setting, module[1], installing(module[1], requirements)) if module else None
    elif module and "." not in module[1]:  # of a.b it would say "No module named 'a'" if that were missing
        hint = words.install(distribution(module[1]), requirements)
    elif missing_table(raised):
        hint = words.apply_migrations()
    else:
        hint = next((words.install(d, requirements) for r, d in DRIVERS if r.match(raised.headline)), None)
    return Problem(raised.kind, cut(raised.headline), file, line, hint)


def missing_table(raised: Raised) -> bool:
    return raised.kind in ("OperationalError", "ProgrammingError") and bool(NO_TABLE.search(raised.headline))


NO_TABLE = re.compile(
    r"no such (?:table|column): |(?:relation|column) .* does not exist|Table '.*' doesn't exist|Unknown column"
)
MISSING_MODULE = re.compile(r"No module named '?([\w.]+)'?$")
"""Python 2.7 quotes nothing."""
DRIVERS = (
    (re.compile(r"Error loading psycopg2 or psycopg module"), "psycopg[binary]"),
    (re.compile(r"Error loading psycopg2 module"), "psycopg2-binary"),
    (re.compile(r"Error loading MySQLdb module"), "mysqlclient"),
    (re.compile(r"Error loading oracledb module"), "oracledb"),
)
STANDARD_MODULES_GONE = tuple(f"No module named '{name}'" for name in ("cgi", "distutils", "imp", "asyncore"))
"""Modules of the standard library that went with python 3.12 and 3.13: an old Django misses them."""


def wrong_python(first: Raised) -> Problem:
    message = words.wrong_python(cut(f"{first.kind}: {first.headline}"))
    return Problem("WrongPython", message, hint=words.choose_another_python())


def at(raised: Raised, tree: Tree) -> tuple[str | None, int | None]:
    """The project's own place: the newest frame below its folder that does not only hand over to Django."""
    newest = raised.frames[-1] if raised.frames else None
    for frame in reversed(raised.own):
        if frame is newest or not hands_over(frame):
            return tree.relative(frame.file), frame.line
    return None, None


def hands_over(frame: Frame) -> bool:
    """manage.py and wsgi.py are at the bottom of each traceback, and rarely to be mended."""
    return frame.source.endswith(ENTRANCES)


ENTRANCES = (
    "execute_from_command_line(sys.argv)",
    "main()",
    "get_wsgi_application()",
    "get_asgi_application()",
)

SETTINGS_READERS = (
    ("/django/apps/config.py", "INSTALLED_APPS"),
    ("/django/core/handlers/base.py", "MIDDLEWARE"),
    ("/django/conf/__init__.py", "DJANGO_SETTINGS_MODULE"),
)


def named_by_setting(raised: Raised, tree: Tree) -> str | None:
    """The setting that named what cannot be imported: Django imports it after all of the project's frames."""
    if raised.kind not in ("ModuleNotFoundError", "ImportError"):
        return None
    for frame in reversed(raised.frames):
        if tree.owns(frame.file):
            return None
        for file, setting in SETTINGS_READERS:
            if frame.file.endswith(file):
                return setting
    return None


def cut(text: str) -> str:
    return words.shortened(text, MESSAGE_LIMIT)


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
            return Problem(rule.kind, cut(message), hint=rule.hint() if rule.hint else None)
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
