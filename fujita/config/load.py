"""A config file → `Config`, or every mistake in it at once, each with its place.

Reading is left to `read`, YAML to `nodes`, the meaning of single values to the models; here the parts are put together.
Nothing is looked up on the disk: a project's directory may be mounted later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from fujita import words
from fujita.config import values
from fujita.config.find import find
from fujita.config.mistakes import ConfigError, Key, Mistake, Mistakes, Place, shown_key
from fujita.config.models import ADDRESS, Config, Console, Part, ProjectConfig
from fujita.config.nodes import VALUES_LIMIT, Items, Node, Table, compose, is_null, plain_value
from fujita.config.read import START, read

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["ConfigError", "Mistake", "find", "load"]

M = TypeVar("M", bound=Part)
Wrong = tuple[Sequence[str | int], str]
"""Where in a table something is wrong, as pydantic says it, and the sentence about it."""
TOP = ("console", "defaults", "projects")
PROJECT_KEYS = tuple(key for key in ProjectConfig.model_fields if key != "name")
DEFAULT_KEYS = tuple(key for key in PROJECT_KEYS if key != "directory")
MEANT = {
    "address": ("listen",),
    "args": ("options",),
    "cwd": ("directory",),
    "dir": ("directory",),
    "env": ("environment",),
    "host": ("address", "listen"),
    "path": ("directory",),
    "port": ("address", "listen"),
    "root": ("directory",),
    "shell": ("command",),
    "timeout": ("stop_timeout",),
    "venv": ("python",),
}
"""What people call a key elsewhere."""
GUESSES = 100
"""Unknown keys for which the likely one is looked for: guessing takes time."""


def load(path: Path, copy: Path | None = None) -> Config:
    """The config in the file at `path`, or in a `copy` of it elsewhere; ConfigError has all of its mistakes."""
    mistakes = Mistakes(path.name)
    root = compose(read(copy or path, mistakes), mistakes)
    config = _Loader(mistakes, path.absolute().parent).config(root)
    mistakes.raise_any()
    assert config is not None
    return config


class _Loader:
    """One walk over one file's nodes."""

    def __init__(self, mistakes: Mistakes, folder: Path) -> None:
        self._mistakes = mistakes
        self._context = {"folder": folder}
        self._guesses = GUESSES

    def config(self, root: Node | None) -> Config | None:
        """The config, or None, or an incomplete one: there are mistakes then."""
        if root is None or is_null(root):
            raise self._mistakes.stop(START, words.EMPTY_FILE)
        if not isinstance(root, Table):
            raise self._mistakes.stop(root.place, words.NO_TABLE_AT_TOP)
        self._check_keys(root, TOP, ())
        console = self._console(root)
        defaults = self._defaults(root)
        projects = self._projects(root, defaults)
        self._check_ports(root, projects, console)
        if console is None:
            return None
        return Config(console=console, projects={one.name: one.config for one in projects if one.config})

    def _console(self, root: Table) -> Console | None:
        key = ("console",)
        table = self._table(root, key) or Table(root.place)
        self._check_keys(table, tuple(Console.model_fields), key)
        console, wrong = self._validated(Console, table)
        self._complain(table, table.place, key, wrong)
        return console

    def _defaults(self, root: Table) -> Table:
        """What is put under each project. What is wrong with it is said here, and so not again at the same place."""
        key = ("defaults",)
        table = self._table(root, key) or Table(root.place)
        self._check_keys(table, DEFAULT_KEYS, key)
        _, wrong = self._validated(ProjectConfig, table, name="any", directory="any")
        self._complain(table, table.place, key, wrong)
        usable = {name: entry for name, entry in table.entries.items() if name in DEFAULT_KEYS}
        return Table(table.place, usable, table.weight)

    def _projects(self, root: Table, defaults: Table) -> list[_Project]:
        table = self._table(root, ("projects",))
        if table is None:
            return []
        if not table.entries:
            place = root.entries["projects"][0].place if "projects" in root.entries else root.place
            self._mistakes.add(place, ("projects",), words.NO_PROJECTS)
        if defaults.weight * len(table.entries) > VALUES_LIMIT:
            raise self._mistakes.stop(defaults.place, words.too_many_values(VALUES_LIMIT))
        found = [self._project(table, name, defaults) for name in table.entries]
        return [one for one in found if one]

    def _project(self, projects: Table, name: str, defaults: Table) -> _Project | None:
        place = projects.entries[name][0].place
        key = ("projects", name)
        own = self._table(projects, key)
        try:
            model_name = values.name(name)
        except ValueError as error:
            self._mistakes.add(place, key, str(error))
            model_name = "any"
        if own is None:
            return None
        self._check_keys(own, PROJECT_KEYS, key)
        whole = _over(own, defaults)
        config, wrong = self._validated(ProjectConfig, whole, name=model_name)
        self._complain(whole, place, key, wrong)
        return _Project(name, place, own, whole, config)

    def _check_ports(self, root: Table, projects: list[_Project], console: Console | None) -> None:
        """Two that listen on one port: said at the second, with the place of the first."""
        taken: dict[int, tuple[str, Place | None]] = {}
        if console and console.port:
            listen = _entry(_entry(root, "console"), "listen")
            taken[console.port] = ("the console", listen.place if listen else None)
        used = {one.port for one in projects} | set(taken)
        free = (port for port in range(8001, 65536) if port not in used)
        for one in projects:
            if one.port is None:
                continue
            if one.port in taken:
                message = words.same_port(one.port, *taken[one.port], next(free))
                self._mistakes.add(one.port_place, ("projects", one.name, "address"), message)
            else:
                taken[one.port] = (shown_key(("projects", one.name)), one.port_place)

    def _table(self, parent: Table, key: Key) -> Table | None:
        """The table at the last of `key`; an empty one where nothing stands, None where something else does."""
        entry = parent.entries.get(str(key[-1]))
        if entry is None:
            return Table(parent.place)
        name, node = entry
        if isinstance(node, Table):
            return node
        if not is_null(node):
            self._mistakes.add(node.place, key, words.NOT_A_TABLE)
            return None
        return Table(name.place)

    def _check_keys(self, table: Table, known: tuple[str, ...], key: Key) -> None:
        for name, (scalar, _) in table.entries.items():
            if name not in known:
                self._mistakes.add(scalar.place, (*key, name), self._about_unknown(name, known, key))

    def _about_unknown(self, name: str, known: tuple[str, ...], key: Key) -> str:
        if name in PROJECT_KEYS and known is DEFAULT_KEYS:
            return words.each_its_own(name)
        if name == "name" and known is PROJECT_KEYS:
            return words.name_is_the_key(str(key[-1]))
        meant = next((meant for meant in MEANT.get(name, ()) if meant in known), None)
        if meant is None and self._guesses:
            self._guesses -= 1
            meant = next(iter(get_close_matches(name[: values.NAME_LIMIT].lower(), known, 1)), None)
        return words.unknown_key(meant, known)

    def _validated(self, kind: type[M], table: Table, **more: str) -> tuple[M | None, list[Wrong]]:
        """The model of a table, or what is wrong with it. A key without a value is as good as none."""
        given = {
            name: plain_value(node)
            for name, (_, node) in table.entries.items()
            if name in kind.model_fields and name != "name" and not is_null(node)
        }
        try:
            return kind.model_validate({**given, **more}, context=self._context), []
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            return None, [(one["loc"], _sentence(one)) for one in found]

    def _complain(self, table: Table, place: Place, key: Key, wrong: Iterable[Wrong]) -> None:
        for loc, message in wrong:
            at, way = _follow(table, place, loc)
            self._mistakes.add(at, (*key, *way), message)


