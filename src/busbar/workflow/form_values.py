"""Single values of a form: JSON or the text of an HTML field in, typed values out.

Every function raises UnableToTakeValue with what it expected.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA

_DIGITS = 24
_YES = {"true", "1", "yes", "on", "是"}
_NO = {"false", "0", "no", "off", "否"}


class UnableToTakeValue(Refusal):
    """What was given is no value of the field; the sentence goes on from the field's label."""


def integer(raw: Any) -> int:
    """A whole number of at most eighteen digits."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    text = str(raw).strip()
    if not re.fullmatch(r"[+-]?\d{1,18}", text):
        raise UnableToTakeValue("应为整数")
    return int(text)


def decimal(raw: Any) -> Decimal:
    """A finite number of sensible size."""
    text = str(raw).strip()
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise UnableToTakeValue("应为数字") from None
    if isinstance(raw, bool) or not value.is_finite() or len(value.as_tuple().digits) > _DIGITS:
        raise UnableToTakeValue("应为数字")
    if not -_DIGITS <= value.adjusted() <= _DIGITS:
        raise UnableToTakeValue("应为合理大小的数字")
    return value


def date(raw: Any) -> dt.date:
    """A day, as a date or as `2026-03-02`."""
    if isinstance(raw, dt.date) and not isinstance(raw, dt.datetime):
        return raw
    try:
        return dt.date.fromisoformat(str(raw).strip())
    except ValueError:
        raise UnableToTakeValue("应为日期，如 2026-03-02") from None


def moment(raw: Any) -> dt.datetime:
    """A moment with its zone; without one it is of China."""
    try:
        found = raw if isinstance(raw, dt.datetime) else dt.datetime.fromisoformat(str(raw).strip())
    except ValueError:
        raise UnableToTakeValue("应为日期和时间，如 2026-03-02 09:30") from None
    return found if found.tzinfo else found.replace(tzinfo=CHINA)


def yes_no(raw: Any) -> bool:
    """A yes or a no, as a form or a document says it."""
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word not in _YES | _NO:
        raise UnableToTakeValue("应为“是”或“否”")
    return word in _YES
