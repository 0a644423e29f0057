"""Every sentence that a person reads, as functions of plain values: summaries, errors, remarks in the log.

Short, plain, present tense, blaming nobody, saying whose move it is. The page's own words are in web/page/words.js.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fujita.django.problem import Problem


# systemd: what a socket unit passed, what the journal did not get


def passed_no_socket(fd: int, name: str) -> str:
    return f"systemd passed descriptor {fd} ({name}), which is no socket: write ListenStream=0.0.0.0:9000"


def passed_no_tcp(fd: int, name: str) -> str:
    return f"systemd passed descriptor {fd} ({name}), which is no TCP socket: write ListenStream=0.0.0.0:9000"


def passed_not_listening(fd: int, name: str) -> str:
    return f"systemd passed descriptor {fd} ({name}), which does not listen: remove Accept=yes"


def missing_in_the_journal(records: int) -> str:
    return f"{records} records of output came faster than the journal takes them, and are missing here"


# A project's summary. `who` is "Django", or the project's title when it runs a command of its own

SAVE, INSTALL, ANSWER, RESTART = "save", "install", "answer", "restart"
CONFIG, PRESS, NOBODY = "config", "press", "nobody"

MENDED_BY = {
    "AddressUnavailable": CONFIG,
    "BadAddress": CONFIG,
    "DatabaseUnreachable": RESTART,
    "DjangoMissing": INSTALL,
    "Killed": PRESS,
    "NoManagePy": CONFIG,
    "NotADatabase": NOBODY,
    "PortForbidden": CONFIG,
    "PortInUse": NOBODY,
    "UsageError": CONFIG,
    "WrongPython": CONFIG,
}
"""Whose move it is, by the kind of a problem whose message is a statement of ours."""


def mended_by(problem: Problem | None) -> str:
    """Whose move it is; an exception is mended by saving a file, if nothing has to be installed."""
    if problem is None:
        return SAVE
    if problem.address:
        return ANSWER
    missing = problem.hint is not None and "pip install" in problem.hint
    return MENDED_BY.get(problem.kind, INSTALL if missing else SAVE)


def waiting(path: str) -> str:
    return f"Waiting for {path}"


def starting(who: str) -> str:
    return f"{who} is starting"


def running(who: str) -> str:
    return f"{who} is running"


def stopping(who: str) -> str:
    return f"{who} is stopping"


def stopped(who: str) -> str:
    return f"{who} is stopped"


def backoff(who: str, seconds: float) -> str:
    return f"{who} keeps exiting: next try in {max(1, round(seconds))} s"


def broken(who: str, problem: Problem | None) -> str:
    """The process lives and does not serve: why, and what makes it go on."""
    if problem is None:
        return f"{who} could not start: it restarts when you save a fix"
    move = {
        SAVE: f"{who} restarts when you save a fix",
        INSTALL: "install it and press Restart, or save a fix",
        ANSWER: f"{who} restarts when it answers at {problem.address}",
        RESTART: "press Restart when it is there again",
        CONFIG: "change fujita.yml, then run fujita reload",
        PRESS: "press Restart",
        NOBODY: "press Restart",
    }[mended_by(problem)]
    return sentences(capital(place(problem)), move)


def exited(who: str, problem: Problem | None, code: int | None, signal: str | None, on_change: bool) -> str:
    """It ended by itself: why, and what makes it start again. `signal` is a name such as SIGKILL; `on_change`
    says whether a saved file starts it."""
    if problem:
        why = f"{who} exited: {place(problem)}"
    elif signal:
        why = f"{who} exited: {killed(signal)}"
    else:
        why = f"{who} exited with code {code}" if code else f"{who} exited"
    return sentences(why, next_start(problem, on_change))


def next_start(problem: Problem | None, on_change: bool) -> str:
    if problem is None:
        return "Fujita starts it again when you save a file" if on_change else "press Start to run it again"
    by_a_save = on_change and problem.kind != "DjangoMissing"  # no file names Django
    return {
        SAVE: "Fujita starts it again when you save a fix" if on_change else "press Start when it is mended",
        INSTALL: "install it and press Start, or save a fix" if by_a_save else "install it, then press Start",
        ANSWER: "press Start when it answers",
        RESTART: "press Start when it is there again",
        CONFIG: "change fujita.yml, then run fujita reload",
        PRESS: "press Start to run it again",
        NOBODY: "",
    }[mended_by(problem)]


def place(problem: Problem) -> str:
    """What is wrong, in a few words: where it is, if a file is known, else what was said."""
    if problem.kind == "DatabaseUnreachable":
        return "the database cannot be reached"
    if problem.kind == "SystemCheckError":
        return shortened(f"a system check failed: {problem.message}")
    if problem.kind in MENDED_BY or problem.kind in ("CommandError", "Error", "SystemExit"):
        return shortened(problem.message)
    if problem.file:
        return f"{problem.kind} in {problem.file}" + (f", line {problem.line}" if problem.line else "")
    return shortened(f"{problem.kind}: {problem.message}" if problem.message else problem.kind)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentences(what: str, move: str) -> str:
    """`SyntaxError in views.py: Django restarts …`, or two sentences where there is a colon already."""
    if not move:
        return what
    return f"{what.rstrip('.')}. {capital(move)}" if ":" in what else f"{what}: {move}"


def shortened(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


# What Django says is wrong: messages that are ours, and hints


def port_in_use(port: int | None, holder_name: str | None, pid: int | None, project: str | None = None) -> str:
    """`project` is the project of ours that holds it, if one does."""
    what = f"port {port} is in use" if port else "the port is in use"
    if project:
        return f"{what} by the project {project}"
    if holder_name:
        return f"{what} by {holder_name} (pid {pid})" if pid else f"{what} by {holder_name}"
    return what


def free_the_port() -> str:
    return "Stop the program that uses it, or choose another port in fujita.yml"


def port_forbidden() -> str:
    return "Django may not listen on that port"


def choose_a_high_port() -> str:
    return "Ports below 1024 belong to the administrator: choose one above in fujita.yml"


def address_unavailable() -> str:
    return "this machine does not have that address"


def choose_another_address() -> str:
    return "Use 0.0.0.0:8000 (reachable from outside the box) or 127.0.0.1:8000 as address in fujita.yml"


def host_unknown() -> str:
    return "the host name of the address is unknown"


def port_too_high() -> str:
    return "no port is above 65535"


def django_missing() -> str:
    return "this python has no Django"


def wrong_python(first: str) -> str:
    return f"this Django does not fit this python ({first})"


def choose_another_python() -> str:
    return "Choose another python for the project in fujita.yml, or install a Django that fits"


def python_2() -> str:
    return "this python is python 2, and the project is written for python 3"


def no_manage_py() -> str:
    return "there is no manage.py"


def say_where_manage_py_is() -> str:
    return "Check directory and manage in fujita.yml"


def check_the_options() -> str:
    return "Check options in fujita.yml"


def install(distribution: str, requirements: str | None) -> str:
    if requirements:
        return f"pip install -r {requirements} (or pip install {distribution}, if it is not listed there)"
    return f"pip install {distribution}"


def named_in(setting: str, install_it: str | None) -> str:
    """What cannot be imported is named by a setting, not by an import of the project's."""
    return f"{setting} names it: correct the name" + (f", or {install_it}" if install_it else "")


