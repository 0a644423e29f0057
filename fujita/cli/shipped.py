"""The files that come with Fujita and are no Python: systemd's units, Vagrant's wiring, the manual."""

from __future__ import annotations

from pathlib import Path

from fujita import words
from fujita.cli.failure import Failure

HERE = Path(__file__).resolve()
CHECKOUT = HERE.parents[2]
FOLDERS = {"systemd": "deploy/systemd", "vagrant": "deploy/vagrant", "docs": "docs"}
"""Where they are in a checkout, by their names below share/fujita, where setup.py's `data_files` puts them."""


def shipped(name: str) -> Path:
    """The folder `name` of this installation: a checkout, or an environment with its share/fujita."""
    if (CHECKOUT / "setup.py").is_file():
        return CHECKOUT / FOLDERS[name]
    found = next((share for parent in HERE.parents if (share := parent / "share/fujita" / name).is_dir()), None)
    if found is None:
        raise Failure(words.not_shipped(name))
    return found
