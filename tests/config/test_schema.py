"""The schema, the page and the example are made from the models, or agree with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from fujita.cli.schema import schema
from fujita.config.load import ConfigError, load
from fujita.config.models import Console, ProjectConfig
from fujita.config.reference import every_setting
from fujita.config.schema import json_schema
from tests.config.written import config

ROOT = Path(__file__).parents[2]
SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_in_the_repository_is_the_printed_one() -> None:
    assert (ROOT / "config" / "fujita.schema.json").read_text() == schema(), "fujita schema > config/fujita.schema.json"


def test_the_page_of_every_setting_is_made_from_the_models() -> None:
    assert (ROOT / "docs" / "every-setting.md").read_text() == every_setting(), (
        "python -m fujita.config.reference > docs/every-setting.md"
    )


def test_the_schema_is_one_and_needs_no_network() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    references = re.findall(r'"\$ref": "(.)', json.dumps(SCHEMA))
    assert set(references) == {"#"}


def test_every_key_has_a_sentence_and_every_sentence_ends() -> None:
    keys = dict(properties(SCHEMA))
    assert set(keys) >= {*Console.model_fields, *ProjectConfig.model_fields, "console", "projects"} - {"name"}
    for key, about in keys.items():
        assert "$ref" in about or re.fullmatch(r"[A-Z][^\n]*\.", about["description"]), key


def test_examples_and_defaults_are_valid_themselves() -> None:
    for key, about in properties(SCHEMA):
        within = {**about, "$defs": SCHEMA["$defs"]}
        for example in [*about.get("examples", ()), *([about["default"]] if "default" in about else ())]:
            assert Draft202012Validator(within).is_valid(example), (key, example)


def test_the_example_has_every_key_and_no_mistake() -> None:
    path = ROOT / "config" / "fujita.yml"
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=fujita.schema.json\n")
    assert set(load(path).projects) == {"blog", "shop", "worker"}
    VALIDATOR.validate(yaml.safe_load(text))
    for key in [*Console.model_fields, *ProjectConfig.model_fields]:
        assert key == "name" or re.search(rf"^ +{key}: ", text, re.MULTILINE) or f"    {key}:  " in text, key


@pytest.mark.parametrize(
    "line",
    [
        "address: 8000",
        "address: 0.0.0.0:8000",
        "address: '[::1]:8000'",
        "address: 0",
        "address: 65536",
        "address: '8000 '",
        "address: '::1'",
        "cache: 8 MiB",
        "cache: 4096",
        "cache: 0",
        "cache: 8 MB",
        "cache: -1",
        "stop_timeout: 0.5",
        "stop_timeout: -1",
        "stop_timeout: '5'",
        "autostart: true",
        "autostart: maybe",
        "autostart:",
        "restart: always",
        "restart: sometimes",
        "command: [a, 1]",
        "command: a b",
        "command: []",
        "command: {}",
        "options: [--noreload, 1, true]",
        "options: --noreload",
        "environment: {A: 1, B: true, C: x}",
        "environment: {A: ~}",
        "environment: {A: [1]}",
        "environment:",
        "commands: {migrate: migrate, css: [make, css]}",
        "commands: {migrate: ~}",
        "url: http://localhost/",
        "url: javascript:x",
        "title: 2048",
        "title: ''",
        "port: 8000",
        "name: blog",
    ],
)
def test_the_schema_and_the_loader_are_of_one_mind(tmp_path: Path, line: str) -> None:
    text = f"projects:\n  blog:\n    directory: blog\n    {line}\n"
    try:
        config(tmp_path, text)
    except ConfigError:
        loads = False
    else:
        loads = True
    assert VALIDATOR.is_valid(yaml.safe_load(text)) == loads


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("{}", False),
        ("projects: {}", False),
        ("projects: {blog: {}}", False),
        ("projects: {Blog: {directory: x}}", False),
        ("projects: {blog: {directory: x}}\nconsole:\ndefaults: {cache: 1 KiB}", True),
        ("projects: {blog: {directory: x}}\ndefaults: {directory: x}", False),
        ("projects: {blog: {directory: x}}\ndefaults: {cache: 1 KB}", False),
        ("projects: {blog: {directory: x}}\nconsole: {listen: '[::]:0', token: abc, allowed_hosts: [a.b]}", True),
        ("projects: {blog: {directory: x}}\nconsole: {token: 'a b'}", False),
    ],
)
def test_of_one_mind_about_the_whole_file_too(tmp_path: Path, text: str, valid: bool) -> None:
    assert VALIDATOR.is_valid(yaml.safe_load(text)) is valid
    try:
        config(tmp_path, text)
    except ConfigError:
        assert not valid
    else:
        assert valid


def properties(part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key and its schema, however deep."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "properties":
                yield from value.items()
            yield from properties(value)