def look_at_template(template: str, line: str | None) -> str:
    where = f"Look at line {line} of {template}" if line else f"Look at {template}"
    return f"{where}, or of a template that it uses" if line else f"{where} and the templates that it uses"


def killed(signal: str) -> str:
    by = ", by somebody or because the machine ran out of memory" if signal == "SIGKILL" else ""
    return f"it was killed{by} ({signal})"


def out_of_memory() -> str:
    return "Somebody killed it, or the machine ran out of memory: give the box more (dmesg tells)"


def crashed_in_c() -> str:
    return "A module written in C crashed. PYTHONFAULTHANDLER=1 in its environment shows where"


def start_the_database(is_watched: bool) -> str:
    """`is_watched`: Fujita knows where it should answer, and tries."""
    what = "Start the database, or correct DATABASES in the settings"
    return what if is_watched else f"{what}, then press Restart"


def replace_the_file() -> str:
    return "Remove the file that DATABASES names, or put a database in its place, then press Restart"


def make_the_folder() -> str:
    return "Make the folder that DATABASES names, then press Restart"


def apply_migrations() -> str:
    return "A table or column is missing: run migrate (and makemigrations before it, if a model was changed)"


def set_variable(name: str) -> str:
    return f"The environment has no {name}: write it below environment in fujita.yml, then run fujita reload"


