"""How the working screens write journal entries, hours and shares."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils.translation import gettext as _

from busbar.console.event_names import name_event
from busbar.console.field_names import FIELD_UNITS, name_field
from busbar.console.rule_words import is_figure, list_records, name_unit, name_value
from busbar.imports.tables import get_table
from busbar.journal.models import Entry
from busbar.kit.money import plain
from busbar.pricing.models import TimeOfUsePeriod

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
        parts.append(_("原因：%(reason)s") % {"reason": entry.reason})
    return _("；").join(parts)


def _one_change(field: str, value: Any) -> str:
    if isinstance(value, list) and len(value) == len(("before", "after")):
        before, after = measured(value[0], field), measured(value[1], field)
        return f"{name_field(field)} {before} → {after}"
    return f"{name_field(field)} {measured(value, field)}"


@register.filter
def measured(value: Any, field: str) -> str:
    """A changed value with its unit and grouped digits where the field is a quantity.

    >>> measured("80069.18", "energy_kwh"), measured("abc", "energy_kwh"), measured("2", "name")
    ('80,069.18 kWh', 'abc', '2')
    """
    unit = FIELD_UNITS.get(field)
    if unit is None or value is None:
        return change_value(value)
    try:
        return f"{Decimal(str(value)):,} {name_unit(unit)}"
    except InvalidOperation:
        return change_value(value)


@register.filter
def grouped(value: Any) -> str:
    """A stored figure with grouped digits; anything else as it is.

    >>> grouped("164358"), grouped("0.90"), grouped("JLD1")
    ('164,358', '0.90', 'JLD1')
    """
    return f"{Decimal(str(value)):,}" if is_figure(value) else str(value)


@register.filter
def unit_name(unit: str) -> str:
    """A stored unit in the language of the screen."""
    return name_unit(unit)


@register.filter
def rule_value(value: Any) -> str:
    """The value of a rule's parameter in words."""
    return name_value(value)


@register.filter
def rule_records(value: Any) -> list[dict[str, Any]]:
    """The rows of a parameter that is a small table; nothing for any other."""
    return list_records(value)


@register.filter
def says_unit(value: Any) -> bool:
    """Whether a parameter's value needs its unit beside it."""
    return is_figure(value)


@register.filter
def period_name(code: str) -> str:
    """A period of the day by price in words."""
    return str(TimeOfUsePeriod(code).label) if code in TimeOfUsePeriod.values else code


@register.filter
def term(row: Any) -> str:
    """The validity of a dated row, [valid_from, valid_until), as people say it."""
    start = f"{row.valid_from:%Y-%m-%d}"
    if row.valid_until is None:
        return _("%(start)s 起，现行") % {"start": start}
    return _("%(start)s 至 %(end)s 前") % {"start": start, "end": f"{row.valid_until:%Y-%m-%d}"}


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
