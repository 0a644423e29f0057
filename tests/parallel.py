"""Which tests run beside each other: pytest-xdist gives a worker one at a time, but all of a room that needs it."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

ALONE = ("tests/box/", "tests/cli/test_package.py")
"""Tests that share what there is but one of, or what takes long to make: one worker has them, one after the other."""


class Schedule(LoadScopeScheduling):  # type: ignore[misc]
    """The largest of `ALONE` first: it takes the longest. (`--dist loadgroup` does nothing with pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        return next((room for room in ALONE if nodeid.startswith(room)), nodeid)
