"""What can be wrong with a Django project, and what Fujita says of it: a table. HERE marks the line to mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Edit = Callable[[str], str | None]
"""The text of a file → its new text, or None: the file is gone."""


@dataclass(frozen=True)
class Case:
    """`edits` break the project of tests/projects/blog; it comes to `state` with a problem of `kind`, in the file and
    line that are marked HERE. `summary` and `hint` are beginnings, the summary's where it does not follow from the
    rest. Restored files make it run again by themselves, if `heals`."""

    name: str
    edits: Mapping[str, Edit]
    state: str = "broken"
    kind: str | None = None
    summary: str = ""
    config: str = ""
    heals: bool = True
    oldest: str = "1.11"
    newest: str = "99"
    file: str | None = None
    hint: str | None = None
    by_version: Mapping[str, str] = field(default_factory=dict)
    """Kinds that differ from `kind`; python 2.7 has no ModuleNotFoundError anyway."""


def append(text: str) -> Edit:
    return lambda old: f"{old.rstrip()}\n{text}\n"


def replace(old: str, new: str) -> Edit:
    return lambda text: text.replace(old, new)


def write(text: str) -> Edit:
    return lambda old: text


def gone(old: str) -> None:
    return None


VIEWS, URLS, MODELS, APPS = "polls/views.py", "mysite/urls.py", "polls/models.py", "polls/apps.py"
SETTINGS, WSGI, MANAGE, MIGRATION = (
    "mysite/settings.py",
    "mysite/wsgi.py",
    "manage.py",
    "polls/migrations/0001_initial.py",
)
CHECK = """
from django.core import checks

@checks.register()
def odd(app_configs, **kwargs):
    return [checks.{level}("The thing is {what}.", hint="Do the other thing.", id="polls.X001")]
