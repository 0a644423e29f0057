"""`fujita schema`: what an editor completes, explains and underlines fujita.yml with."""

from __future__ import annotations

import json
from argparse import Namespace

from fujita.config.schema import json_schema


def run(arguments: Namespace) -> int:
    print(schema(), end="")
    return 0


def schema() -> str:
    """The JSON Schema as text, with a newline at its end."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
