"""What a config holds: every key with its type, its default and one sentence. Knows nothing of YAML or of files.

The loader, the JSON Schema and the page of every setting are made from these models, and so say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from fujita.config import values

ADDRESS = "0.0.0.0:8000"
LISTEN = "127.0.0.1:9000"
CACHE = "8 MiB"
ADDRESS_PATTERN = r"^((\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*):)?[1-9][0-9]{0,4}$"
LISTEN_PATTERN = ADDRESS_PATTERN.replace("[1-9][0-9]{0,4}", "(0|[1-9][0-9]{0,4})")
SIZE_PATTERN = rf"^{values.NUMBER.pattern} ?(B|KiB|MiB|GiB)$"
WRITTEN = {"type": ["string", "number", "boolean"]}
"""Taken as it is written: `0644` stays 0644, `no` stays no."""


def _in_folder(meaning: Any) -> BeforeValidator:
    """For paths, which are relative to the config's folder: the loader passes it as the context."""

    def found(value: object, info: ValidationInfo) -> Any:
        return meaning(value, (info.context or {}).get("folder", Path()))

    return BeforeValidator(found)


def _without_default(schema: dict[str, Any]) -> None:
    """For a default that depends on other keys: the sentence says it."""
    del schema["default"]


def _text_or_list(value: object) -> str:
    return "text" if isinstance(value, str) else "list"


Switch = Annotated[bool, BeforeValidator(values.switch)]
Text = Annotated[str, BeforeValidator(values.some_text), WithJsonSchema({"type": "string", "minLength": 1})]
Argument = Annotated[str, BeforeValidator(values.text), WithJsonSchema(WRITTEN)]
Program = Annotated[
    tuple[Argument, ...],
    AfterValidator(values.program_and_arguments),
    WithJsonSchema({"type": "array", "items": WRITTEN, "minItems": 1}),
]
Shell = Annotated[
    Annotated[Program, Tag("list")] | Annotated[Text, Tag("text")],
    Discriminator(_text_or_list),
]
Arguments = Annotated[str, BeforeValidator(values.arguments), WithJsonSchema({"type": "string", "minLength": 1})]
Command = Annotated[
    Annotated[Program, Tag("list")] | Annotated[Arguments, Tag("text")],
    Discriminator(_text_or_list),
]


class Part(BaseModel):
    """What all parts of a config have in common: they can't be changed, and compare by their content."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Console(Part):
    """The page and its API."""

    listen: Annotated[
        str,
        BeforeValidator(values.listen),
        WithJsonSchema({"type": ["string", "integer"], "pattern": LISTEN_PATTERN, "minimum": 0, "maximum": 65535}),
    ] = Field(default=LISTEN, examples=[LISTEN, "0.0.0.0:9000", 9000])
    """Where the console listens: a port, or host:port; in a box on 0.0.0.0, for a forwarded port comes from outside."""

    allowed_hosts: tuple[
        Annotated[str, BeforeValidator(values.host), WithJsonSchema({"type": "string", "format": "hostname"})],
        ...,
    ] = Field(default=(), examples=[["box.example.com"]])
    """Host names by which the console may be opened, beside localhost, *.localhost and IP addresses."""

    token: Annotated[
        str | None,
        BeforeValidator(lambda value: value if value is None else values.token(value)),
        WithJsonSchema({"type": "string", "pattern": "^[!-~]{1,200}$"}),
    ] = Field(default=None, repr=False)
    """When set, the console asks for it once, and programs send it as `Authorization: Bearer`."""

    journal: Switch = True
    """Whether the projects' output goes to the journal too, when systemd runs Fujita."""

    @property
    def host(self) -> str:
        return values.split(self.listen)[0]

    @property
    def port(self) -> int:
        return values.split(self.listen)[1]


