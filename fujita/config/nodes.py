"""YAML text → nodes: tables, lists and scalars as they are written, each with its place, in bounded time and memory.

Values keep their text: what YAML 1.1 would make of `no`, `0644` or `22:22` is never asked. What a value means is
left to the models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from fujita import words
from fujita.config.mistakes import Mistakes, Place
from fujita.config.values import Plain

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it: a mebibyte takes a moment instead of many seconds."""
DEPTH_LIMIT = 32
VALUES_LIMIT = 20_000
"""Values in one file, those of an alias counted as if they stood in its place."""
STRANGE = re.compile("[\0\ud800-\udfff]")
"""What an escape in quotes can make, and no process can be given."""
MERGE = "<<"
NULLS = ("", "~", "null", "Null", "NULL")
STANDARD = "tag:yaml.org,2002:"
TEXT_TAGS = ("!", f"{STANDARD}str")
TABLE_TAGS = ("!", f"{STANDARD}map")
LIST_TAGS = ("!", f"{STANDARD}seq")


@dataclass(slots=True, eq=False)
class Scalar:
    """A single value. `plain`: without quotes and tags, and so possibly no text."""

    place: Place
    text: str
    plain: bool
    weight: int = 1


@dataclass(slots=True, eq=False)
class Items:
    """A list."""

    place: Place
    items: list[Node] = field(default_factory=list)
    weight: int = 1


@dataclass(slots=True, eq=False)
class Table:
    """A mapping: the key as a scalar, and the value, by the key's text."""

    place: Place
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    weight: int = 1


Node = Scalar | Items | Table
"""`weight` counts the values in it, itself included."""


def compose(text: str, mistakes: Mistakes) -> Node | None:
    """The file's only document, None for an empty one. What can be passed over goes to `mistakes`; else ConfigError."""
    try:
        return _Composer(mistakes).document(yaml.parse(text, Loader=LOADER))
    except yaml.MarkedYAMLError as error:
        mark, begun = error.problem_mark or error.context_mark, error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        since = (begun.line + 1, begun.column + 1) if begun else place
        raise mistakes.stop(place, words.no_yaml(error.problem or "", error.context or "", since)) from None
    except (yaml.YAMLError, ValueError, OverflowError):  # PyYAML's own scanner: chr() of what is no character
        raise mistakes.stop((1, 1), words.NO_YAML_CHARACTER) from None


def plain_value(node: Node) -> Any:
    """What the models take: None, text (`Plain` where it had no quotes), lists and dicts of them."""
    if isinstance(node, Items):
        return [plain_value(item) for item in node.items]
    if isinstance(node, Table):
        return {key: plain_value(value) for key, (_, value) in node.entries.items()}
    if is_null(node):
        return None
    return Plain(node.text) if node.plain else node.text


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text in NULLS


@dataclass(slots=True)
class _Open:
    """A table or list whose end has not come; a table's `key` waits for its value."""

    node: Items | Table
    anchor: str | None
    key: Scalar | None = None
    merged: list[Table] = field(default_factory=list)


class _Composer:
    """Puts nodes together from the parser's events, without recursion: `[` a thousand times over costs nothing."""

    def __init__(self, mistakes: Mistakes) -> None:
        self._mistakes = mistakes
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._values = 0
        self._root: Node | None = None

    def document(self, events: Iterator[Any]) -> Node | None:
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._mistakes.stop(_place(event), words.SECOND_DOCUMENT)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
                self._begin(event)
            elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                self._end()
        return self._root

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        plain = not event.style and event.tag not in TEXT_TAGS
        self._check_tag(event, TEXT_TAGS)
        node = Scalar(_place(event), event.value, plain)
        if strange := STRANGE.findall(event.value):
            self._mistakes.add(node.place, self._way(), words.no_text_has(strange))
        if event.anchor:
            self._anchors[event.anchor] = node
        self._add(node)

    def _begin(self, event: Any) -> None:
        is_table = isinstance(event, yaml.MappingStartEvent)
        self._check_tag(event, TABLE_TAGS if is_table else LIST_TAGS)
        if len(self._open) == DEPTH_LIMIT:
            raise self._mistakes.stop(_place(event), words.too_deep(DEPTH_LIMIT))
        if event.anchor:
            self._anchors[event.anchor] = None
        node = Table(_place(event)) if is_table else Items(_place(event))
        self._open.append(_Open(node, event.anchor))

    def _end(self) -> None:
        done = self._open.pop()
        if isinstance(done.node, Table):
            for source in done.merged:
                for key, entry in source.entries.items():
                    done.node.entries.setdefault(key, entry)
        if done.anchor:
            self._anchors[done.anchor] = done.node
        self._add(done.node)

    def _alias(self, event: yaml.AliasEvent) -> None:
        place = _place(event)
        name = str(event.anchor)
        node = self._anchors.get(name)
        if node is None:
            raise self._mistakes.stop(place, words.bad_alias(name, inside=name in self._anchors))
        if isinstance(node, Scalar):
            node = replace(node, place=place)
        self._values += node.weight - 1
        self._add(node, place)

    def _add(self, node: Node, place: Place | None = None) -> None:
        """Puts a whole node where it belongs; `place` is an alias's, which stands for it."""
        self._values += 1
        if self._values > VALUES_LIMIT:
            raise self._mistakes.stop(place or node.place, words.too_many_values(VALUES_LIMIT))
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        parent.node.weight += node.weight
        if isinstance(parent.node, Items):
            parent.node.items.append(node)
        elif parent.key is None:
            parent.key = self._key(node, place)
        else:
            self._put(parent, parent.key, node)
            parent.key = None

    def _key(self, node: Node, place: Place | None) -> Scalar:
        if isinstance(node, Scalar):
            return Scalar(place or node.place, node.text, node.plain)
        raise self._mistakes.stop(place or node.place, words.KEY_IS_NO_TEXT)

    def _put(self, parent: _Open, key: Scalar, value: Node) -> None:
        assert isinstance(parent.node, Table)
        if key.text == MERGE and key.plain:
            self._merge(parent, key, value)
        elif key.text in parent.node.entries:
            first, _ = parent.node.entries[key.text]
            self._mistakes.add(key.place, self._way(), words.duplicate_key(first.place))
        else:
            parent.node.entries[key.text] = (key, value)

    def _merge(self, parent: _Open, key: Scalar, value: Node) -> None:
        """`<<: *base`: the keys of another table, under those that are written here (YAML's merge type)."""
        sources = value.items if isinstance(value, Items) else [value]
        tables = [source for source in sources if isinstance(source, Table)]
        if len(tables) < len(sources):
            self._mistakes.add(key.place, self._way(), words.NO_TABLE_TO_MERGE)
        parent.merged.extend(tables)

    def _way(self) -> list[str | int]:
        """The keys that lead to where the parser stands."""
        ways: list[str | int] = []
        for one in self._open:
            if isinstance(one.node, Items):
                ways.append(len(one.node.items))
            elif one.key:
                ways.append(one.key.text)
        return ways

    def _check_tag(self, event: Any, known: tuple[str, ...]) -> None:
        if event.tag and event.tag not in known:
            self._mistakes.add(_place(event), self._way(), words.foreign_tag(event.tag.replace(STANDARD, "!!")))


def _place(event: Any) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1