def more_errors(message: str, more: int) -> str:
    return f"{message} (and {more} more)" if more else message


def use_http() -> str:
    return "A browser asked for https, and Django's server speaks http only: use http://"


def no_traceback() -> str:
    return "Django shows no traceback while DEBUG is False"


# A project: what its summary needs beside Django's problems, and Fujita's remarks in its log


def who(title: str, has_command: bool) -> str:
    """Whom the summaries speak of."""
    return title if has_command else "Django"


def restarting(who: str) -> str:
    return f"{who} is restarting"


def held_by_kernel(who: str) -> str:
    return f"{who} can't be ended: the system does not let go of it. Restart the box (vagrant reload)"


def asks(who: str) -> str:
    return f"{who} waits for an answer"


def missing_path(path: object) -> str:
    return str(path)


def not_a_folder(path: object) -> str:
    return f"{path}: it is a file, and should be the folder where manage.py is"


def not_a_file(path: object) -> str:
    return f"{path}: it is a folder, and should be a file"


def not_readable(path: object) -> str:
    return f"{path}: it is there, but may not be read"


def unreachable(path: object, reason: str) -> str:
    """`reason` is the system's own word, such as Transport endpoint is not connected."""
    return f"{path}: it can't be reached, {reason}"


def not_executable(path: object) -> str:
    return f"{path}: it is there, but may not be run (chmod +x allows it)"


def missing_program(name: str) -> str:
    return f"the program {name}: it is not installed, or not where programs are looked for (PATH)"


def gone_while_running(who: str, missing: str) -> str:
    return f"Not there any more: {missing}. {who} goes on with what it has read"


def does_not_answer(path: object) -> str:
    return f"{path}: it does not answer. If that lasts, restart the box (vagrant reload)"


def unstartable(error: Exception) -> str:
    """Why the kernel would not start a program (execve(2), fork(2))."""
    if isinstance(error, OSError) and error.strerror:
        of = f" ({error.filename})" if error.filename else ""
        return f"it can't be started: {error.strerror}{of}"
    return f"it can't be started: {error}"


def said_started(who: str, pid: int) -> str:
    return f"{who} was started (pid {pid})"


def said_unstartable(who: str, message: str) -> str:
    return f"{who} was not started: {message}"


def said_exited(who: str, code: int | None, signal: str | None) -> str:
    if code is None and signal is None:
        return f"{who} ended; nobody knows how, since Fujita itself had been restarted"
    return f"{who} was ended by {signal}" if signal else f"{who} exited with code {code}"


def said_stopped(who: str) -> str:
    return f"{who} was stopped"


def said_starting_because(who: str, change: str) -> str:
    return f"{who} is started because {change}"


def said_restarting_because(who: str, change: str) -> str:
    return f"{who} is restarted because {change} and Django did not notice"


def changed(file: str, how: str) -> str:
    """`how` is saved, made or removed."""
    return f"{file} was {how}"


def said_database_answers(who: str, address: str) -> str:
    return f"{who} is restarted because its database answers at {address}"


def said_port_is_free(who: str, port: int) -> str:
    return f"{who} is started because port {port} is free"


def unkillable(pids: list[int]) -> str:
    held = ", ".join(str(pid) for pid in pids)
    return f"the system does not let go of process {held}: restart the box (vagrant reload)"


def said_run_started(command: str) -> str:
    return f"{command}: started"


def said_run_ended(command: str, code: int | None, signal: str | None, seconds: float) -> str:
    how = f"was ended by {signal}" if signal else f"ended with code {code}"
    return f"{command}: {how} after {seconds:.1f} s"


def busy(command: str) -> str:
    return f"{command} still runs: wait until it has ended, or stop it"


def unapplied(count: int) -> str:
    return "1 migration is not applied" if count == 1 else f"{count} migrations are not applied"


# The sidecar


def listening(url: str) -> str:
    return f"listening on {url}"


def sidecar_summary(running: int, projects: int, has_error: bool) -> str:
    summary = f"{running} of {projects} running"
    return f"{summary}; fujita.yml has a mistake" if has_error else summary


