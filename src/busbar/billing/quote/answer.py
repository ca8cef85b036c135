"""A document in, a bill out: validation, computation, schema, exact JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Annotated, Any, NoReturn

from pydantic import Field, TypeAdapter, ValidationError

from busbar.billing.quote.examples import EXAMPLES
from busbar.billing.quote.kinds import KINDS
from busbar.billing.quote.refusal import Fault, QuoteRefused, faults_of
from busbar.billing.rating import UnableToRate

Json = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The identifier that names the dialect; nothing is fetched from it."""


def quote(document: Mapping[str, Any]) -> Json:
    """Compute a quote document; the answer is JSON-ready with numbers as text.

    Raises QuoteRefused with a fault for every place that has to change.
    """
    if not isinstance(document, Mapping):
        raise QuoteRefused([Fault("$", document, "应为对象 { … }")])
    name = document.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        known = "、".join(KINDS)
        raise QuoteRefused([Fault("$.kind", name, f"应为 {known} 之一")])
    try:
        answer = kind.compute(kind.document.model_validate(dict(document)))
    except ValidationError as error:
        raise QuoteRefused(faults_of(error, document)) from error
    except UnableToRate as error:
        raise QuoteRefused([Fault("$", None, str(error))]) from error
    return {"kind": name, **answer}


def input_schema() -> Json:
    """JSON Schema (draft 2020-12) of the documents that `quote` takes, one branch a kind."""
    documents: Any = reduce(or_, (kind.document for kind in KINDS.values()))
    shape: Any = Annotated[documents, Field(discriminator="kind")]
    schema = TypeAdapter(shape).json_schema()
    return {
        "$schema": DIALECT,
        "title": "busbar bill quote",
        "description": (
            "电费试算输入。金额为元，电量为 kWh、kvarh，需量为 kW，容量为 kVA；日期 YYYY-MM-DD，"
            "起止含 start 不含 end；数字可写成 JSON 数字或文字，均按十进制精确计算。"
            "Input of a bill quotation: yuan, kWh, kvarh, kW, kVA; days include start, exclude "
            "end; numbers as JSON numbers or text, computed exactly in decimal."
        ),
        "examples": list(EXAMPLES),
        **schema,
    }


def loads(text: str | bytes) -> Any:
    """Parse JSON exactly: numbers become int or Decimal; refuses NaN and repeated members."""
    try:
        return json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_without_repeats,
        )
    except json.JSONDecodeError as error:
        place = f"第 {error.lineno} 行第 {error.colno} 列"
        raise QuoteRefused([Fault("$", None, f"不是有效的 JSON（{place}）")]) from error
    except UnicodeDecodeError as error:
        raise QuoteRefused([Fault("$", None, "文件应为 UTF-8 编码")]) from error
    except ValueError as error:
        raise QuoteRefused([Fault("$", None, "数字过长")]) from error
    except RecursionError as error:
        raise QuoteRefused([Fault("$", None, "嵌套层数过多")]) from error


def dumps(answer: Json) -> str:
    """Write an answer as readable JSON, Chinese as it is, decimals as text."""
    return json.dumps(answer, ensure_ascii=False, indent=2, default=_as_text)


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _no_constant(name: str) -> NoReturn:
    raise QuoteRefused([Fault("$", name, "应为数字")])


def _without_repeats(pairs: list[tuple[str, Any]]) -> Json:
    found: Json = {}
    for name, value in pairs:
        if name in found:
            raise QuoteRefused([Fault("$", name, "同一对象中该项重复出现")])
        found[name] = value
    return found
