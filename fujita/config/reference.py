"""The page of every setting (docs/every-setting.md), made from the models.

python -m fujita.config.reference > docs/every-setting.md
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from fujita.config.schema import Schema, json_schema

PAGE = """\
# Every setting

This page is made from the models in `fujita/config/models.py`, as are the errors, and the JSON Schema by which an
editor completes and explains the file: begin yours with

```yaml
# yaml-language-server: $schema=fujita.schema.json
```

beside the output of `fujita schema > fujita.schema.json`. `fujita check` says what is wrong in a `fujita.yml`, all of
it at once, and what it leads to. A commented example is [config/fujita.yml](../config/fujita.yml).

Fujita looks for its config at `--config`, then `$FUJITA_CONFIG`, then `./fujita.yml`, then `/etc/fujita/fujita.yml`.
Only `projects` is required, and of a project only `directory`.

## How values are read

- Text is taken as it is written: `environment: {{A: 0644, B: no, C: 1.10}}` gives a process `0644`, `no` and `1.10`.
- Numbers are written in decimal and without quotes; switches are `true` or `false`. Where YAML 1.1 and 1.2 differ
  about what was meant (`yes`, `0644`, `22:22`) there is an error that says what to write.
- A key without a value (`settings:`, or `settings: null`) is as good as none: it has its default, also where
  `defaults` say otherwise. Only a variable in `environment` must say `""` when it is to be empty.
- Paths are relative to the file's folder, `~/` is the home of the user whom Fujita runs as. Whether they exist is not
  asked here: a project whose folder is not mounted yet waits for it.
- A key that is given twice, one that is unknown, and a port that two projects share are errors.
- Anchors, aliases and `<<` work. The file is UTF-8, has one document, and at most 1 MiB.

## console

{console}

## projects

{projects}

{project}

## defaults

Any key of a project but `directory`, put under each project, which may say otherwise. Of `environment` and `commands`
the entries are put together.

```yaml
defaults:
  python: ~/venv/bin/python
  environment:
    PYTHONWARNINGS: default
```
"""
HEAD = ("Key", "Write", "Default", "What it is")
KINDS = {
    "array": "a list",
    "boolean": "`true` or `false`",
    "number": "a number",
    "object": "a table",
    "string": "a text",
}


def every_setting() -> str:
    """The page, in Markdown."""
    schema = json_schema()
    parts = schema["$defs"]
    return PAGE.format(
        console=_table(parts["console"]),
        projects=schema["properties"]["projects"]["description"],
        project=_table(parts["project"]),
    )


def _table(part: Schema) -> str:
    rows = [HEAD, ("---",) * len(HEAD)]
    for key, schema in part["properties"].items():
        required = key in part.get("required", ())
        rows.append((f"`{key}`", _takes(schema), "required" if required else _default(schema), schema["description"]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _takes(schema: Schema) -> str:
    """A choice, or a kind and an example of it."""
    if "enum" in schema:
        return _one_of(f"`{choice}`" for choice in schema["enum"] if choice is not None)
    examples = [f"`{_yaml(example)}`" for example in schema.get("examples", ())]
    if examples:
        return _one_of(examples)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kind = KINDS[kinds[0]]
    return f"{kind} from {schema['minimum']} to {schema['maximum']}" if "minimum" in schema else kind


def _default(schema: Schema) -> str:
    default = schema.get("default")
    return "" if default in (None, [], {}) else f"`{_yaml(default)}`"


def _yaml(value: Any) -> str:
    """A value as one would write it in the file."""
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_yaml(item)}' for key, item in value.items())}}}"
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)


def _one_of(choices: Iterable[str]) -> str:
    *first, last = choices
    return f"{', '.join(first)} or {last}" if first else last


if __name__ == "__main__":
    sys.stdout.write(every_setting())
