"""What a person has written, before it is kept."""

from __future__ import annotations

from busbar.kit.errors import Refusal


def words(text: str, refusal: type[Refusal], told: str, *, most: int = 0, **values: object) -> str:
    """The text without blanks around it, cut at `most`; refused when nothing is left.

    >>> words(" 已更换 ", Refusal, "请写明办了什么", most=2)
    '已更'
    """
    found = text.strip()
    if not found:
        raise refusal(told, **values)
    return found[:most] if most else found
