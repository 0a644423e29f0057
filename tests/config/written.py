"""Config files for the tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest

from fujita.config.load import ConfigError, load
from fujita.config.models import Config, ProjectConfig


def write(folder: Path, text: str | bytes) -> Path:
    """`fujita.yml` in `folder`."""
    path = folder / "fujita.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def project(folder: Path, lines: str) -> ProjectConfig:
    """The only project of a config: its directory, and `lines` below it."""
    return config(folder, f"projects:\n  blog:\n    directory: blog\n    {lines}\n").projects["blog"]


def config(folder: Path, text: str | bytes) -> Config:
    return load(write(folder, text))


def mistakes(folder: Path, text: str | bytes) -> list[str]:
    """Everything that is wrong with a config, one line each."""
    with pytest.raises(ConfigError) as caught:
        config(folder, text)
    return str(caught.value).splitlines()
