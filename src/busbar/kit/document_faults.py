"""Why a document was not accepted: place, value, and what was expected, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from busbar.kit.errors import Refusal

_SHOWN_FAULTS = 5
_SHOWN_VALUE = 60


class Fault(NamedTuple):
    """One thing wrong with a document: JSON path, the value found there, what was expected."""

    path: str
    value: object
    expectation: str

    def __str__(self) -> str:
        shown = "" if self.value is None else f"现为 {_short(self.value)}，"
        return f"{self.path}：{shown}{self.expectation}"


class DocumentRefused(Refusal):
    """The document cannot be taken; `faults` lists every place that has to change."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        more = len(self.faults) - _SHOWN_FAULTS
        tail = f"；另有 {more} 处" if more > 0 else ""
        super().__init__("；".join(str(fault) for fault in self.faults[:_SHOWN_FAULTS]) + tail)


def faults_of(error: ValidationError, document: object = None) -> list[Fault]:
    """Validation errors as faults with JSON paths and Chinese expectations.

    With the `document` the paths are its own: the names of union branches that validation puts
    between its members are left out.
    """
    return [
        Fault(_path(detail, document), _found(detail), _expectation(detail))
        for detail in error.errors(include_url=False)
    ]


def _path(detail: ErrorDetails, document: object) -> str:
    path, here = "$", document
    location = detail["loc"]
    for place, part in enumerate(location, start=1):
        if isinstance(here, Mapping) and part not in here:
            last_and_missing = place == len(location) and detail["type"] == "missing"
            if not last_and_missing:
                continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
        here = _member(here, part)
    return path


def _member(here: object, part: str | int) -> object:
    if isinstance(here, Mapping):
        return here.get(part)
    if isinstance(here, list | tuple) and isinstance(part, int) and part < len(here):
        return here[part]
    return None


def _found(detail: ErrorDetails) -> object:
    """The offending value; nothing where something is missing or the fault is of the whole."""
    found = detail["input"]
    return None if detail["type"] in {"missing", "value_error"} else found


_EXPECTATIONS = {
    "missing": "缺少这一项，必须填写",
    "extra_forbidden": "没有这一项，请按输入格式（schema）核对名称",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
    "literal_error": "应为 {expected} 之一",
    "enum": "应为 {expected} 之一",
    "dict_type": "应为对象 {{ … }}",
    "union_tag_invalid": "应为 {expected_tags} 之一",
    "union_tag_not_found": "缺少 {discriminator}，无法判断种类",
    "too_short": "至少要有 {min_length} 项",
    "string_too_short": "不应为空",
    "string_too_long": "不应超过 {max_length} 个字",
    "string_type": "应为文字",
    "string_pattern_mismatch": "格式应为 {pattern}",
    "bool_type": "应为 true 或 false",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "int_parsing": "应为整数",
    "list_type": "应为数组 [ … ]",
    "tuple_type": "应为数组 [ … ]",
    "model_type": "应为对象 {{ … }}",
    "model_attributes_type": "应为对象 {{ … }}",
    "value_error": "{error}",
}


def _expectation(detail: ErrorDetails) -> str:
    template = _EXPECTATIONS.get(detail["type"])
    if template is None:
        return str(detail["msg"])
    context = dict(detail.get("ctx", {}))
    for listed in ("expected", "expected_tags"):
        if listed in context:
            context[listed] = str(context[listed]).replace(" or ", "、").replace(", ", "、")
    return template.format(**context)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN_VALUE else text[:_SHOWN_VALUE] + "…"
