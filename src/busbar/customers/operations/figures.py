"""Dated figures of this room: what is shipped is entered once, what stands is the office's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django.db import transaction

from busbar.customers.completeness import shipped_rules
from busbar.customers.consolidation.settings import shipped_figures
from busbar.customers.models import CompletenessRule, ConsolidationFigure
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening

SEED = Path(__file__).parents[1] / "seed"


@transaction.atomic
def load_customers_seed(*, at: dt.datetime) -> int:
    """Enter figures and rules of which no version stands; returns how many."""
    new = _enter(ConsolidationFigure, shipped_figures()) + _enter(CompletenessRule, shipped_rules())
    if new:
        happening = Happening(
            event="customers.seed.loaded",
            subject_type="customers.seed",
            subject_id=0,
            changes={"rows": new},
        )
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return len(new)


def _enter(model: Any, rows: tuple[dict[str, Any], ...]) -> list[str]:
    known = set(model.objects.values_list("code", flat=True))
    fresh = [model(**row) for row in rows if row["code"] not in known]
    model.objects.bulk_create(fresh)
    return [row.code for row in fresh]
