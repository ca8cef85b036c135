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
    rows = in_force(ConsolidationFigure, on).order_by("valid_from", "pk")
    return shipped | {row.code: row.value for row in rows}


def list_figures(on: dt.date) -> list[ConsolidationFigure]:
    """The rows in force, by code; of a code the latest version."""
    rows = in_force(ConsolidationFigure, on).order_by("code", "valid_from", "pk")
    return list({row.code: row for row in rows}.values())


def list_rules(on: dt.date) -> list[CompletenessRule]:
    """What a file should hold, the weightiest first; of a code the latest version."""
    latest = {rule.code: rule for rule in in_force(CompletenessRule, on).order_by("valid_from")}
    return sorted(latest.values(), key=lambda rule: (-rule.weight, rule.code))


def list_figure_versions() -> list[ConsolidationFigure]:
    """Every version of every figure, the newest of a code first."""
    return list(ConsolidationFigure.objects.order_by("code", "-valid_from", "-pk"))


def list_rule_versions() -> list[CompletenessRule]:
    """Every version of every item, the newest of a code first."""
    return list(CompletenessRule.objects.order_by("code", "-valid_from", "-pk"))


def in_force(model: Any, on: dt.date) -> Any:
    """The rows of a dated model that are valid on the day."""
    open_ended = Q(valid_until=None) | Q(valid_until__gt=on)
    return model.objects.filter(open_ended, valid_from__lte=on)
