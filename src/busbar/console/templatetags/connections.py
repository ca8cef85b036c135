"""How the screens of connections reach a form's fields by name and word what they show."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.forms import BoundField, Form

from busbar.kit.periods import local_date

register = template.Library()

UNITS = {
    "requested_kva": "kVA",
    "existing_kva": "kVA",
    "wished_voltage_kv": "kV",
    "critical_load_kw": "kW",
    "emergency_generator_kw": "kW",
    "growth_percent": "%",
}
"""Units in which the fields of the application are filled in."""


@register.filter
def field(form: Form, name: str) -> BoundField:
    """A field of the form by its name."""
    return form[name]


@register.filter
def entry_unit(name: str) -> str:
    """The unit in which a field of the application is filled in."""
    return UNITS.get(name, "")


@register.filter
def last_day(until: Any) -> Any:
    """The last day of a half-open period's end.

    >>> import datetime as dt
    >>> last_day(dt.date(2026, 3, 1))
    datetime.date(2026, 2, 28)
    """
    return until - dt.timedelta(days=1) if until else until


@register.filter
def china_day(moment: Any) -> Any:
    """The Chinese civil date of a moment."""
    return local_date(moment) if moment else moment
