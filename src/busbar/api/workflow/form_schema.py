"""The form of a task as JSON Schema (2020-12): a program fills it in without a screen."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from busbar.workflow.forms import Form, FormField

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MOST_ROWS = 500
_LONGEST = {"text": 200, "paragraph": 5000}
_PLAIN: dict[str, dict[str, Any]] = {
    "integer": {"type": "integer"},
    "decimal": {"type": ["number", "string"]},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "yes_no": {"type": "boolean"},
}


def describe(form: Form) -> dict[str, Any]:
    """The form as a program is told of it."""
    return {
        "name": form.name,
        "title": form.title,
        "help": form.help,
        "data_schema": schema_of(form),
        "files": files_of(form),
        "required_when": required_when_of(form),
    }


def schema_of(form: Form) -> dict[str, Any]:
    """What `data` of a completion must look like; files come beside it and are not in it.

    A decimal may be sent as text, so that no digit is lost. Fields that are required only in
    certain cases stand in `required_when_of`.
    """
    return {"$schema": _DIALECT, "title": form.title, **_object(form.fields)}


def files_of(form: Form) -> list[dict[str, Any]]:
    """The fields that are answered with files."""
    return [
        {"name": f.name, "label": f.label, "required": f.required, "help": f.help}
        for f in form.fields
        if f.kind == "files"
    ]


def required_when_of(form: Form) -> list[dict[str, str]]:
    """Fields that a condition over the process's facts and the form makes required."""
    return [
        {"name": f.name, "label": f.label, "condition": f.required_when}
        for f in form.fields
        if f.required_when
    ]


def _object(fields: tuple[FormField, ...]) -> dict[str, Any]:
    asked = [field for field in fields if field.kind != "files"]
    return {
        "type": "object",
        "properties": {field.name: _field(field) for field in asked},
        "required": [field.name for field in asked if field.required],
        "additionalProperties": False,
    }


def _field(field: FormField) -> dict[str, Any]:
    told = {"title": field.label, "description": field.help, "x-unit": field.unit}
    return {**{name: text for name, text in told.items() if text}, **_value(field)}


def _value(field: FormField) -> dict[str, Any]:
    match field.kind:
        case "text" | "paragraph":
            return _text(field)
        case "choice":
            return _choice(field)
        case "choices":
            return {"type": "array", "items": _choice(field), "uniqueItems": True}
        case "table":
            return {"type": "array", "items": _object(field.columns), "maxItems": _MOST_ROWS}
        case _:
            return {**_PLAIN[field.kind], **_bounds(field)}


def _text(field: FormField) -> dict[str, Any]:
    longest = field.max_length or _LONGEST[field.kind]
    shape = {"pattern": f"^(?:{field.pattern})$"} if field.pattern else {}
    least = {"minLength": 1} if field.required else {}
    return {"type": "string", "maxLength": longest, **least, **shape}


def _choice(field: FormField) -> dict[str, Any]:
    """Without an open task nobody knows what the registers will offer; only which list it is."""
    if field.choice_from and not field.choices:
        return {"type": "string", "x-choice-from": field.choice_from}
    return {
        "type": "string",
        "oneOf": [{"const": value, "title": label} for value, label in field.choices],
    }


def _bounds(field: FormField) -> dict[str, Any]:
    """JSON Schema bounds numbers only; a day's bounds are told beside it."""
    prefix = "x-" if field.kind in {"date", "datetime"} else ""
    bounds = {f"{prefix}minimum": field.minimum, f"{prefix}maximum": field.maximum}
    return {name: _plain(value) for name, value in bounds.items() if value is not None}


def _plain(bound: Any) -> Any:
    if isinstance(bound, dt.date):
        return bound.isoformat()
    return float(bound) if isinstance(bound, Decimal) else bound
