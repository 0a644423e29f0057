"""What an exception means, one rule per kind that Django's users meet. The output that each rule was made
from is in tests/django/output."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from fujita import words
from fujita.django.packages import distribution
from fujita.django.problem import MESSAGE_LIMIT, Problem
from fujita.django.tracebacks import CHECKS_HEADER, Frame, Raised, Report, Tree


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
            return Problem("DjangoMissing", words.django_missing(), hint=words.install("django", requirements))
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
    """`WSGI application 'mysite.wsgi.application' could not be loaded`: its cause says why. Python 2.7 has no chains,
    and Django 1.11 puts the cause into the message."""
    last = report.chain[-1]
    if not (match := UNLOADABLE.match(last.headline)):
        return None
    if len(report.chain) > 1:
        return explained(report.chain[-2], tree, requirements)
    return explained(replace(last, name="ImportError", message=[match[1]]), tree, requirements) if match[1] else None


UNLOADABLE = re.compile(r"[AW]SGI application '.*' could not be loaded(?:; Error importing module: '(.*)')?")


def database(report: Report, tree: Tree, requirements: str | None) -> Problem | None:
    last = report.chain[-1]
    if last.headline == "file is not a database":
        return Problem("NotADatabase", last.headline, hint=words.replace_the_file())
    if last.kind not in ("OperationalError", "InterfaceError") or REFUSED.search(last.headline):
        return None
    if UNREACHABLE.search(last.headline):
        address = database_address("\n".join(last.message))
        hint = words.start_the_database(is_watched=address is not None)
        return Problem("DatabaseUnreachable", cut(last.headline), hint=hint, address=address)
    if "unable to open database file" in last.headline:
        return Problem("DatabaseUnreachable", cut(last.headline), hint=words.make_the_folder())
    return None


REFUSED = re.compile(r"FATAL: +(?!the database system is)")
"""PostgreSQL is there and says no: a wrong password, a database that nobody made."""
UNREACHABLE = re.compile(
    r"connection (?:to server .* )?(?:failed|refused|is bad)|could not connect|could not translate host"
    r"|failed to resolve host|Can't connect to|Unknown MySQL server host|Lost connection to",
    re.IGNORECASE,
)


def database_address(message: str) -> str | None:
    """`host:port`, or the path of a socket, where the drivers say that they tried it."""
    for pattern, usual_port in ADDRESSES:
        if match := pattern.search(message):
            return match["socket"] or f"{match['host']}:{match['port'] or usual_port}"
    return None


ADDRESSES = (
    (  # libpq: `at "localhost" (127.0.0.1), port 5432`, `on socket "/run/postgresql/.s.PGSQL.5432"`
        re.compile(r'to server (?:on socket "(?P<socket>/[^"]+)"|at "(?P<host>[^"]+)".*?, port (?P<port>\d+))'),
        5432,
    ),
    (  # libpq before 14, in lines
        re.compile(r'on (?:Unix domain socket "(?P<socket>/[^"]+)"|host "(?P<host>[^"]+)"[^:]*port (?P<port>\d+))'),
        5432,
    ),
    (  # MySQL and MariaDB: `on 'localhost:3306' (111)`, `on '127.0.0.1' (115)`, `through socket '/run/mysqld.sock'`
        re.compile(
            r"Can't connect to .*?(?:through socket '(?P<socket>/[^']+)'|on '(?P<host>[^':]+)(?::(?P<port>\d+))?')"
        ),
        3306,
    ),
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
    hint = installing(raised, requirements)
    if setting := named_by_setting(raised):
        file, line, hint = None, None, words.named_in(setting, hint)
    elif raised.kind in ("OperationalError", "ProgrammingError") and NO_TABLE.search(raised.headline):
        hint = words.apply_migrations()
    elif name := missing_variable(raised):
        hint = words.set_variable(name)
    return Problem(raised.kind, cut(raised.headline), file, line, hint)


def missing_variable(raised: Raised) -> str | None:
    """The name that `os.environ["NAME"]` did not find, or that a package for settings asks for."""
    newest = raised.frames[-1] if raised.frames else None
    if raised.kind == "KeyError" and newest and newest.name == "__getitem__" and OS.search(newest.file):
        return raised.headline.strip("'") or None
    asked = ASKS_FOR_VARIABLE.match(raised.headline)
    return (asked[1] or asked[2]) if asked else None


OS = re.compile(r"<frozen os>$|/os\.py$")
ASKS_FOR_VARIABLE = re.compile(
    r"Set the (\w+) environment variable$"  # django-environ
    r"|(\w+) not found\. Declare it as envvar or define a default value\.$"  # python-decouple
)


def installing(raised: Raised, requirements: str | None) -> str | None:
    """How to get the package that is missing, if one is."""
    module = MISSING_MODULE.match(raised.headline)
    if module and "." not in module[1]:  # of a.b python says "No module named 'a'" where all of it is missing
        return words.install(distribution(module[1]), requirements)
    package = next((name for pattern, name in DRIVERS if pattern.match(raised.headline)), None)
    return words.install(package, requirements) if package else None


NO_TABLE = re.compile(
    r"no such (?:table|column): |(?:relation|column) .* does not exist"  # SQLite, PostgreSQL
    r"|Table '.*' doesn't exist|Unknown column '"  # MySQL
)
MISSING_MODULE = re.compile(r"No module named '?([\w.]+)'?$")
"""Python 2.7 quotes nothing."""
DRIVERS = (
    (re.compile(r"Error loading psycopg2 or psycopg module"), '"psycopg[binary]"'),
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
            return tree.relative(frame.file), frame.line or None  # 0 where python can't tell
    return None, None


def hands_over(frame: Frame) -> bool:
    """manage.py and wsgi.py are at the bottom of each traceback, and rarely to be mended."""
    return frame.source in ENTRANCES


ENTRANCES = (
    "execute_from_command_line(sys.argv)",
    "main()",
    "application = get_wsgi_application()",
    "application = get_asgi_application()",
)

SETTINGS_READERS = {
    ("/django/apps/config.py", "create"): "INSTALLED_APPS",
    ("/django/core/handlers/base.py", "load_middleware"): "MIDDLEWARE",
    ("/django/conf/__init__.py", "__init__"): "DJANGO_SETTINGS_MODULE",
    ("/django/urls/resolvers.py", "urlconf_module"): "ROOT_URLCONF",
    ("/django/template/utils.py", "__getitem__"): "TEMPLATES",
    ("/django/contrib/sessions/middleware.py", "__init__"): "SESSION_ENGINE",
}
IMPORTERS = re.compile(r"<frozen importlib|.*/importlib/__init__\.py$|.*/django/utils/module_loading\.py$")


def named_by_setting(raised: Raised) -> str | None:
    """The setting that names what cannot be imported: Django itself, reading that setting, imports it."""
    if raised.kind not in ("ModuleNotFoundError", "ImportError"):
        return None
    reader = next((frame for frame in reversed(raised.frames) if not IMPORTERS.match(frame.file)), None)
    if reader is None:
        return None
    places = SETTINGS_READERS.items()
    return next((name for (file, call), name in places if reader.file.endswith(file) and reader.name == call), None)


def cut(text: str) -> str:
    return words.shortened(text, MESSAGE_LIMIT)
