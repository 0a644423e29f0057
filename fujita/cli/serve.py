"""`fujita serve` and `fujita demo`: finds the config, and leaves the rest to the sidecar."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from fujita import words
from fujita.cli.failure import Failure
from fujita.config.find import find


def run(arguments: Namespace) -> int:
    """Serves the config; one that was named is waited for if it is not there yet."""
    config = find(arguments.config, os.environ, Path.cwd())
    if config is None:
        raise Failure(words.no_config())
    from fujita.serve import serve

    return serve(config.absolute())


def demo(arguments: Namespace) -> int:
    from fujita.cli.demo import demo

    return demo()
