"""The HTTP rows of the contract: each handler finds the project, asks it, and answers with what it then is."""

from __future__ import annotations

import re

import tornado.iostream

import fujita
from fujita import words
from fujita.config.load import ConfigError
from fujita.project.runs import Busy
from fujita.project.states import Event
from fujita.stream.cache import Cache
from fujita.web import guard
from fujita.web.handler import Answer, Handler, json_object

ACTIONS = {"start": Event.START, "stop": Event.STOP, "restart": Event.RESTART, "kill": Event.KILL}
SEND_SIZE = 256 * 1024
"""Bytes of a log that are read from the cache at once; the next ones only when these were taken."""
INPUT_LIMIT = 64 * 1024
NUMBER = re.compile(r"[0-9]{1,9}")


class Healthz(Handler):
    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish("ok\n")


class Projects(Handler):
    def get(self) -> None:
        supervisor = self.supervisor
        self.answer(
            {
                "projects": [project.status.json for project in supervisor.projects.values()],
                "config": {"path": str(supervisor.config_path), "error": supervisor.error},
                "version": fujita.__version__,
                "host": {"folders": dict(supervisor.host.folders)},
            }
        )


class OneProject(Handler):
    def get(self, name: str) -> None:
        self.answer_line(self.project(name).status.line)


class Action(Handler):
    def post(self, name: str, action: str) -> None:
        project = self.project(name)
        changed = project.ask(ACTIONS[action])
        self.answer_line(project.status.line, 202 if changed else 200)


class StartRun(Handler):
    def post(self, name: str) -> None:
        project = self.project(name)
        command = json_object(self.request.body, self.request.headers.get("Content-Type", ""), "command")
        try:
            self.answer({"run": project.runs.start(command)}, 202)
        except KeyError:
            raise Answer(404, words.no_such_command(command, project.config.commands)) from None
        except Busy as busy:
            raise Answer(409, str(busy)) from None
        except (OSError, ValueError) as error:
            raise Answer(409, words.unstartable(error)) from None


class StopRun(Handler):
    def post(self, name: str) -> None:
        project = self.project(name)
        stopping = project.runs.stop()
        self.answer_line(project.status.line, 202 if stopping else 200)


class Input(Handler):
    def post(self, name: str) -> None:
        project = self.project(name)
        text = json_object(self.request.body, self.request.headers.get("Content-Type", ""), "text")
        if not project.alive:
            raise Answer(409, words.nothing_runs(project.config.title))
        if len(text.encode()) > INPUT_LIMIT:
            raise Answer(413, words.INPUT_TOO_LONG)
        if not project.type(text):
            raise Answer(409, words.nobody_reads(project.config.title))
        self.set_status(204)
        self.finish()


class Log(Handler):
    """The cache as it is now, in pieces: a slow reader costs one piece, not a copy of the cache."""

    async def get(self, name: str) -> None:
        cache = self.project(name).cache
        ndjson = self._choice("format", ("text", "ndjson")) == "ndjson"
        cursor = self._first(cache)
        self.set_header("Content-Type", "application/x-ndjson" if ndjson else "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        if self.get_query_argument("download", None) is not None:
            kind = "ndjson" if ndjson else "log"
            self.set_header("Content-Disposition", f'attachment; filename="{name}.{kind}"')
        last = cache.next - 1
        try:
            while cursor < last:
                batch = cache.after(cursor, SEND_SIZE)
                cursor = batch.last
                self.write(batch.lines if ndjson else "".join([record.text for record in batch.records]))
                await self.flush()
            await self.finish()
        except tornado.iostream.StreamClosedError:
            return

    def _first(self, cache: Cache) -> int:
        asked = self.get_query_argument("lines", None)
        if asked is None:
            return cache.first - 1
        if not NUMBER.fullmatch(asked):
            raise Answer(400, words.bad_number("lines", asked))
        return cache.cursor_of_last_lines(int(asked))

    def _choice(self, name: str, choices: tuple[str, ...]) -> str:
        asked = self.get_query_argument(name, choices[0])
        if asked not in choices:
            raise Answer(400, words.bad_choice(name, asked, choices))
        return asked


class Reload(Handler):
    async def post(self) -> None:
        try:
            changes = await self.supervisor.reload()
        except ConfigError as error:
            mistakes = [str(mistake) for mistake in error.mistakes]
            self.answer({"error": words.config_kept(mistakes[0]), "mistakes": mistakes}, 422)
        else:
            self.answer({"changes": changes})


class SignIn(Handler):
    """Asks for the token once, and keeps what follows from it in a cookie."""

    def get(self) -> None:
        self._ask("")

    def post(self) -> None:
        console = self.supervisor.config.console if self.supervisor.config else None
        next_page = guard.path_of_ours(self.get_body_argument("next", "/"))
        if not console or not console.token:
            self.redirect(next_page, status=303)
        elif guard.same(self.get_body_argument("token", "", strip=True), console.token):
            self.set_cookie(
                self.cookie_name,
                guard.cookie_for(console.token),
                httponly=True,
                samesite="Strict",
                path="/",
                expires_days=30,
            )
            self.redirect(next_page, status=303)
        else:
            self.set_status(401)
            self._ask(words.TOKEN_WRONG)

    def _ask(self, message: str) -> None:
        self.set_header("Cache-Control", "no-store")
        next_page = self.get_argument("next", "/")
        self.render("sign-in.html", next_page=guard.path_of_ours(next_page), message=message)


class SignOut(Handler):
    def post(self) -> None:
        self.clear_cookie(self.cookie_name, path="/")
        self.redirect("/", status=303)
