"""`fujita open`: the console's address as a browser of this person would need it."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from fujita.cli.client import Client, connect, path_of
from fujita.host import read_host


def run(arguments: Namespace) -> int:
    """Prints it, and opens it where a desktop is: never a browser that takes over the terminal."""
    client = connect(arguments)
    page = ""
    if arguments.project:
        page = "projects/" + client.get(path_of(arguments.project))["project"]
    else:
        client.text("/healthz")
    url = address(client) + page
    print(url, flush=True)
    if not arguments.only_print and has_desktop():
        import webbrowser

        webbrowser.open(url)
    return 0


def address(client: Client) -> str:
    """In a box it is the port that Vagrant forwarded to its host."""
    forwarded = read_host().ports.get(client.console.port)
    return f"http://localhost:{forwarded}/" if forwarded else client.console.url


def has_desktop() -> bool:
    return sys.stdout.isatty() and (
        sys.platform == "darwin" or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    )
