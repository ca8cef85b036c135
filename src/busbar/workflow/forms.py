"""Forms of user tasks: read from `forms.toml`, checked field by field on the server.

A form is a title and fields; a field has a kind, a Chinese label and its limits. Values come as
JSON or as the text of an HTML form, and leave typed: Decimal, date, aware datetime, bool, list.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.kit.errors import Listing, Phrase, Reasons, Refusal
from busbar.workflow import expressions, form_values, patterns
from busbar.workflow.form_values import UnableToTakeValue

KINDS = (
    "text",
    "paragraph",
    "integer",
    "decimal",
    "date",
    "datetime",
    "choice",
    "choices",
    "yes_no",
    "files",
    "table",
)
_LONGEST = {"text": 200, "paragraph": 5000}
_MOST_ROWS = 500
_MOST_CHARACTERS = 20_000
_WRITTEN: dict[str, type] = {
    "label": str,
    "unit": str,
    "help": str,
    "pattern": str,
    "required_when": str,
    "choice_from": str,
    "required": bool,
    "max_length": int,
}
"""Attributes of a field and the type in which TOML gives them."""
_TYPE_WORDS = {
    str: Phrase("一段文字"),
    bool: Phrase(" true 或 false"),
    int: Phrase("一个整数"),
}
_UNPRINTABLE = {"Cc", "Cs"}
"""Control characters and halves of characters: no database keeps them."""


class UnableToReadForms(Refusal):
    """`forms.toml` is not as it should be; the sentence names form, field and expectation."""


class UnableToAcceptForm(Refusal):
    """The data is refused; `errors` has a sentence for each field."""

    def __init__(self, errors: Mapping[str, Phrase]) -> None:
        super().__init__("%(reasons)s", reasons=Reasons(errors.values()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class FormField:
    """One field; see docs/how-to/add-a-process.md for what each attribute means."""

    name: str
    kind: str
    label: str
    unit: str = ""
    required: bool = False
    minimum: Any = None
    maximum: Any = None
    max_length: int | None = None
    pattern: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    choice_from: str = ""
    help: str = ""
    required_when: str = ""
    columns: tuple[FormField, ...] = ()


@dataclass(frozen=True)
class Form:
    """A named form: what a task asks for."""

    name: str
    title: str
    fields: tuple[FormField, ...]
    help: str = ""

    def field(self, name: str) -> FormField | None:
        """The field of this name."""
        return next((field for field in self.fields if field.name == name), None)


def parse_forms(text: str, file: str = "forms.toml") -> dict[str, Form]:
    """The forms of a package by name; UnableToReadForms names the first thing amiss."""
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as broken:
        raise UnableToReadForms(
            "%(file)s：不是有效的 TOML（%(broken)s）", file=file, broken=broken
        ) from broken
    forms = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise UnableToReadForms(
                "%(file)s：“%(name)s”应为一个表单（[%(name)s] 加 fields）", file=file, name=name
            )
        where = Phrase("%(file)s 表单“%(name)s”", file=file, name=name)
        fields = tuple(_field(raw, where) for raw in _list(table, "fields", where))
        names = [field.name for field in fields]
        if len(set(names)) != len(names):
            raise UnableToReadForms("%(where)s：有重名的字段", where=where)
        forms[name] = Form(name, str(table.get("title", name)), fields, str(table.get("help", "")))
    return forms


_ATTRIBUTES = frozenset(FormField.__dataclass_fields__)


def _field(raw: Any, where: Phrase) -> FormField:
    if not isinstance(raw, dict) or not str(raw.get("name", "")).isidentifier():
        raise UnableToReadForms("%(where)s：每个字段应有 name（字母、数字、下划线）", where=where)
    name, kind = raw["name"], raw.get("kind", "text")
    where = Phrase("%(where)s 字段“%(name)s”", where=where, name=name)
    if unknown := set(raw) - _ATTRIBUTES:
        raise UnableToReadForms(
            "%(where)s：不认识 %(unknown)s", where=where, unknown=Listing(sorted(unknown))
        )
    if kind not in KINDS:
        raise UnableToReadForms(
            "%(where)s：kind 是“%(kind)s”，应为 %(kinds)s 之一",
            where=where,
            kind=kind,
            kinds=Listing(KINDS),
        )
    _check_types(raw, where)
    if not raw.get("label"):
        raise UnableToReadForms("%(where)s：缺少 label（中文名称）", where=where)
    choices = tuple(_choice(choice) for choice in _list(raw, "choices", where))
    columns = tuple(_field(column, where) for column in _list(raw, "columns", where))
    listed = raw.get("choice_from", "")
    if kind in {"choice", "choices"} and bool(choices) == bool(listed):
        raise UnableToReadForms(
            "%(where)s：应有 choices（可选的值）或 choice_from，只写一个", where=where
        )
    if listed and kind not in {"choice", "choices"}:
        raise UnableToReadForms("%(where)s：choice_from 只用于 choice、choices", where=where)
    if kind == "table" and not columns:
        raise UnableToReadForms("%(where)s：缺少 columns（表格的列）", where=where)
    if any(column.kind in {"table", "files"} for column in columns):
        raise UnableToReadForms("%(where)s：表格的列不应是表格或附件", where=where)
    field = FormField(**{**raw, "kind": kind, "choices": choices, "columns": columns})
    try:
        _check_limits(field)
        expressions.names_in(field.required_when or "True")
    except Refusal as broken:
        raise UnableToReadForms("%(where)s：%(broken)s", where=where, broken=broken) from broken
    return field


def _check_types(raw: Mapping[str, Any], where: Phrase) -> None:
    for attribute, wanted in _WRITTEN.items():
        if attribute in raw and type(raw[attribute]) is not wanted:
            raise UnableToReadForms(
                "%(where)s：%(attribute)s 是“%(raw)s”，应为%(said)s",
                where=where,
                attribute=attribute,
                raw=raw[attribute],
                said=_TYPE_WORDS[wanted],
            )


def _list(raw: Mapping[str, Any], name: str, where: Phrase) -> list[Any]:
    found = raw.get(name, [])
    if not isinstance(found, list):
        raise UnableToReadForms("%(where)s：%(name)s 应为列表", where=where, name=name)
    return found


def _check_limits(field: FormField) -> None:
    """Refuse a bound or a pattern that is none before anybody fills the form in."""
    for name, bound in (("minimum", field.minimum), ("maximum", field.maximum)):
        try:
            _bound(field, bound)
        except UnableToTakeValue as bad:
            raise UnableToTakeValue("%(name)s %(why)s", name=name, why=bad) from bad
    if field.max_length is not None and not 0 < field.max_length <= _MOST_CHARACTERS:
        raise UnableToTakeValue("max_length 应在 1 与 %(most)s 之间", most=_MOST_CHARACTERS)
    if field.pattern:
        patterns.check_pattern(field.pattern)
        if field.kind != "text" or (field.max_length or 0) > patterns.LONGEST_TEXT:
            raise UnableToTakeValue(
                "pattern 只用于至多 %(most)s 个字的 text", most=patterns.LONGEST_TEXT
            )


def _choice(raw: Any) -> tuple[str, str]:
    if isinstance(raw, dict):
        return str(raw.get("value", "")), str(raw.get("label", raw.get("value", "")))
    return str(raw), str(raw)


def check(
    form: Form, data: Mapping[str, Any], *, facts: Mapping[str, Any], files: Mapping[str, int]
) -> dict[str, Any]:
    """The form's values, typed and checked; unknown keys are refused.

    `files` counts the uploads by field. UnableToAcceptForm has a sentence for every bad field.
    """
    errors: dict[str, Phrase] = {}
    values: dict[str, Any] = {}
    for field in form.fields:
        try:
            values[field.name] = _field_value(field, data.get(field.name), files)
        except UnableToTakeValue as bad:
            errors[field.name] = Phrase("“%(field)s”%(why)s", field=field.label, why=bad)
    known = {field.name for field in form.fields}
    for name in [*data, *files]:
        if name not in known:
            errors[name] = Phrase("表单“%(form)s”没有字段“%(name)s”", form=form.title, name=name)
    context = {**facts, **comparable(values)}
    for field in form.fields:
        if field.name not in errors and _is_missing(values[field.name]) and _must(field, context):
            errors[field.name] = Phrase("“%(field)s”必须填写", field=field.label)
    if errors:
        raise UnableToAcceptForm(errors)
    return values


def comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as facts of the process: plain JSON that expressions can compare.

    Dates become ISO text (which sorts as time does), decimals numbers.
    """
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _must(field: FormField, context: Mapping[str, Any]) -> bool:
    if field.required:
        return True
    return bool(field.required_when) and bool(expressions.evaluate(field.required_when, context))


