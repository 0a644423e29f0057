"""Which tests run beside each other: pytest-xdist gives a worker one at a time, but all of a room that needs it."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ALONE = ("tests/box/", "tests/cli/test_package.py")
"""Tests that share what there is but one of, or what takes long to make: one worker has them, one after the other."""


IN_THIS_ORDER = (
    "tests/page/test_fast.py",  # it takes the longest
    "tests/page/",  # before boxes start: whenever an address of the machine comes or goes, each Chromium gives up
    *ALONE,  # what it is loading just then (net::ERR_NETWORK_CHANGED)
)


def order(nodeid: str) -> int:
    """Where a test comes; those of the same number stay as they are."""
    return next((place for place, room in enumerate(IN_THIS_ORDER) if nodeid.startswith(room)), len(IN_THIS_ORDER))


class Schedule(LoadScopeScheduling):  # type: ignore[misc]
    """In the order of the collection. (`--dist loadgroup` does nothing with pytest 9.2.)"""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return next((room for room in ALONE if nodeid.startswith(room)), nodeid)
