"""Sizes, addresses, names and texts, whatever is thrown at them."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fujita.config import values
from fujita.config.values import Plain

HOSTS = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.from_regex(r"[a-z][a-z0-9-]{0,10}(\.[a-z][a-z0-9-]{0,10}){0,3}", fullmatch=True),
    st.just("0"),
)
ALL = (
    values.text,
    values.some_text,
    values.name,
    values.title,
    values.switch,
    values.seconds,
    values.size,
    values.address,
    values.listen,
    values.host,
    values.token,
    values.url,
    values.module,
    values.restart,
    values.variable,
    values.setting,
    values.command_name,
    values.arguments,
)
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.text().map(Plain),
    st.from_regex(r"[-+~._0-9a-zA-Z: \[\]]{0,12}", fullmatch=True).map(Plain),
    st.lists(st.text()),
    st.dictionaries(st.text(), st.text()),
)


@given(st.integers(0, 1024**3), st.sampled_from(["", " "]))
def test_every_number_of_bytes_is_a_size(count: int, space: str) -> None:
    assert values.size(count) == values.size(Plain(count)) == values.size(f"{count}{space}B") == count


@given(st.integers(0, 1024), st.sampled_from(["KiB", "MiB"]))
def test_units_are_powers_of_1024(count: int, unit: str) -> None:
    assert values.size(f"{count} {unit}") == count * {"KiB": 1024, "MiB": 1024**2}[unit]


@given(HOSTS, st.integers(1, 65535))
def test_every_host_and_port_is_an_address(host: str, port: int) -> None:
    written = f"{host}:{port}"
    assert values.address(written) == written
    assert values.split(written) == ("0.0.0.0" if host == "0" else host.strip("[]"), port)


@given(st.text(alphabet="0123456789.:[]abcdefx- ", max_size=30))
def test_what_is_taken_as_an_address_has_a_port_and_a_host(written: str) -> None:
    try:
        taken = values.address(written)
    except ValueError:
        return
    host, port = values.split(taken)
    assert taken == written
    assert 1 <= port <= 65535
    assert written.endswith(str(port))
    if host.replace(".", "").isdigit() or ":" in host:
        ipaddress.ip_address(host)


@given(ANYTHING, st.sampled_from(ALL))
def test_a_value_is_taken_or_refused_with_one_line(value: object, meaning: Callable[[object], object]) -> None:
    try:
        taken = meaning(value)
    except ValueError as error:
        assert str(error).isprintable()
        assert 0 < len(str(error)) < 1000
        return
    if isinstance(taken, str) and isinstance(value, str) and meaning is not values.host:
        assert taken == value
        assert type(taken) is str


@pytest.mark.parametrize(("meaning", "written"), [(values.seconds, "5"), (values.switch, "true"), (values.size, "5")])
def test_quotes_make_a_text(meaning: Callable[[object], object], written: str) -> None:
    assert meaning(Plain(written)) is not None
    with pytest.raises(ValueError, match=r"must be|without quotes"):
        meaning(written)