def _is_missing(value: Any) -> bool:
    return value is None or value in ("", [])


def _field_value(field: FormField, raw: Any, files: Mapping[str, int]) -> Any:
    if field.kind == "files":
        count = files.get(field.name, 0)
        return [count] if count else []
    if field.kind == "table":
        return _table(field, raw)
    if field.kind == "choices":
        return _choices(field, raw)
    if raw is None or raw == "":
        return None if field.kind not in {"text", "paragraph"} else ""
    return _limited(field, _typed(field, raw))


def _typed(field: FormField, raw: Any) -> Any:
    match field.kind:
        case "integer":
            return form_values.integer(raw)
        case "decimal":
            return form_values.decimal(raw)
        case "date":
            return form_values.date(raw)
        case "datetime":
            return form_values.moment(raw)
        case "yes_no":
            return form_values.yes_no(raw)
        case "choice":
            return _one_of(field, raw)
        case _:
            return _text(field, raw)


def _one_of(field: FormField, raw: Any) -> str:
    values = [value for value, _ in field.choices]
    if field.choice_from and str(raw) not in values:
        raise UnableToTakeValue("没有“%(value)s”可选，请从列表中选择", value=raw)
    if str(raw) not in values:
        labels = Listing(label for _, label in field.choices)
        raise UnableToTakeValue("应为 %(labels)s 之一", labels=labels)
    return str(raw)