def no_config() -> str:
    return "there is no fujita.yml here and no /etc/fujita/fujita.yml: `fujita init` writes one"


def already_serves(config: object, pid: str) -> str:
    return f"{config} is already served by fujita (pid {pid}): stop that one first"


def console_port_in_use(port: int, holder: str | None, pid: int | None) -> str:
    by = f" by {holder} (pid {pid})" if pid else ""
    return f"port {port} is in use{by}: stop it, or change console.listen"


def cannot_listen(address: str, why: str) -> str:
    return f"can't listen on {address}: {why}; change console.listen"


def unsafe_folder(path: object) -> str:
    return f"{path} belongs to somebody else: remove it, or set RUNTIME_DIRECTORY"


def not_taken_over(project: str, why: str) -> str:
    return f"{project} begins anew, with an empty log: what an earlier sidecar left of it can't be used ({why})"


def not_kept(why: str) -> str:
    return f"this log is no longer kept on the disk: a restart of Fujita itself will empty it ({why})"


def said_adopted(who: str) -> str:
    return f"{who} went on while Fujita itself was restarted"


def ended_orphans(count: int) -> str:
    what = "1 process" if count == 1 else f"{count} processes"
    return f"ended {what} that an earlier sidecar left behind"


def config_changes(kind: str, name: str) -> str:
    return f"{name} was {kind}"


def listen_needs_restart(listen: str) -> str:
    return f"console.listen is {listen} now: restart Fujita for it"


# What the console and its API answer

FOREIGN_ORIGIN = "this request comes from another site's page: open the console itself and press there"
TOKEN_MISSING = "this console asks for its token: sign in, or send it as Authorization: Bearer"
TOKEN_WRONG = "That is not the token."
NOT_JSON = "the body must be JSON: send it with Content-Type: application/json"
INPUT_TOO_LONG = "that is more than 64 KiB: send it in parts"
NOT_A_REQUEST = "the server could not make sense of this request"


def foreign_host(host: str) -> str:
    shown = ascii(host[:80])
    return f"the host name {shown} is not known here: open localhost, or add it to console.allowed_hosts in fujita.yml"


def no_such_project(name: str, names: Iterable[str]) -> str:
    known = ", ".join(names)
    return f"there is no project {name}: " + (f"there is {known}" if known else "fujita.yml names none")


def no_such_command(name: str, names: Iterable[str]) -> str:
    known = ", ".join(names)
    shown = ascii(name[:80])
    return f"there is no command {shown}: " + (f"there is {known}" if known else "fujita.yml names none")


def no_such_page(path: str) -> str:
    return f"there is nothing at {path[:200]!a}: the console is at /"


def bad_number(name: str, value: str) -> str:
    return f"{name} must be a whole number, not {value[:40]!a}"


def bad_choice(name: str, value: str, choices: Iterable[str]) -> str:
    return f"{name} must be {' or '.join(choices)}, not {value[:40]!a}"


def bad_body(key: str) -> str:
    return f'the body must be a JSON object with a text: {{"{key}": "…"}}'


def nothing_runs(title: str) -> str:
    return f"{title} does not run: nothing reads what you type"


def nobody_reads(title: str) -> str:
    return f"{title} does not read what is typed: too much waits already, or its input is closed"


def config_kept(first: str) -> str:
    return f"the config was not taken, the old one stays in force: {first}"


def http_error(status: int) -> str:
    return {
        400: NOT_A_REQUEST,
        405: "this address does not take that method",
        413: "that is too much for one request",
        426: "this address is a WebSocket",
    }.get(status, "Fujita made a mistake: its log says more (journalctl -u fujita)")


# The demo

DEMO_INSTALLS = "Installing Django for the demo, once…"


def demo_folder(folder: str) -> str:
    return f"The demo's files are in {folder}: break bakery/bakery/views.py on purpose. Ctrl+C ends it."


def demo_failed(why: str) -> str:
    return f"the demo could not be set up: {why}"


def no_free_port(first: int) -> str:
    return f"no port from {first} to {first + 99} is free"


# The command line


def misused(message: str, command: str) -> str:
    return f"{message.rstrip('.')}: see `{command} --help`"


def no_sidecar(url: str, why: str) -> str:
    return f"no sidecar answers at {url} ({why}): start it (fujita serve, or sudo systemctl start fujita), or say --url"


