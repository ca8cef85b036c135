"""How the working screens write journal entries, hours and shares."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _

from busbar.console.event_names import name_event, name_field
from busbar.imports.tables import get_table
from busbar.journal.models import Entry
from busbar.kit.money import plain

register = template.Library()

_SUMMARY = 3
"""Changes a list row has room for."""


@register.filter
def event_name(event: str) -> str:
    """The event in words."""
    return name_event(event)


@register.filter
def change_name(field: str) -> str:
    """A changed field in words."""
    return name_field(field)


@register.filter
def change_value(value: Any) -> str:
    """A value as the journal kept it, for reading.

    >>> change_value(["a", "b"]), change_value(None)
    ('a、b', '—')
    """
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return _("、").join(change_value(item) for item in value)
    if isinstance(value, dict):
        return _("；").join(f"{name_field(k)} {change_value(v)}" for k, v in value.items())
    return str(value)


@register.filter
def entry_summary(entry: Entry) -> str:
    """The first few changes of an entry in one line, and its reason."""
    parts = [_one_change(k, v) for k, v in list(entry.changes.items())[:_SUMMARY]]
    if len(entry.changes) > _SUMMARY:
        parts.append("…")
    if entry.reason:
        parts.append(_("原因:%(reason)s") % {"reason": entry.reason})
    return _("；").join(parts)


def _one_change(field: str, value: Any) -> str:
    if isinstance(value, list) and len(value) == len(("before", "after")):
        return f"{name_field(field)} {change_value(value[0])} → {change_value(value[1])}"
    return f"{name_field(field)} {change_value(value)}"


@register.filter
def plain_number(value: Decimal | None) -> str:
    """A decimal as people write it: grouped, no trailing zeros; a dash for None.

    >>> plain_number(Decimal("1234.5000")), plain_number(Decimal("0.45000000"))
    ('1,234.5', '0.45')
    """
    if value is None:
        return "—"
    whole, dot, rest = plain(value).partition(".")
    return f"{int(whole):,}{dot}{rest}" if whole not in {"-0", ""} else f"{whole}{dot}{rest}"


@register.filter
def table_name(key: str) -> str:
    """What an importable table is called; empty while nobody has said which it is."""
    return get_table(key).name if key else ""
