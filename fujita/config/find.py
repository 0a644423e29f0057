"""Where the config is. Without pydantic and YAML, so that a command which only asks the sidecar starts at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

NAME = "fujita.yml"
SYSTEM_WIDE = Path("/etc/fujita/fujita.yml")
VARIABLE = "FUJITA_CONFIG"


def find(explicit: str | None, environ: Mapping[str, str], folder: Path) -> Path | None:
    """`explicit` (--config), else $FUJITA_CONFIG, whether it exists or not; else `folder`'s, else the system's."""
    if asked := explicit or environ.get(VARIABLE):
        return folder / asked
    # A link that leads nowhere is found too: its owner wants to hear of it.
    return next((path for path in (folder / NAME, SYSTEM_WIDE) if os.path.lexists(path)), None)