def no_answer(url: str, seconds: float) -> str:
    return f"the sidecar at {url} did not answer within {seconds:g} s: restart it (sudo systemctl restart fujita)"


def not_a_sidecar(url: str) -> str:
    return f"what answers at {url} is not Fujita: say with --url where the console is"


def no_url(url: str) -> str:
    return f"{url[:200]!a} is no address of a console: write one like http://localhost:9000"


def say_the_token(was_wrong: bool) -> str:
    what = "that token is not the console's" if was_wrong else "this console asks for its token"
    return f"{what}: put it into $FUJITA_TOKEN"


def no_moment(text: str) -> str:
    return f"{text[:40]!a} is no moment: write 10m or 2h30m (ago), 14:05, or 2026-01-31T14:05"


def did(title: str, summary: str) -> str:
    return summary if summary.startswith(title) else f"{title}: {summary}"


def run_was_lost(command: str) -> str:
    return f"{command} ended with the sidecar, which was restarted: run it again"


def no_commands(title: str) -> str:
    return f"{title} has no commands: add some below `commands` in fujita.yml"


NOTHING_CHANGED = "nothing changed"


def sidecar_gone(url: str) -> str:
    return f"the sidecar at {url} is gone: waiting for it"


def sidecar_back() -> str:
    return "the sidecar is back"


def missing_records(project: str, count: int) -> str:
    return f"{project}: {count} records are missing here, they came faster than they were read"


def age(seconds: float) -> str:
    """How long something has been so: its largest unit is enough."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"


def some_errors(count: int) -> str:
    return "1 request ended in a 500" if count == 1 else f"{count} requests ended in a 500"


def runs(command: str) -> str:
    return f"{command} runs"


def no_folder(folder: str) -> str:
    return f"there is no folder {ascii(folder)[1:-1]}"


def cannot_write(path: object, why: str) -> str:
    return f"{path} can't be written: {why}"


def no_projects_below(folder: object) -> str:
    return f"no Django project was found below {folder}: none of its folders has a manage.py"


def found_projects(count: int) -> str:
    return "Found 1 project:" if count == 1 else f"Found {count} projects:"


def found_project(name: str, directory: str, port: int, settings: str | None) -> str:
    told = f"  {name}: {directory}/manage.py, port {port}".replace(" ./", " ")
    return f"{told}, settings {settings}" if settings else told


def wrote(file: str) -> str:
    return f"wrote {file}"


def kept(file: str) -> str:
    return f"kept  {file}, which was there"


def next_steps(wiring: str | None) -> str:
    """`wiring` is the folder that a Vagrantfile of theirs does not name yet."""
    wire = f'''
Add to your Vagrantfile, at its top and as the last line of Vagrant.configure:

    require_relative "{wiring}/fujita"
    Fujita.configure(config)
'''
    return f"""{wire if wiring else ""}
