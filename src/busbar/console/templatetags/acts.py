"""Drawing the acts of a page, files and figures of connections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from django import template

from busbar.kit.money import plain

register = template.Library()


class Offering(Protocol):
    """The acts of a page (console/acts.py), which imports these filters itself."""

    def offer(self, name: str, of: int | None = None) -> object: ...


@register.inclusion_tag("console/connections/_act.html", takes_context=True)
def act(context: Any, acts: Offering, name: str, of: int | None = None) -> dict[str, Any]:
    """A button that opens its form; nothing for who may not."""
    return {"offered": acts.offer(name, of), "csrf_token": context.get("csrf_token")}


@register.filter
def figure(value: Any) -> str:
    """A stored decimal as people write it; anything else as it is.

    >>> figure("1638000.80"), figure("0.8"), figure(None), figure("abc")
    ('1,638,000.8', '0.8', '—', 'abc')
    """
    if value is None or value == "":
        return "—"
    try:
        written = plain(Decimal(str(value)))
    except InvalidOperation:
        return str(value)
    whole, dot, rest = written.partition(".")
    return f"{int(whole):,}{dot}{rest}" if whole.lstrip("-") not in {"", "0"} else written


@register.filter
def held(facts: Mapping[str, Any], name: str) -> Any:
    """The value under a key that is only known here."""
    return facts.get(name)


@register.filter
def is_picture(file: Mapping[str, Any]) -> bool:
    """Whether a kept file can be shown as a picture."""
    return str(file.get("content_type", "")).startswith("image/")


@register.filter
def nth(rows: Any, place: int) -> Any:
    """The row at a place."""
    return rows[place]


@register.filter
def day_before(day: dt.date | None) -> str:
    """The last day of a half-open period.

    >>> day_before(dt.date(2026, 3, 1))
    '2026-02-28'
    """
    return "—" if day is None else f"{day - dt.timedelta(days=1):%Y-%m-%d}"
