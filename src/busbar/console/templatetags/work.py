"""How the working screens write journal entries, hours and shares."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from busbar.clocks.rulebook import LimitFacts
from busbar.console.event_names import name_event
from busbar.console.field_names import FIELD_UNITS, LISTS, REFERENCES, name_field
from busbar.console.finding_words import word_note
from busbar.console.limits import words
from busbar.console.process_names import name_actor, name_step
from busbar.console.rule_words import is_figure, list_records, name_unit, name_value
from busbar.console.value_names import name_recorded
from busbar.imports.tables import get_table
from busbar.journal.models import Entry
from busbar.kit.money import plain
from busbar.pricing.models import TimeOfUsePeriod

register = template.Library()

_SUMMARY = 3
"""Changes a list row has room for."""
_LONGEST = 120
"""Characters of one change that a summary has room for; the entry's own page has all."""


@register.filter
def event_name(event: str) -> str:
    """The event in words."""
    return name_event(event)


@register.filter
def step_name(name: str) -> str:
    """A process or a step in words."""
    return name_step(name)


@register.filter
def limit_words(limit: LimitFacts) -> str:
    """The figure of a time limit in words."""
    return words.limit_words(limit)


@register.filter
def actor(name: str) -> str:
    """Who acted, in words."""
    return name_actor(name)


@register.filter
def finding_note(note: str) -> str:
    """What supervision found, in words."""
    return word_note(note)


@register.filter
def change_name(field: str) -> str:
    """A changed field in words."""
    return name_field(field)


@register.filter
def entry_summary(entry: Entry) -> str:
    """The first few changes of an entry that say something to people, and its reason."""
    telling = {k: v for k, v in entry.changes.items() if k not in REFERENCES and not _is_blank(v)}
    parts = [_one_change(entry.event, k, v) for k, v in list(telling.items())[:_SUMMARY]]
    if len(telling) > _SUMMARY:
        parts.append("…")
    if entry.reason:
        parts.append(_("原因：%(reason)s") % {"reason": entry.reason})
    return _("；").join(parts)


def _is_blank(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _one_change(event: str, field: str, value: Any) -> str:
    before, after = sides(value, event, field)
    said = f"{before} → {after}" if before else after
    return f"{name_field(field)} {Truncator(said).chars(_LONGEST)}"


def sides(value: Any, event: str, field: str) -> tuple[str, str]:
    """Before and after: a pair is a change, anything else a fact that was recorded."""
    if isinstance(value, list) and len(value) == len(("before", "after")) and field not in LISTS:
        return recorded(value[0], event, field), recorded(value[1], event, field)
    return "", recorded(value, event, field)


def recorded(value: Any, event: str, field: str) -> str:
    """A value as the journal kept it, for reading: codes in words, quantities with their unit.

    >>> recorded("80069.18", "billing.bill.issued", "energy_kwh")
    '80,069.18 kWh'
    >>> recorded(["a", "b"], "x.y.z", "inspectors"), recorded(None, "x.y.z", "name")
    ('a、b', '—')
    """
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return _("、").join(recorded(item, event, field) for item in value)
    if isinstance(value, dict):
        return _("；").join(f"{name_field(k)} {recorded(v, event, k)}" for k, v in value.items())
    if field in FIELD_UNITS:
        return _measured(value, FIELD_UNITS[field])
    return name_recorded(event, field, value) if isinstance(value, str) else str(value)


def _measured(value: Any, unit: str) -> str:
    try:
        return f"{Decimal(str(value)):,} {name_unit(unit)}"
    except InvalidOperation:
        return str(value)


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
def voltage_class(code: str) -> str:
    """A tariff's voltage class as people say it; `lt_` is how files write "below".

    >>> voltage_class("1-10kV")
    '1-10kV'
    """
    below = code.removeprefix("lt_")
    return code if below == code else _("不满 %(voltage)s") % {"voltage": below}


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
