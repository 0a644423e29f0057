"""The table of routes, and the server with its limits."""

from __future__ import annotations

import logging
from typing import Any

from tornado.web import Application

from fujita.supervisor import Supervisor
from fujita.web import api, assets, streams
from fujita.web.accept import Server
from fujita.web.handler import NotFound

NAME = r"([a-z0-9][a-z0-9_-]*)"

HEADER_LIMIT = 64 * 1024
BODY_LIMIT = 1024 * 1024
REQUEST_PATIENCE = 15
"""Seconds in which a request's header block, and its body, must have come; an idle connection ends as soon."""
PING_INTERVAL, PING_TIMEOUT = 20, 20
"""Seconds: a client that vanished without a word is gone within 40."""


def application(supervisor: Supervisor) -> Application:
    given: dict[str, Any] = {"supervisor": supervisor}
    rows = [
        (r"/", assets.Console),
        (rf"/projects/{NAME}", assets.Console),
        (r"/static/(.*)", assets.Asset),
        (r"/(sign-in\.css)", assets.Asset),
        (r"/healthz", api.Healthz),
        (r"/sign-in", api.SignIn),
        (r"/sign-out", api.SignOut),
        (r"/api/projects", api.Projects),
        (r"/api/reload", api.Reload),
        (r"/api/status/stream", streams.StatusStream),
        (rf"/api/projects/{NAME}", api.OneProject),
        (rf"/api/projects/{NAME}/(start|stop|restart|kill)", api.Action),
        (rf"/api/projects/{NAME}/run", api.StartRun),
        (rf"/api/projects/{NAME}/run/stop", api.StopRun),
        (rf"/api/projects/{NAME}/input", api.Input),
        (rf"/api/projects/{NAME}/log", api.Log),
        (rf"/api/projects/{NAME}/log/stream", streams.LogStream),
        (rf"/api/projects/{NAME}/status/stream", streams.StatusStream),
    ]
    return Application(
        [(path, handler, given) for path, handler in rows],
        default_handler_class=NotFound,
        default_handler_args=given,
        template_path=str(assets.PAGE),
        websocket_ping_interval=PING_INTERVAL,
        websocket_ping_timeout=PING_TIMEOUT,
        websocket_max_message_size=streams.LONGEST_CONTROL_FRAME,
        log_function=_log,
    )


def server(supervisor: Supervisor) -> Server:
    """An HTTP server that listens nowhere yet."""
    return Server(
        application(supervisor),
        max_header_size=HEADER_LIMIT,
        max_body_size=BODY_LIMIT,
        max_buffer_size=BODY_LIMIT + HEADER_LIMIT,
        idle_connection_timeout=REQUEST_PATIENCE,
        body_timeout=REQUEST_PATIENCE,
    )


def _log(handler: Any) -> None:
    """Requests are nobody's news, and may carry what does not belong in a log: only our own failures are said."""
    if handler.get_status() >= 500:
        logging.getLogger("fujita").error("%d %s", handler.get_status(), handler.request.path)