class ProjectConfig(Part):
    """One project: one process at a time, its log and its status."""

    name: Annotated[str, BeforeValidator(values.name)]
    """The key under `projects`: a-z, 0-9, - and _."""

    title: Annotated[
        str, BeforeValidator(values.title), WithJsonSchema({**WRITTEN, "minLength": 1, "maxLength": 200})
    ] = Field(default="", json_schema_extra=_without_default, examples=["Blog"])
    """What people read; without one the name."""

    directory: Annotated[Path, _in_folder(values.path), WithJsonSchema({"type": "string", "minLength": 1})] = Field(
        examples=["blog", "/vagrant/blog"]
    )
    """Where manage.py is, relative to this file; the process runs there."""

    python: Annotated[
        str | None,
        _in_folder(lambda value, folder: value if value is None else values.program(value, folder)),
        WithJsonSchema({"type": "string", "minLength": 1}),
    ] = Field(default=None, examples=[".venv/bin/python", "python3.12"])
    """The python that runs it; without one the nearest .venv or venv above or in the directory, else python3."""

    manage: Text = Field(default="manage.py", examples=["src/manage.py"])
    """The script that Django made for the project, relative to its directory."""

    address: Annotated[
        str | None,
        BeforeValidator(lambda value: value if value is None else values.address(value)),
        WithJsonSchema({"type": ["string", "integer"], "pattern": ADDRESS_PATTERN, "minimum": 1, "maximum": 65535}),
    ] = Field(default=None, json_schema_extra={"default": ADDRESS}, examples=[ADDRESS, "127.0.0.1:8000", 8000])
    """Where runserver listens: a port, or host:port; a `command` listens nowhere unless this says so."""

    settings: Annotated[
        str | None,
        BeforeValidator(lambda value: value if value is None else values.module(value)),
        WithJsonSchema({"type": "string", "minLength": 1}),
    ] = Field(default=None, examples=["mysite.settings.dev"])
    """The settings module (DJANGO_SETTINGS_MODULE); without one manage.py decides."""

    options: tuple[Argument, ...] = Field(default=(), examples=[["--noreload", "--nostatic"]])
    """More options for runserver."""

    command: Shell | None = Field(default=None, examples=[["celery", "-A", "mysite", "worker"], "npm run dev"])
    """Runs instead of runserver: a list is a program and its arguments, a text is run by a shell (sh -c)."""

    environment: Mapping[
        Annotated[str, BeforeValidator(values.variable)],
        Annotated[str, BeforeValidator(values.setting), WithJsonSchema(WRITTEN)],
    ] = Field(default={}, examples=[{"DEBUG": 1, "LANG": "de_DE.UTF-8"}])
    """Added to the process's environment, each value exactly as it is written."""

    autostart: Switch = True
    """Whether it starts with Fujita."""

    restart: Annotated[Literal["on-change", "always", "never"], BeforeValidator(values.restart)] = "on-change"
    """When it starts again after it ended by itself: when a file is saved, always (less and less often), or never."""

    stop_timeout: Annotated[
        float, BeforeValidator(values.seconds), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 3600})
    ] = 5.0
    """Seconds from asking it to end (SIGTERM) to ending it (SIGKILL)."""

    cache: Annotated[
        int,
        BeforeValidator(values.size),
        WithJsonSchema(
            {"type": ["string", "integer"], "pattern": SIZE_PATTERN, "minimum": 0, "maximum": values.SIZE_LIMIT}
        ),
    ] = Field(default=values.size(CACHE), json_schema_extra={"default": CACHE}, examples=[CACHE, "512 KiB"])
    """How much of its output is kept in memory, for clients that come later."""

    url: Annotated[
        str | None,
        BeforeValidator(lambda value: value if value is None else values.url(value)),
        WithJsonSchema({"type": "string", "pattern": "^https?://"}),
    ] = Field(default=None, examples=["http://blog.localhost:8000/admin/"])
    """What the console links to; without one the port of `address`, on the host the page came from."""

    commands: Mapping[Annotated[str, BeforeValidator(values.command_name)], Command] = Field(
        default={}, examples=[{"migrate": "migrate", "css": ["make", "css"]}]
    )
    """Run on demand beside the server: a text is arguments for manage.py, a list is any program."""

    @model_validator(mode="before")
    @classmethod
    def _what_follows(cls, given: Any) -> Any:
        """The defaults that depend on other keys."""
        title = given.get("name") if given.get("title") is None else given["title"]
        address = ADDRESS if given.get("address") is None and given.get("command") is None else given.get("address")
        return {**given, "title": title, "address": address}

    @property
    def port(self) -> int | None:
        return values.split(self.address)[1] if self.address else None

    @property
    def host(self) -> str:
        """The host of `address`; "" without one."""
        return values.split(self.address)[0] if self.address else ""


class Config(Part):
    """The whole of fujita.yml."""

    console: Console = Console()
    """The page and its API."""

    projects: Mapping[str, ProjectConfig] = {}
    """The projects by name: a-z, 0-9, - and _."""