Next: look at fujita.yml, then `vagrant up` (in a box that runs: `vagrant reload --provision`) and open the address that
it prints. Without a box: `fujita serve`."""


def no_topic(topic: str, topics: Iterable[str]) -> str:
    return f"there is no topic {topic[:40]!a}: there is {', '.join(topics)}"


def not_shipped(name: str) -> str:
    return f"this installation lacks {name}: install Fujita again"


# fujita.yml: what is wrong in it, and what to write instead


EMPTY_TEXT = "is empty: write a text, or leave the key out"
BAD_TOKEN = "must be 1 to 200 letters, digits and signs of ASCII, without spaces: such as openssl rand -hex 16 gives"
NO_VALUE = 'has no value: write "" for an empty one'
NOT_A_LIST = "must be a list: write [one, two], or one a line, each after a dash"
NOT_A_TABLE = "must be a table: write one `key: value` a line, indented below it"
EMPTY_LIST = "names no program: write a program and its arguments, such as [make, css]"
KEY_IS_NO_TEXT = "a key must be a single text: write `key: value`"
NO_TABLE_TO_MERGE = "<< takes the keys of another table: write <<: *name, and &name before that table"
SECOND_DOCUMENT = "a second document begins here: write everything into one, without a line ---"
EMPTY_FILE = "the file is empty: write `projects:`, and below it a name and its `directory: …`"
NO_TABLE_AT_TOP = "the file must be a table: begin it with `projects:`"
NO_PROJECTS = "there are no projects: write a name, and below it its `directory: …`"
NOT_A_COMMAND = "must be a text, or a list of texts such as [make, css]"


def quoted(text: str, limit: int = 60) -> str:
    """Foreign text inside a sentence: short, and nothing in it can change how the line is read."""
    return repr(shortened(text, limit))


def printable(text: str) -> str:
    return text if text.isprintable() else quoted(text, 255)


def code_points(characters: Iterable[str]) -> str:
    """`A (U+0041), U+202E`: the first three that differ."""
    distinct = list(dict.fromkeys(characters))
    shown = [
        f"{char} (U+{ord(char):04X})" if char.isascii() and char.isprintable() else f"U+{ord(char):04X}"
        for char in distinct[:3]
    ]
    return ", ".join(shown) + (" …" if len(distinct) > 3 else "")


def shown_value(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "nothing"
    return (
        "a list" if isinstance(value, (list, tuple)) else "a table" if isinstance(value, dict) else quoted(str(value))
    )


def more_mistakes(count: int) -> str:
    return f"and {count} more mistakes" if count > 1 else "and 1 more mistake"


def not_text(value: object) -> str:
    return f"must be a text, not {shown_value(value)}"


def too_long(length: int, limit: int) -> str:
    return f"is {length:,} characters long: write {limit:,} at most"


def bad_name(name: str) -> str:
    if not name:
        return "a project needs a name: write one of a-z, 0-9, - and _"
    strange = [char for char in name if char not in "abcdefghijklmnopqrstuvwxyz0123456789-_"]
    has = f"has {code_points(strange)}" if strange else f"begins with {name[0]}"
    return f"{has}: a name is made of a-z, 0-9, - and _, and begins with a letter or digit"


def not_one_line(strange: Iterable[str]) -> str:
    return f"has {code_points(strange)}: write one line of plain text"


def not_a_switch(value: object) -> str:
    if isinstance(value, str):
        meant = {
            "true": "true",
            "yes": "true",
            "on": "true",
            "y": "true",
            "1": "true",
            "false": "false",
            "no": "false",
            "off": "false",
            "n": "false",
            "0": "false",
        }.get(value.lower())
        if meant:
            return f"is {quoted(value)}: write {meant}, without quotes"
    return f"must be true or false, not {shown_value(value)}"


def not_seconds(value: object) -> str:
    return f"must be seconds, from 0 to 3600, not {shown_value(value)}: write a number such as 5 or 0.5, without quotes"


def not_a_size(value: object) -> str:
    return f"must be a size up to 1 GiB, not {shown_value(value)}: write 8 MiB, 512 KiB, or a number of bytes"


def not_an_address(address: str) -> str:
    return f'must be a port, or host:port, not {quoted(address)}: write 8000, 0.0.0.0:8000 or "[::1]:8000"'


def bad_port(address: str) -> str:
    return f"must have a port from 1 to 65535, not {quoted(address)}: write 0.0.0.0:8000"


def not_a_host(host: str) -> str:
    return f"must be a host name, not {quoted(host)}: write it without scheme, port and *, such as box.example.com"


def not_a_url(url: str) -> str:
    return f"must be the address of a page, not {quoted(url)}: write http://… or https://…"


def not_a_module(name: str) -> str:
    dotted = name.removesuffix(".py").replace("/", ".").strip(".")
    instead = dotted if dotted.replace(".", "_").isidentifier() else "mysite.settings"
    return f"must be the name of a module, not {quoted(name)}: write {shortened(instead, 60)}"


def not_a_restart(value: str) -> str:
    return f"must be on-change, always or never, not {quoted(value)}"


def not_a_variable(name: str) -> str:
    return f"must be the name of a variable, not {quoted(name)}: write one without ="


def not_arguments(why: str) -> str:
    return f"can't be taken apart ({why.lower()}): close the quotes, or write a list"


def missing_key(key: str) -> str:
    return f"has no {key}: add `{key}: …` below it"


def unknown_key(meant: str | None, known: Iterable[str]) -> str:
    return (
        f"there is no such key: did you mean {meant}?"
        if meant
        else (f"there is no such key: choose from {', '.join(known)}")
    )


def name_is_the_key(name: str) -> str:
    return f"a project's name is the key above it ({shortened(printable(name), 64)}): write title for what people read"


def each_its_own(key: str) -> str:
    return f"{key} can't have a default: write it in each project"


def same_port(port: int, other: str, place: tuple[int, int] | None, free: int) -> str:
    where = f" (line {place[0]}, column {place[1]})" if place else ""
    return f"port {port} is also that of {other}{where}: write another, such as 0.0.0.0:{free}"


def duplicate_key(first: tuple[int, int]) -> str:
    return f"is given already in line {first[0]}, column {first[1]}: remove one of them"


def foreign_tag(tag: str) -> str:
    return f"the tag {quoted(tag)} means nothing here: write the value itself"


def bad_alias(name: str, inside: bool) -> str:
    if inside:
        return f"*{shortened(name, 60)} stands inside of what it names: write the value itself"
    return f"*{shortened(name, 60)} names nothing above it: write &{shortened(name, 60)} before what you mean"


def too_deep(limit: int) -> str:
    return f"more than {limit} levels stand in each other: no key here needs them"


def too_many_values(limit: int) -> str:
    return f"more than {limit:,} values, those that an alias stands for counted: write fewer"


def no_text_has(characters: Iterable[str]) -> str:
    return f"has {code_points(characters)}, which no text has: remove it"


def no_yaml(problem: str, context: str, begun: tuple[int, int]) -> str:
    """The parser's words, and ours for what happens most. PyYAML's two parsers speak a little differently."""
    for theirs, ours in NO_YAML.items():
        if theirs in problem:
            return ours.format(f"line {begun[0]}, column {begun[1]}")
    return f"can't be read: {shortened(problem)}" + (f" ({shortened(context)})" if context else "")


NO_YAML = {
    "cannot start any token": "a tab or another sign that YAML does not know here: indent with spaces, quote texts",
    "mapping values are not allowed": "a `key: value` can't stand here: align it, or quote the text",
    "could not find expected ':'": "there is no colon after the key above: write `key: value`",
    "did not find expected key": "does not fit the lines above: align it with them, or quote the text",
    "expected <block end>": "does not fit the lines above: align it with them, or quote the text",
    "did not find expected '-' indicator": "does not fit the list above: begin the line with a dash",
    "unexpected end of stream": "the quotes of {} are not closed: close them",
    "expected ',' or ']'": "the list of {} goes on here: close it with ], or write a comma",
    "expected ',' or '}'": "the table of {} goes on here: close it with }}, or write a comma",
    "node content": "a value is missing here",
    "<document start>": "stands behind the end of what the file says: remove it, or quote the text before it",
    "maximum nesting depth": "too many levels stand in each other: no key here needs them",
}
NO_YAML_CHARACTER = "a character in it, or an escape in quotes, is no character: remove it"


def cannot_read(why: str) -> str:
    return f"can't be read: {why}"


def not_a_regular_file(kind: str) -> str:
    return f"is {kind}: put a file there"


def too_big(size: int, limit: int) -> str:
    return f"has {size:,} bytes: a config has {limit:,} at most"


def other_encoding(encoding: str) -> str:
    return f"is written in {encoding}: save it as UTF-8"


def not_utf_8(byte: int) -> str:
    return f"has byte 0x{byte:02X}, which is no UTF-8: save the file as UTF-8"


# fujita check


def check_passed(config: object, listen: str) -> str:
    return f"{config} has no mistakes. The console listens on {listen}."


def check_headline(name: str, what: str, address: str | None) -> str:
    return f"{name}: {what}" + (f", on {address}" if address else "")


def check_not_there(name: str) -> str:
    return f"{name}: its folder is not there yet, Fujita waits for it"


def check_versions(python: str | None, django: str | None) -> str:
    if python is None:
        return "no python"
    return f"Django {django}, Python {python}" if django else f"no Django, Python {python}"


def check_command(command: str | tuple[str, ...]) -> str:
    return f"runs {shortened(command if isinstance(command, str) else ' '.join(command))}"


def check_missing(path: object) -> str:
    return f"{path} is not there"


def check_no_python(python: str, why: str) -> str:
    return f"{python} can't be started: {why}"


def check_silent(python: str) -> str:
    return f"{python} does not say which python it is"


def check_no_django(python: str) -> str:
    return f"{python} has no Django: install it there, or choose another python"