"""
FAILED_CHECK = CHECK.format(level="Error", what="wrong")
CHECK_FAILED = "A system check failed: ?: (polls.X001) The thing is wrong. Django restarts when you save a fix"
READY = "\n    def ready(self):\n        raise RuntimeError('not ready')  # HERE"
CAUSED = "try:\n    {}['x']\nexcept KeyError as error:\n    raise RuntimeError('chained') from error  # HERE"
GROUP = "raise ExceptionGroup('several', [ValueError('one'), TypeError('two')])  # HERE"
CIRCULAR = "from mysite.urls import urlpatterns  # HERE"
POSTGRES = "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'x'}}"
SIGNAL = "import os, signal\nos.kill(os.getpid(), signal.{})"
SESSIONS = """
INSTALLED_APPS += ['django.contrib.sessions']
MIDDLEWARE = MIDDLEWARE_CLASSES = ['django.contrib.sessions.middleware.SessionMiddleware']
SESSION_ENGINE = 'django.contrib.sessions.backends.nosuch'
"""
MYSQL = "DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql', 'NAME': 'x'}}"

BROKEN = (
    Case("views: SyntaxError", {VIEWS: append("def broken(:  # HERE")}, kind="SyntaxError"),
    Case(
        "views: TabError", {VIEWS: append("def f():\n        if 1:\n\treturn 1  # HERE")}, kind="TabError", oldest="2.2"
    ),
    Case(
        "views: unknown encoding",
        {VIEWS: lambda old: f"# coding: nosuch\n{old}"},
        kind="SyntaxError",
        file="polls/views.py",
        summary="SyntaxError in polls/views.py",  # python 2.7 names line 1, others none
    ),
    Case("views: IndentationError", {VIEWS: append("def f():\nreturn 1  # HERE")}, kind="IndentationError"),
    Case(
        "views: missing package",
        {VIEWS: append("import nosuchmodule  # HERE")},
        kind="ModuleNotFoundError",
        summary="{kind} in polls/views.py, line {line}: install it and press Restart, or save a fix",
    ),
    Case("views: name that a module lacks", {VIEWS: append("from os import nosuch  # HERE")}, kind="ImportError"),
    Case("views: chained exceptions", {VIEWS: append(CAUSED)}, kind="RuntimeError", oldest="2.2"),
    Case("views: exception group", {VIEWS: append(GROUP)}, kind="ExceptionGroup", oldest="4.2"),
    Case("views: circular import", {VIEWS: append(CIRCULAR)}, kind="ImportError"),
    Case("urls: AttributeError", {URLS: append("views.nosuch  # HERE")}, kind="AttributeError"),
    Case(
        "urls: nothing in it",
        {URLS: write("")},
        kind="ImproperlyConfigured",
        summary="ImproperlyConfigured: The includ",
    ),
    Case("models: NameError", {MODELS: append("NOSUCH  # HERE")}, kind="NameError"),
    Case(
        "models: TypeError",
        {MODELS: append("class A(models.Model):\n    q = models.ForeignKey(Question)  # HERE")},
        kind="TypeError",
        oldest="2.2",
    ),
    Case("apps: SyntaxError", {APPS: append("class (:  # HERE")}, kind="SyntaxError"),
    Case("apps: ready raises", {APPS: append(READY)}, kind="RuntimeError"),
    Case(
        "INSTALLED_APPS: missing",
        {SETTINGS: append("INSTALLED_APPS += ['nosuchapp']")},
        kind="ModuleNotFoundError",
        summary="{kind}: No module named 'nosuchapp'. Install it and press Restart, or save a fix",
        hint="INSTALLED_APPS names it: correct the name, or pip install nosuchapp",
    ),
    Case(
        "ROOT_URLCONF: missing",
        {SETTINGS: append("ROOT_URLCONF = 'mysite.nosuch'")},
        kind="ModuleNotFoundError",
        summary="{kind}: No module named 'mysite.nosuch'. Django restarts when you save a fix",
        hint="ROOT_URLCONF names it: correct the name",
        oldest="2.2",  # python 2.7 names the module without its package
    ),
    Case(
        "SESSION_ENGINE: missing",
        {SETTINGS: append(SESSIONS)},
        kind="ModuleNotFoundError",
        summary="{kind}: No module named 'django.contrib.sessions.backends.nosuch'",
        hint="SESSION_ENGINE names it: correct the name",
        oldest="2.2",
    ),
    Case(
        "DATABASES: bad ENGINE",
        {SETTINGS: append("DATABASES['default']['ENGINE'] = 'nosuch'")},
        kind="ImproperlyConfigured",
    ),
    Case(
        "DATABASES: no PostgreSQL driver",
        {SETTINGS: append(POSTGRES)},
        kind="ImproperlyConfigured",
        summary="ImproperlyConfigured: Error loading psycopg2",
    ),
    Case(
        "DATABASES: no MySQL driver",
        {SETTINGS: append(MYSQL)},
        kind="ImproperlyConfigured",
        summary="ImproperlyConfigured: Error loading MySQLdb module",
    ),
    Case(
        "DATABASES: missing folder",
        {SETTINGS: append("DATABASES['default']['NAME'] = os.path.join(BASE_DIR, 'data', 'db.sqlite3')")},
        kind="DatabaseUnreachable",
        summary="The database cannot be reached: press Restart when it is there again",
    ),
    Case("a failed check", {MODELS: append(FAILED_CHECK)}, kind="SystemCheckError", summary=CHECK_FAILED),
    Case(
        "wsgi.py: missing package",
        {WSGI: append("import nosuchmodule  # HERE")},
        kind="ModuleNotFoundError",
        summary="{kind} in mysite/wsgi.py, line {line}: install it and press Restart, or save a fix",
    ),
    Case("wsgi.py: NameError", {WSGI: append("nosuch  # HERE")}, kind="NameError"),
    Case(
        "MIDDLEWARE: missing",
        {SETTINGS: append("MIDDLEWARE = ['nosuch.Middleware']")},
        kind="ModuleNotFoundError",
        summary="{kind}: No module named 'nosuch'. Install it",
        hint="MIDDLEWARE names it: correct the name",
    ),
    Case("migration: SyntaxError", {MIGRATION: append("def (  # HERE")}, kind="SyntaxError"),
)

EXITED = (
    Case("settings: SyntaxError", {SETTINGS: append("DEBUG = = 1  # HERE")}, "exited", "SyntaxError"),
    Case("settings: NameError", {SETTINGS: append("DEBUG = Ture  # HERE")}, "exited", "NameError"),
    Case(
        "settings: missing package",
        {SETTINGS: append("import nosuchmodule  # HERE")},
        "exited",
        "ModuleNotFoundError",
        "Django exited: {kind} in mysite/settings.py, line {line}. Install it and press Start, or save a fix",
    ),
    Case(
        "settings: sys.exit",
        {SETTINGS: append("import sys\nsys.exit('no SECRET in the environment')")},
        "exited",
        "SystemExit",
        "Django exited: no SECRET in the environment. Fujita starts it again when you save a fix",
    ),
    Case("manage.py: SyntaxError", {MANAGE: append("def (:  # HERE")}, "exited", "SyntaxError"),
    Case(
        "views: sys.exit",
        {VIEWS: append("sys.exit('bye from views')")},
        "exited",
        "SystemExit",
        "Django exited: bye from views. Fujita starts it again when you save a fix",
        oldest="2.2",  # 1.11 says it and waits, without a word of its own
    ),
    Case(
        "views: KeyboardInterrupt",
        {VIEWS: append("raise KeyboardInterrupt")},
        "exited",
        None,
        "Django exited: Fujita starts it again when you save a file",
        oldest="2.2",  # 1.11 shows its traceback and waits
    ),
)

AT_START = (
    Case(
        "TEMPLATES: missing BACKEND",
        {SETTINGS: append("TEMPLATES[0]['BACKEND'] = 'nosuch.Templates'")},
        "exited",
        "ModuleNotFoundError",
        "Django exited: {kind}: No module named 'nosuch'. Install it and press Start, or save a fix",
        hint="TEMPLATES names it: correct the name",
        oldest="3.2",  # earlier ones look when a template is asked for
    ),
    Case(
        "templatetags: SyntaxError",
        {"polls/templatetags/__init__.py": write(""), "polls/templatetags/x.py": write("def (  # HERE\n")},
        "exited",
        "SyntaxError",
        oldest="3.2",  # earlier ones import them when a template is made
    ),
    Case(
        "views: null byte",
        {VIEWS: append("\0")},
        kind="SyntaxError",
        file="mysite/urls.py",
        oldest="2.2",  # to python 2.7 it is the end of the file
        by_version={"2.2": "ValueError", "3.2": "ValueError"},
    ),
    Case(
        "settings: module missing",
        {},
        "exited",
        "ModuleNotFoundError",
        "Django exited: {kind}: No module",
        "settings: mysite.nosuch",
        heals=False,
    ),
    Case(
        "--noreload: SyntaxError",
        {VIEWS: append("def (  # HERE")},
        "exited",
        "SyntaxError",
        config="options: [--noreload]",
    ),
    Case(
        "--noreload: failed check",
        {MODELS: append(FAILED_CHECK)},
        "exited",
        "SystemCheckError",
        "Django exited: a system check failed: ?: (polls.X001)",
        config="options: [--noreload]",
    ),
    Case(
        "--force-color: failed check",
        {MODELS: append(FAILED_CHECK)},
        kind="SystemCheckError",
        summary=CHECK_FAILED,
        config="options: [--force-color]",
        oldest="2.2",
    ),
    Case(
        "in colours: SyntaxError",
        {VIEWS: append("def broken(:  # HERE")},
        kind="SyntaxError",
        config="environment: {{FORCE_COLOR: 1}}",
    ),
    Case(
        "in German: failed check",
        {SETTINGS: append("LANGUAGE_CODE = 'de'"), MODELS: append(FAILED_CHECK)},
        kind="SystemCheckError",
        summary=CHECK_FAILED,
    ),
    Case(
        "SECRET_KEY: empty",
        {SETTINGS: append("SECRET_KEY = ''")},
        "exited",
        "ImproperlyConfigured",
        "Django exited: ImproperlyConfigured: The SECRET_KEY setting must not be empty. Fujita starts it again when",
        newest="2.2",
    ),
    Case("SECRET_KEY: empty, and Django serves", {SETTINGS: append("SECRET_KEY = ''")}, "running", oldest="3.2"),
    Case(
        "a crash in C",
        {VIEWS: append(SIGNAL.format("SIGSEGV"))},
        "exited",
        "Killed",
        "Django exited: it was killed (SIG",
    ),
    Case(
        "out of memory",
        {VIEWS: append(SIGNAL.format("SIGKILL"))},
        "exited",
        "Killed",
        "Django exited: it was killed, by",
    ),
    Case(
        "os._exit",
        {VIEWS: append("import os\nos._exit(7)")},
        "exited",
        None,
        "Django exited with code 7: Fujita starts",
    ),
    Case(
        "address: taken",
        {},
        "exited",
        "PortInUse",
        "Django exited: port {taken} is in use by ",
        "address: 127.0.0.1:{taken}",
        heals=False,
    ),
    Case("a check's warning", {MODELS: append(CHECK.format(level="Warning", what="odd"))}, "running", heals=False),
    Case("no manage.py", {MANAGE: gone}, "waiting", None, "Waiting for {folder}/manage.py"),
    Case(
        "options: unknown",
        {},
        "exited",
        "UsageError",
        "Django exited: unrecognized arguments: --nosuch. Change fujita.yml",
        "options: [--nosuch]",
        heals=False,
    ),
    Case(
        "address: of another machine",
        {},
        "exited",
        "AddressUnavailable",
        "Django exited: this machine does not have that address. Change fujita.yml",
        "address: 192.0.2.1:{port}",
        heals=False,
    ),
    Case(
        "address: unknown host",
        {},
        "exited",
        "AddressUnavailable",
        "Django exited: the host name of the address is unknown. Change fujita.yml",
        "address: nosuch.invalid:{port}",
        heals=False,
    ),
    Case(
        "DEBUG off without ALLOWED_HOSTS",
        {SETTINGS: append("DEBUG = False\nALLOWED_HOSTS = []")},
        "exited",
        "CommandError",
        "Django exited: You must set settings.ALLOWED_HOSTS if DEBUG is False. Fujita starts it again",
    ),
    Case(
        "DATABASES: not a database",
        {"db.sqlite3": write("this is no database, " * 100)},
        "broken",
        "NotADatabase",
        "File is not a database: press Restart",
        heals=False,
    ),
)

WHILE_RUNNING = tuple(case for case in BROKEN + EXITED if not case.name.startswith("migration"))
"""Django does not watch migrations while they are fine."""
DIFFERENT = tuple(
    case
    for case in BROKEN + EXITED + AT_START
    if case.name.startswith("SECRET_KEY")
    or case.name
    in (
        "views: null byte",
        "views: exception group",
        "INSTALLED_APPS: missing",
        "DATABASES: no PostgreSQL driver",
        "a failed check",
        "wsgi.py: missing package",
        "MIDDLEWARE: missing",
        "manage.py: SyntaxError",
        "address: taken",
        "out of memory",
    )
)
"""Where the versions of Django, or the pythons they run on, say or do it differently."""
SHORT = tuple(
    case
    for case in BROKEN + EXITED
    if case.name
    in (
        "views: SyntaxError",
        "views: missing package",
        "a failed check",
        "wsgi.py: NameError",
        "settings: NameError",
        "views: sys.exit",
    )
)
"""One of each way that Django has to fail."""
