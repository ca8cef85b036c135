"""Money and dates as Chinese papers write them; pure functions on plain values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from busbar.kit.money import to_fen
from busbar.kit.periods import CHINA

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")
LARGEST_YUAN = Decimal(10**16)
"""Amounts must be smaller than this to be written."""


def capital_amount(yuan: Decimal) -> str:
    """The amount in the capital figures of bills and receipts (金额大写), to the fen, half up.

    A zero is written once between figures that are not neighbours; 整 closes an amount without
    fen. Raises ValueError from ten thousand million million yuan on.

    >>> capital_amount(Decimal("6007.14")), capital_amount(Decimal("325.04"))
    ('陆仟零柒元壹角肆分', '叁佰贰拾伍元零肆分')
    >>> capital_amount(Decimal("107000.5")), capital_amount(Decimal(0))
    ('壹拾万柒仟元伍角整', '零元整')
    >>> capital_amount(Decimal("100000001")), capital_amount(Decimal("-0.05"))
    ('壹亿零壹元整', '负伍分')
    """
    amount = to_fen(abs(yuan))
    if amount >= LARGEST_YUAN:
        raise ValueError(f"金额 {yuan} 超出大写金额的范围")
    whole, fen = divmod(int(amount * 100), 100)
    if whole == 0 and fen == 0:
        return "零元整"
    sign = "负" if yuan < 0 else ""
    return sign + _whole(whole) + _parts(fen, after_yuan=whole > 0)


def chinese_date(day: dt.date) -> str:
    """A civil date.

    >>> chinese_date(dt.date(2026, 3, 2))
    '2026年3月2日'
    """
    return f"{day.year}年{day.month}月{day.day}日"


def chinese_moment(moment: dt.datetime) -> str:
    """A moment to the minute, in China's time.

    >>> chinese_moment(dt.datetime(2026, 3, 2, 1, 5, tzinfo=dt.UTC))
    '2026年3月2日 09:05'
    """
    local = moment.astimezone(CHINA)
    return f"{chinese_date(local.date())} {local:%H:%M}"


def grouped_yuan(yuan: Decimal) -> str:
    """An amount to the fen with thousands apart.

    >>> grouped_yuan(Decimal("1234567.8")), grouped_yuan(Decimal("-0.004"))
    ('1,234,567.80', '0.00')
    """
    amount = to_fen(yuan)
    return f"{amount if amount else abs(amount):,.2f}"


def _whole(number: int) -> str:
    if number == 0:
        return ""
    text, missing = "", False
    for place in range(len(_GROUPS) - 1, -1, -1):
        group = number // 10 ** (4 * place) % 10_000
        if group == 0:
            missing = missing or bool(text)
            continue
        # A gap before the group: a whole group was zero, or this one does not fill its place.
        if text and (missing or group < 1000):  # noqa: PLR2004 - four figures a group
            text += "零"
        missing = False
        text += _group(group) + _group_name(place, number)
    return text + "元"


def _group_name(place: int, number: int) -> str:
    """万亿 is 万 when figures of 亿 follow, which then say 亿 themselves.

    >>> _whole(12345_6789_0000), _whole(3_0000_0000_0000)
    ('壹万贰仟叁佰肆拾伍亿陆仟柒佰捌拾玖万元', '叁万亿元')
    """
    follows = number // 10**8 % 10_000
    return "万" if place == len(_GROUPS) - 1 and follows else _GROUPS[place]


def _group(group: int) -> str:
    text, gap = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return text


def _parts(fen: int, *, after_yuan: bool) -> str:
    tens, ones = divmod(fen, 10)
    if fen == 0:
        return "整"
    text = f"{_DIGITS[tens]}角" if tens else ("零" if after_yuan else "")
    return text + (f"{_DIGITS[ones]}分" if ones else "整")
