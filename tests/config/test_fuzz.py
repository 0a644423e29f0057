"""Thousands of broken configs: each is read, or refused with a short report. Nothing else ever happens."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from fujita.config import nodes
from fujita.config.load import ConfigError, load
from fujita.config.mistakes import REPORT_LIMIT
from tests.config.written import write

SEEDS = [
    (Path(__file__).parents[2] / "config" / "fujita.yml").read_bytes(),
    b"projects:\n  a: &a\n    directory: x\n    environment: {A: 0644}\n  b: {<<: *a, address: '[::1]:8001'}\n",
    b'console: {listen: 9001, token: "x"}\ndefaults: {cache: 1 KiB}\nprojects: {a: {directory: .}}\n',
]
PIECES = (
    *(b"\t|\n  |: |- |? |&a |*a |<<: |!!str |!Ref |[|]|{|}|'|\"|#|---\n|...\n|%YAML 1.2\n|~|null|\\x00".split(b"|")),
    *(b"|\n|>\n|@|`|\\U00110000|\\uD800|\\uFFFF|yes|0|-1|.inf|1e999|22:22|0o7|,|,,|\r|\r\n|  ".split(b"|")),
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    "\u202e".encode(),
    "\u2028".encode(),
    "\x85".encode(),
    "🎂".encode(),
)


def mutated(chance: random.Random) -> bytes:
    """A valid config with a few pieces put in, cut out, repeated or exchanged."""
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((0, 1, 1, 2, 5, 20)))
        kind = chance.choice(("piece", "nothing", "again", "next", "byte"))
        data[start:end] = {
            "piece": chance.choice(PIECES),
            "nothing": b"",
            "again": data[start:end] * chance.randint(2, 4),
            "next": data[end : end + 40],
            "byte": bytes([chance.randrange(256)]),
        }[kind]
    return bytes(data)


@pytest.mark.parametrize(
    ("parser", "count"),
    [
        ("CSafeLoader", 10_000),
        ("SafeLoader", 1000),
        pytest.param("CSafeLoader", 200_000, marks=pytest.mark.slow),
        pytest.param("SafeLoader", 30_000, marks=pytest.mark.slow),
    ],
)
def test_a_broken_config_is_read_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parser: str, count: int
) -> None:
    monkeypatch.setattr(nodes, "LOADER", getattr(yaml, parser))
    chance = random.Random(f"fujita {count}")
    refused = 0
    for number in range(count):
        path = write(tmp_path, mutated(chance))
        try:
            load(path)
        except ConfigError as error:
            refused += 1
            report = str(error)
            assert len(report.encode()) <= REPORT_LIMIT, number
            assert report.replace("\n", "").isprintable(), number
            assert all(line.startswith("fujita.yml:") for line in report.splitlines()[:1]), number
    assert count / 2 < refused < count
