"""The JSON Schema of fujita.yml, made from the models: for editors, which complete, explain and underline with it."""

from __future__ import annotations

from typing import Any

from fujita.config import values
from fujita.config.models import Config

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def json_schema() -> Schema:
    """Of the file, where a project's name is a key, `defaults` are possible, and a key may have no value."""
    made = Config.model_json_schema()
    console, project = (made["$defs"][name] for name in ("Console", "ProjectConfig"))
    del project["properties"]["name"]
    project["required"].remove("name")
    for part in (console, project):
        for key, schema in part["properties"].items():
            if key not in part.get("required", ()):
                _allow_nothing(schema)
    return {
        "$schema": DIALECT,
        "title": "fujita.yml",
        "description": Config.__doc__,
        "type": "object",
        "required": ["projects"],
        "additionalProperties": False,
        "properties": {
            "console": _nullable({"$ref": "#/$defs/console"}, "The page and its API."),
            "defaults": _nullable({"$ref": "#/$defs/defaults"}, "Put under each project, which may say otherwise."),
            "projects": {
                "description": made["properties"]["projects"]["description"],
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": f"^{values.NAME.pattern}$", "maxLength": values.NAME_LIMIT},
                "additionalProperties": {"$ref": "#/$defs/project"},
            },
        },
        "$defs": {"console": _untitled(console), "defaults": _defaults(project), "project": _untitled(project)},
    }


def _defaults(project: Schema) -> Schema:
    """Any key of a project but its directory."""
    keys = [key for key in project["properties"] if key not in project["required"]]
    return {
        "description": "Any key of a project but directory.",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"$ref": f"#/$defs/project/properties/{key}"} for key in keys},
    }


def _nullable(schema: Schema, description: str) -> Schema:
    return {"description": description, "anyOf": [schema, {"type": "null"}]}


def _allow_nothing(schema: Schema) -> None:
    """A key without a value (null) is as good as none."""
    if "enum" in schema:
        schema["enum"].append(None)
    if "anyOf" in schema:
        return  # the model allows None itself
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    schema["type"] = [*kinds, "null"]


def _untitled(schema: Any) -> Any:
    """Without the titles that pydantic makes of names: an editor would show them instead of the key."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _untitled(value) for key, value in schema.items() if key != "title" or not isinstance(value, str)}
