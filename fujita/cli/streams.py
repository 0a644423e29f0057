"""The WebSockets of the API, for commands that stay: one connection, or one after the other, resumed by cursor."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httputil import HTTPInputError
from tornado.iostream import UnsatisfiableReadError
from tornado.websocket import WebSocketClientConnection, WebSocketError, websocket_connect

from fujita import words
from fujita.cli.client import PATIENCE, Client, path_of, refusal
from fujita.cli.failure import UNAVAILABLE, Failure

PING_INTERVAL = 15
"""Seconds: a sidecar that hangs, or whose box sleeps, is noticed within twice as many."""
MESSAGE_LIMIT = 16 * 1024 * 1024
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds between tries to reach a sidecar that was there; the last one again and again."""
TRIES_IN_SILENCE = 3
"""A restart of the sidecar is nothing to speak of."""

logging.getLogger("tornado").setLevel(logging.CRITICAL)  # what goes wrong is said once, by a `Failure`

Json = dict[str, Any]


def tell(sentence: str) -> None:
    """A remark beside the output."""
    print(f"fujita: {sentence}", file=sys.stderr, flush=True)


async def messages(client: Client, path: str) -> AsyncIterator[list[str]]:
    """The objects of a WebSocket as lines of JSON, as many at a time as came together, until it ends."""
    socket = await _connected(client, path)
    try:
        while (message := await socket.read_message()) is not None:
            text = message if isinstance(message, str) else message.decode("utf-8", "replace")
            yield text.removesuffix("\n").split("\n")  # at newlines alone: JSON may hold other ends of lines
    finally:
        socket.close()


async def _connected(client: Client, path: str) -> WebSocketClientConnection:
    console = client.console
    request = HTTPRequest(f"ws://{console.address}{path}", headers=console.headers, connect_timeout=PATIENCE)
    connecting = websocket_connect(
        request, ping_interval=PING_INTERVAL, ping_timeout=PING_INTERVAL, max_message_size=MESSAGE_LIMIT
    )
    try:
        return await asyncio.wait_for(asyncio.ensure_future(connecting), PATIENCE)
    except HTTPClientError as error:
        if error.response is None:
            raise Failure(words.no_answer(console.url, PATIENCE), UNAVAILABLE) from None
        raise refusal(console, error.response.body, error.code) from None
    except asyncio.TimeoutError:
        raise Failure(words.no_answer(console.url, PATIENCE), UNAVAILABLE) from None
    except OSError as error:
        raise Failure(words.no_sidecar(console.url, error.strerror or str(error)), UNAVAILABLE) from None
    except (WebSocketError, UnsatisfiableReadError, HTTPInputError):
        raise Failure(words.not_a_sidecar(console.url), UNAVAILABLE) from None


async def following(
    client: Client, path: str, cursor: Callable[[], str], remark: Callable[[str], None], most_tries: float = math.inf
) -> AsyncIterator[list[str]]:
    """`messages` for ever, or until `most_tries` to reach the sidecar again were in vain: over its restarts, from
    `cursor()` on. The first connection must come about."""
    answered = False
    tries = 0
    while tries <= most_tries:
        try:
            async for lines in messages(client, path + cursor()):
                if tries > TRIES_IN_SILENCE:
                    remark(words.sidecar_back())
                answered, tries = True, 0
                yield lines
        except Failure as failure:
            if not answered or failure.status != UNAVAILABLE:
                raise
        if tries == TRIES_IN_SILENCE:
            remark(words.sidecar_gone(client.console.url))
        await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
        tries += 1


class Log:
    """The log of one project, with the cursor up to which it was read: no record is lost or doubled by a restart."""

    def __init__(self, client: Client, project: str, cursor: str = "", speaks: bool = True) -> None:
        self.project = project
        self.cursor = cursor
        self._client = client
        self._remark = tell if speaks else lambda sentence: None  # of several logs, one speaks for all

    async def read(self, most_tries: float = math.inf) -> AsyncIterator[list[tuple[Json, str]]]:
        """Each object, with its line, as many at a time as came together; see `following`."""
        path, epoch = path_of(self.project, "log", "stream"), ""
        async for lines in following(self._client, path, self._after, self._remark, most_tries):
            told = [(json.loads(line), line) for line in lines]
            yield told
            for one, _ in told:
                if "hello" in one:
                    epoch = one["hello"]["epoch"]
                elif "id" in one:
                    self.cursor = f"{epoch}:{one['id']}"

    def _after(self) -> str:
        return f"?after={self.cursor}" if self.cursor else ""