def _choices(field: FormField, raw: Any) -> list[str]:
    if raw in (None, ""):
        return []
    parts = raw if isinstance(raw, list | tuple) else [raw]
    return [_one_of(field, part) for part in dict.fromkeys(map(str, parts))]


def _text(field: FormField, raw: Any) -> str:
    if not isinstance(raw, str | int | float):
        raise UnableToTakeValue("应为文字")
    text = str(raw).strip()
    if any(unicodedata.category(c) in _UNPRINTABLE and c not in "\n\r\t" for c in text):
        raise UnableToTakeValue("含有不可见的控制字符")
    longest = field.max_length or _LONGEST.get(field.kind, 200)
    if len(text) > longest:
        raise UnableToTakeValue(
            "有 %(count)s 个字，至多 %(longest)s 个", count=len(text), longest=longest
        )
    if field.pattern and not re.fullmatch(field.pattern, text):
        if field.help:
            raise UnableToTakeValue("格式不符，%(help)s", help=field.help)
        raise UnableToTakeValue("格式不符")
    return text


def _limited(field: FormField, value: Any) -> Any:
    low, high = _bound(field, field.minimum), _bound(field, field.maximum)
    unit = f" {field.unit}" if field.unit else ""
    if low is not None and value < low:
        raise UnableToTakeValue("不得小于 %(bound)s", bound=f"{low}{unit}")
    if high is not None and value > high:
        raise UnableToTakeValue("不得大于 %(bound)s", bound=f"{high}{unit}")
    return value


def _bound(field: FormField, bound: Any) -> Any:
    if bound is None or field.kind not in {"integer", "decimal", "date", "datetime"}:
        return None
    if field.kind == "date":
        return form_values.date(bound)
    return form_values.moment(bound) if field.kind == "datetime" else form_values.decimal(bound)


def _table(field: FormField, raw: Any) -> list[dict[str, Any]]:
    rows = raw or []
    if not isinstance(rows, list | tuple) or len(rows) > _MOST_ROWS:
        raise UnableToTakeValue("应为至多 %(most)s 行的表格", most=_MOST_ROWS)
    return [_row(field, row, number) for number, row in enumerate(rows, start=1)]


def _row(field: FormField, row: Any, number: int) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise UnableToTakeValue("第 %(number)s 行应为按列名给出的值", number=number)
    form = Form(field.name, field.label, field.columns)
    try:
        return check(form, row, facts={}, files={})
    except UnableToAcceptForm as refusal:
        why = Reasons(refusal.errors.values())
        raise UnableToTakeValue("第 %(number)s 行：%(why)s", number=number, why=why) from refusal
