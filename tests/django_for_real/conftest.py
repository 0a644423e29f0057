"""What one Django does when a person edits, others should do too: here `django_python` is each of them in turn."""

from __future__ import annotations

from typing import cast

import pytest

from tests import djangos

EVERY = [
    pytest.param(each, marks=[] if each == djangos.newest() else pytest.mark.slow, id=each)
    for each in djangos.available()
]
"""`make test` plays on the newest, `make test-slow` on the others."""


@pytest.fixture(params=EVERY)
def django_version(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture
def django_python(django_version: str) -> str:
    return djangos.python_with(django_version)
