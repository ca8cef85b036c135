"""One cell to one value: what each type of column accepts, and the sentence for what it refuses."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from django.utils import translation

from busbar.access.models import Role
from busbar.customers import operations as customers_operations
from busbar.imports.tables import Field
from busbar.kit.errors import Listing, Phrase, Refusal
from busbar.kit.exports import unescape
from busbar.kit.identifiers import is_credit_code
from busbar.kit.periods import CHINA
from busbar.kit.tables import cell_text

_EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number; a longer one has lost its end."""
_DATES = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})"),
    re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"),
)
_MOMENT = re.compile(
    r"(\S+?)(?:[ T]+(\d{1,2})[:：](\d{2})(?:[:：](\d{2})(?:\.0+)?)?)?(|Z|[+-]\d{2}:\d{2})"
)
_MIDNIGHT = re.compile(r"[ T]0{1,2}:00(:00(\.0+)?)?$")
_CODE = re.compile(r"[^\s\x00-\x1f]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CLOCK = re.compile(r"(\d{1,2})[:：](\d{2})(?::00)?")
_TRUE, _FALSE = (
    {"是", "1", "true", "yes", "y", "√", "有"},
    {"否", "0", "false", "no", "n", "×", "无", ""},
)
_BETWEEN = re.compile(r"[、,，;；\s]+")


class CellRefused(Refusal):
    """The cell does not hold what its column holds; the sentence says what was expected."""


def parse_cell(field: Field, raw: Any) -> Any:
    """The cell's value, None where it is blank. Raises CellRefused with the expectation."""
    text = unescape(cell_text(raw).strip()).strip()
    if text == "":
        if field.required:
            raise CellRefused("此列必填")
        return None if field.cell not in {"months", "roles"} else []
    value = _PARSERS[field.cell](field, raw, text)
    if isinstance(value, str) and len(value) > field.max_length:
        raise CellRefused("不应超过 %(most)s 个字", most=field.max_length)
    return value


def _text(field: Field, raw: Any, text: str) -> str:
    return re.sub(r"[\x00-\x1f]+", " ", text)


def _code(field: Field, raw: Any, text: str) -> str:
    if isinstance(raw, float) and abs(raw) >= _EXACT:
        raise CellRefused("16 位以上的编号应以文本存放：表格软件以数字存放会丢失末位")
    if not _CODE.fullmatch(text):
        raise CellRefused("编号中不应有空格")
    return text


def _account_number(field: Field, raw: Any, text: str) -> str:
    text = _code(field, raw, text)
    if not customers_operations.is_account_number(text):
        raise CellRefused("应为 6–16 位数字的户号")
    return text


def _credit_code(field: Field, raw: Any, text: str) -> str:
    text = text.upper()
    if not is_credit_code(text):
        raise CellRefused("应为 18 位统一社会信用代码，校验码须正确")
    return text


def _decimal(field: Field, raw: Any, text: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        raise CellRefused("应为数字") from None
    if not value.is_finite():
        raise CellRefused("应为数字")
    if field.above_zero and value <= 0:
        raise CellRefused("应为大于 0 的数字")
    return value


def _integer(field: Field, raw: Any, text: str) -> int:
    value = _decimal(field, raw, text)
    if value != value.to_integral_value():
        raise CellRefused("应为整数")
    if field.at_least is not None and value < field.at_least:
        raise CellRefused("应为不小于 %(least)s 的整数", least=field.at_least)
    if abs(value) > 2_000_000_000:  # noqa: PLR2004 - the database's integer
        raise CellRefused("数字过大")
    return int(value)


def _date(field: Field, raw: Any, text: str) -> dt.date:
    if isinstance(raw, dt.datetime):
        return raw.date()
    if isinstance(raw, dt.date):
        return raw
    bare = _MIDNIGHT.sub("", text)
    for form in _DATES:
        if found := form.fullmatch(bare):
            try:
                return dt.date(*(int(part) for part in found.groups()))
            except ValueError:
                break
    raise CellRefused("应为日期，如 2025-01-31、2025/1/31 或 20250131")


def _moment(field: Field, raw: Any, text: str) -> dt.datetime:
    """A moment of China's clock where the text names no other; a bare date is its midnight."""
    if isinstance(raw, dt.datetime):
        return raw if raw.tzinfo else raw.replace(tzinfo=CHINA)
    found = _MOMENT.fullmatch(text)
    expected = CellRefused("应为日期和时刻，如 2025-01-31 07:30，一日之末写 24:00")
    if found is None:
        raise expected
    try:
        day = _date(field, None, found[1])
        hour, minute, second = (int(part or 0) for part in found.groups()[1:4])
        ends_day = (hour, minute, second) == (24, 0, 0)
        extra = dt.timedelta(days=int(ends_day))
        clock = dt.time(0 if ends_day else hour, minute, second)
        zone = dt.datetime.fromisoformat(f"2000-01-01T00:00:00{found[5]}").tzinfo
    except (ValueError, CellRefused):
        raise expected from None
    return dt.datetime.combine(day, clock, tzinfo=zone or CHINA) + extra


def _minute(field: Field, raw: Any, text: str) -> int:
    if isinstance(raw, dt.time):
        return raw.hour * 60 + raw.minute
    found = _CLOCK.fullmatch(text)
    minute = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else -1  # noqa: PLR2004
    if not 0 <= minute <= 1440:  # noqa: PLR2004 - minutes of a day
        raise CellRefused("应为时刻，如 7:30，一日之末写 24:00")
    return minute


def _months(field: Field, raw: Any, text: str) -> list[int]:
    months: set[int] = set()
    for part in _BETWEEN.split(text.replace("月", "")):
        first, _, last = part.replace("–", "-").replace("~", "-").partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise CellRefused("应为月份，如 7、8 或 1-12")
        months |= set(range(int(first), int(last or first) + 1))
    if not months or min(months) < 1 or max(months) > 12:  # noqa: PLR2004 - months of a year
        raise CellRefused("应为月份，如 7、8 或 1-12")
    return sorted(months)


def _choice(field: Field, raw: Any, text: str) -> str:
    assert field.choices is not None  # noqa: S101 - declared beside the type
    synonyms = {_key(name): value for name, value in field.synonyms.items()}
    known = {**_choice_texts(field.choices), **synonyms}
    if _key(text) in known:
        return known[_key(text)]
    raise CellRefused("应为以下之一：%(known)s", known=_labels(field.choices))


@cache
def _labels(choices: Any) -> Listing:
    with translation.override("zh-hans"):
        return Listing(Phrase(str(choice.label)) for choice in choices)


@cache
def _choice_texts(choices: Any) -> Mapping[str, str]:
    known: dict[str, str] = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            known |= {_key(str(choice.label)): choice.value for choice in choices}
    return known | {_key(choice.value): choice.value for choice in choices}


def _key(text: str) -> str:
    return re.sub(r"\s+", "", text).lower()


def _flag(field: Field, raw: Any, text: str) -> bool:
    if isinstance(raw, bool):
        return raw
    if _key(text) in _TRUE | _FALSE:
        return _key(text) in _TRUE
    raise CellRefused("应为“是”或“否”")


def _email(field: Field, raw: Any, text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise CellRefused("应为电子邮箱地址")
    return text


def _value(field: Field, raw: Any, text: str) -> Any:
    if text[:1] in "[{":
        try:
            return json.loads(text)
        except ValueError:
            raise CellRefused("应为数字、文字或正确的 JSON") from None
    return text


def _roles(field: Field, raw: Any, text: str) -> list[str]:
    known = _choice_texts(Role)
    parts = [part for part in _BETWEEN.split(text) if part]
    if any(_key(part) not in known for part in parts):
        raise CellRefused("应为以下角色，多个以顿号分开：%(known)s", known=_labels(Role))
    return [known[_key(part)] for part in parts]


def _raw(field: Field, raw: Any, text: str) -> str:
    return text


_PARSERS: Mapping[str, Callable[[Field, Any, str], Any]] = {
    "text": _text,
    "code": _code,
    "account_number": _account_number,
    "credit_code": _credit_code,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "moment": _moment,
    "minute": _minute,
    "months": _months,
    "choice": _choice,
    "flag": _flag,
    "email": _email,
    "value": _value,
    "roles": _roles,
    "raw": _raw,
}