@dataclass(frozen=True, slots=True)
class _Project:
    """A project as it is written: `own` in its place, `whole` with the defaults under it."""

    name: str
    place: Place
    own: Table
    whole: Table
    config: ProjectConfig | None

    @property
    def port(self) -> int | None:
        """Of its address, even if something else is wrong with the project."""
        node = _entry(self.whole, "address")
        try:
            if node is not None:
                return values.split(values.address(plain_value(node)))[1]
        except ValueError:
            return None
        return None if _entry(self.whole, "command") else values.split(ADDRESS)[1]

    @property
    def port_place(self) -> Place:
        """Where its address is, or the project, if the address comes from defaults or a merged table elsewhere."""
        node = _entry(self.own, "address")
        return max(self.place, node.place) if node else self.place


def _entry(table: Node | None, name: str) -> Node | None:
    """The value of a key, None if it has none."""
    node = table.entries[name][1] if isinstance(table, Table) and name in table.entries else None
    return None if node is None or is_null(node) else node


def _over(own: Table, defaults: Table) -> Table:
    """`own` over `defaults`; of two tables (environment, commands) the entries are put together."""
    entries = {**defaults.entries, **own.entries}
    for name in own.entries.keys() & defaults.entries.keys():
        upper, lower = own.entries[name][1], defaults.entries[name][1]
        if isinstance(upper, Table) and isinstance(lower, Table):
            entries[name] = (own.entries[name][0], Table(upper.place, {**lower.entries, **upper.entries}))
    return Table(own.place, entries)


def _follow(table: Table, place: Place, loc: Sequence[str | int]) -> tuple[Place, list[str | int]]:
    """The place and the keys of what pydantic speaks of; its names in `loc` for branches of a union are no keys."""
    node: Node = table
    key_place = place
    way: list[str | int] = []
    for part in loc:
        if isinstance(node, Table) and part in node.entries:
            key, node = node.entries[str(part)]
            key_place, place = key.place, node.place
            way.append(part)
        elif isinstance(node, Items) and isinstance(part, int):
            node = node.items[part]
            place = node.place
            way.append(part)
        elif part == "[key]":
            place = key_place
    return place, way


def _sentence(error: ErrorDetails) -> str:
    """What pydantic says, in our words."""
    kind, loc = error["type"], error["loc"]
    if kind == "missing":
        return words.missing_key(str(loc[-1]))
    if kind == "tuple_type":
        return words.NOT_A_COMMAND if loc[-1] == "list" else words.NOT_A_LIST
    if kind in ("mapping_type", "dict_type"):
        return words.NOT_A_TABLE
    return str(error["ctx"]["error"]) if kind == "value_error" else error["msg"]
