"""What every handler does before and after its own work: the guard, the headers, errors as one JSON sentence."""

from __future__ import annotations

import http
import json
from typing import Any

from tornado.web import HTTPError, RequestHandler

from fujita import words
from fujita.project.project import Project
from fujita.supervisor import Supervisor
from fujita.web import guard


class Answer(HTTPError):
    """An error that the client is told in one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, reason=reason(status))
        self.sentence = sentence


class Handler(RequestHandler):
    """Asks the guard before anything else; `project` finds the one that the path names."""

    supervisor: Supervisor

    def initialize(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor

    def set_default_headers(self) -> None:
        for name, value in guard.HEADERS.items():
            self.set_header(name, value)
        self.clear_header("Server")

    def prepare(self) -> None:
        console = self.supervisor.config.console if self.supervisor.config else None
        request = self.request
        upgrades = request.headers.get("Upgrade", "").lower() == "websocket"
        refused = guard.refusal(
            request.method or "",
            request.path,
            request.headers,
            upgrades=upgrades,
            allowed_hosts=console.allowed_hosts if console else (),
        )
        if refused is None and console and console.token and request.path not in guard.OPEN_PATHS:
            cookie = self.get_cookie(self.cookie_name)
            if not guard.token_matches(console.token, request.headers, cookie):
                refused = guard.Refusal(401, words.TOKEN_MISSING)
        if refused:
            raise Answer(refused.status, refused.sentence)

    @property
    def cookie_name(self) -> str:
        return guard.cookie_name(self.request.headers.get("Host", ""))

    def project(self, name: str) -> Project:
        try:
            return self.supervisor.projects[name]
        except KeyError:
            raise Answer(404, words.no_such_project(name, self.supervisor.projects)) from None

    def answer(self, told: dict[str, Any], status: int = 200) -> None:
        self.answer_line(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n", status)

    def answer_line(self, line: bytes, status: int = 200) -> None:
        self.set_status(status, reason(status))
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(line)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if status_code == 405:
            self.set_header("Allow", ", ".join(self._methods()))  # RFC 9110 §15.5.6
        raised = kwargs.get("exc_info", (None, None))[1]
        sentence = raised.sentence if isinstance(raised, Answer) else words.http_error(status_code)
        if status_code == 401 and self._is_page():
            self.render("sign-in.html", next_page=guard.path_of_ours(self.request.path), message="")
        else:
            self.answer({"error": sentence}, status_code)

    def _methods(self) -> list[str]:
        refused = RequestHandler._unimplemented_method
        return [name for name in self.SUPPORTED_METHODS if getattr(type(self), name.lower()) is not refused]

    def _is_page(self) -> bool:
        return self.request.method == "GET" and "text/html" in self.request.headers.get("Accept", "")


def json_object(body: bytes, content_type: str, key: str) -> str:
    """The text under `key` of a JSON object; Answer says what is wrong with the body otherwise."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Answer(415, words.NOT_JSON)
    try:
        told = json.loads(body, parse_int=float)  # an int of 100,000 digits costs seconds (CVE-2020-10735)
        value = told[key]
        value.encode()
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise Answer(422, words.bad_body(key)) from None
    return str(value)


class NotFound(Handler):
    """Every path that no row of the contract names."""

    def prepare(self) -> None:
        super().prepare()
        raise Answer(404, words.no_such_page(self.request.path))


def reason(status: int) -> str:
    """The status's own phrase: never a text of ours, which would go into a header line."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
