"""Field types of documents that people write: exact numbers, dates, ids, and their JSON Schema."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?", re.ASCII)
_FAR_OUT = 30
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


_EARLIEST, _LATEST = dt.date(1950, 1, 1), dt.date(2200, 12, 31)


class Document(BaseModel):
    """Base of all parts of a document: unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _number(value: object) -> Decimal:
    """An exact decimal from a JSON number or its text; never through binary floating point."""
    if isinstance(value, int | float | str | Decimal) and not isinstance(value, bool):
        text = value if isinstance(value, str) else _written_out(value)
        if _NUMBER.fullmatch(text):
            return Decimal(text)
    raise PydanticCustomError("number", "应为数字（整数部分至多 15 位，小数至多 10 位）")


def _written_out(value: float | Decimal) -> str:
    """A JSON number without exponent; one far out of range stays short and is refused."""
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > _FAR_OUT:
        return ""
    return format(number, "f")


def _day(value: object) -> dt.date:
    # TOML has days of its own, JSON only texts.
    text = value.isoformat() if isinstance(value, dt.date) else value
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            day = dt.date.min
        if _EARLIEST <= day <= _LATEST:
            return day
    raise PydanticCustomError("day", "应为日期 YYYY-MM-DD（1950 至 2200 年）")


def _schema(**limits: object) -> dict[str, Any]:
    pattern = r"^-?\d{1,15}(\.\d{1,10})?$"
    return {"type": ["number", "string"], "pattern": pattern, **limits}


Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema(_schema())]
Amount = Annotated[
    Decimal, BeforeValidator(_number), Field(ge=0), WithJsonSchema(_schema(minimum=0))
]
Positive = Annotated[
    Decimal, BeforeValidator(_number), Field(gt=0), WithJsonSchema(_schema(exclusiveMinimum=0))
]
Share = Annotated[
    Decimal,
    BeforeValidator(_number),
    Field(ge=0, le=1),
    WithJsonSchema(_schema(minimum=0, maximum=1)),
]


def _standard(value: object) -> Decimal:
    number = _number(value)
    if number not in _STANDARDS:
        raise PydanticCustomError("standard", "应为 0.90、0.85 或 0.80")
    return number.quantize(Decimal("0.01"))


_STANDARDS = (Decimal("0.90"), Decimal("0.85"), Decimal("0.80"))

Standard = Annotated[
    Decimal,
    BeforeValidator(_standard),
    WithJsonSchema({"enum": ["0.90", "0.85", "0.80", "0.9", "0.8", 0.9, 0.85, 0.8]}),
]
Day = Annotated[
    dt.date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})
]
Name = Annotated[str, Field(min_length=1, max_length=120, strict=True)]


def described(text: str, *examples: object, **options: Any) -> Any:
    """A field with its Chinese and English description and examples."""
    return Field(description=text, examples=list(examples) or None, **options)
