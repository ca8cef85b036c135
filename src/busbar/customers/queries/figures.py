"""The dated figures of this room as they stand on a day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Q

from busbar.customers.consolidation.settings import shipped_figures
from busbar.customers.models import CompletenessRule, ConsolidationFigure


def get_figures(on: dt.date) -> dict[str, Decimal]:
    """The consolidation's figures by code; what no row states is as shipped."""
    shipped = {row["code"]: row["value"] for row in shipped_figures()}
    rows = _in_force(ConsolidationFigure, on).order_by("valid_from", "pk")
    return shipped | {row.code: row.value for row in rows}


def list_figures(on: dt.date) -> list[ConsolidationFigure]:
    """The rows in force, by code; of a code the latest version."""
    rows = _in_force(ConsolidationFigure, on).order_by("code", "valid_from", "pk")
    return list({row.code: row for row in rows}.values())


def list_rules(on: dt.date) -> list[CompletenessRule]:
    """What a file should hold, the weightiest first; of a code the latest version."""
    latest = {rule.code: rule for rule in _in_force(CompletenessRule, on).order_by("valid_from")}
    return sorted(latest.values(), key=lambda rule: (-rule.weight, rule.code))


def _in_force(model: Any, on: dt.date) -> Any:
    open_ended = Q(valid_until=None) | Q(valid_until__gt=on)
    return model.objects.filter(open_ended, valid_from__lte=on)
