"""What Vagrant's host told the guest: where its forwarded ports and synced folders really are."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HOST_FILE = Path("/run/fujita-host.json")
"""Written by deploy/vagrant/fujita.rb at each up, reload and resume; gone at boot, since the ports may change."""
SIZE_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Host:
    """`ports`: the guest's port → the host's, as Vagrant corrected it; `folders`: the guest's folder → the host's."""

    ports: Mapping[int, int] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)


def host_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the host tells it; `$FUJITA_HOST_FILE` is for hosts that are no Vagrant."""
    return Path(environ.get("FUJITA_HOST_FILE") or HOST_FILE)


def read_host() -> Host:
    """What the file says; nothing if it is not there or makes no sense: links then lead to the guest's own ports."""
    try:
        with host_file().open("rb") as file:
            told = json.loads(file.read(SIZE_LIMIT))
        ports = {int(guest): int(host) for guest, host in told.get("ports", {}).items()}
        folders = {str(guest): str(host) for guest, host in told.get("folders", {}).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return Host()
    return Host(ports, folders)
