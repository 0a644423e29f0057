"""Finds the sidecar and speaks HTTP with it. It knows the API and nothing of the sidecar's insides: no other part of
Fujita is imported for it, so that a command answers at once."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import time
from argparse import Namespace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from fujita import words
from fujita.cli.failure import MISUSED, UNAVAILABLE, Failure
from fujita.config.find import find

PATIENCE = 5.0
"""Seconds in which a sidecar must answer."""
DEFAULT = "127.0.0.1:9000"
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "0": "127.0.0.1", "::": "::1"}
"""Where to connect to when the sidecar listens everywhere."""

Json = dict[str, Any]


class Console(NamedTuple):
    """Where a sidecar is, and the token that it may ask for."""

    host: str
    port: int
    token: str | None

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}/"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


class Client:
    """One sidecar's API; what it says is wrong becomes a `Failure` with its own sentence."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def get(self, path: str) -> Json:
        return self._object("GET", path)

    def post(self, path: str, body: Json | None = None, patience: float = PATIENCE) -> Json:
        return self._object("POST", path, body, patience)

    def names(self) -> list[str]:
        """The projects, in the order of fujita.yml."""
        return [project["project"] for project in self.get("/api/projects")["projects"]]

    def text(self, path: str) -> str:
        """An answer that is no object: a log."""
        return self._ask("GET", path, None, PATIENCE).decode("utf-8", "replace")

    def _object(self, method: str, path: str, body: Json | None = None, patience: float = PATIENCE) -> Json:
        answer = self._ask(method, path, body, patience)
        return dict(json.loads(answer)) if answer else {}

    def _ask(self, method: str, path: str, body: Json | None, patience: float) -> bytes:
        console, began = self.console, time.monotonic()
        connection = http.client.HTTPConnection(console.host, console.port, timeout=patience)
        headers = {**console.headers, **({"Content-Type": "application/json"} if body else {})}
        try:
            connection.connect()
            connection.sock.settimeout(max(0.1, patience - (time.monotonic() - began)))
            connection.request(method, path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            answer = response.read()
        except TimeoutError:
            raise Failure(words.no_answer(console.url, patience), UNAVAILABLE) from None
        except (http.client.HTTPException, ValueError):
            raise Failure(words.not_a_sidecar(console.url), UNAVAILABLE) from None
        except OSError as error:
            raise Failure(words.no_sidecar(console.url, error.strerror or str(error)), UNAVAILABLE) from None
        finally:
            connection.close()
        if response.status >= 400:
            raise refusal(console, answer, response.status)
        if not response.getheader("Content-Security-Policy"):
            raise Failure(words.not_a_sidecar(console.url), UNAVAILABLE)
        return answer


def refusal(console: Console, answer: bytes, status: int) -> Failure:
    """What an error of the API says; something else than the API does not say it as JSON."""
    try:
        told = json.loads(answer)
        sentence = str(told["error"])
    except (ValueError, TypeError, KeyError):
        return Failure(words.not_a_sidecar(console.url), UNAVAILABLE)
    if status == 401:
        return Failure(words.say_the_token(bool(console.token)))
    return Failure("\n".join(told["mistakes"]) if told.get("mistakes") else sentence)


def connect(arguments: Namespace) -> Client:
    """The client of the sidecar at --url, at $FUJITA_URL, or where fujita.yml says that it listens."""
    listen, token = told_by_config(find(arguments.config, os.environ, Path.cwd()))
    token = os.environ.get("FUJITA_TOKEN") or token
    if url := arguments.url or os.environ.get("FUJITA_URL"):
        host, port = place(url)
        return Client(Console(host, port, token if os.environ.get("FUJITA_TOKEN") or is_near(host) else None))
    host, port = place(listen)
    return Client(Console(ANY_ADDRESS.get(host, host), port, token))


def told_by_config(config: Path | None) -> tuple[str, str | None]:
    """`listen` and `token` of the console, as far as the file can be read: what is wrong in it, the sidecar says."""
    if config is None:
        return DEFAULT, None
    import yaml

    try:
        console = yaml.load(config.read_bytes(), yaml.BaseLoader)["console"]  # plain text for every value
        listen, token = console.get("listen", DEFAULT), console.get("token", "")
        listen = f"127.0.0.1:{listen}" if listen.isdigit() else listen
        place(listen)
    except (OSError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, RecursionError, Failure):
        return DEFAULT, None
    return listen, None if token.lower() in ("", "~", "null") else token


def place(url: str) -> tuple[str, int]:
    """The host and port of the console's address; the scheme may be left out where a port is said."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port or (80 if "://" in url else 0)
    except ValueError:
        port = 0
    if not port or parts.scheme != "http" or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Failure(words.no_url(url), MISUSED)
    return parts.hostname, port


def is_near(host: str) -> bool:
    """Whether a token from a file of this machine may be sent there: it is this machine, or a port forwarded by it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def path_of(project: str, *more: str) -> str:
    """The API's path of a project, whatever its name is made of."""
    return "/".join(("/api/projects", quote(project, safe=""), *more))
