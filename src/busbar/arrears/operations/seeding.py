"""What ships with the room: rules about days without stops; safe to repeat."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

from django.db import transaction

from busbar.arrears.models import StopRule
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening

SEED = Path(__file__).resolve().parent.parent / "seed" / "stop_rules.toml"


@transaction.atomic
def load_stop_rules(*, at: dt.datetime) -> int:
    """Enter rules of which no version stands; what stands is the office's and left alone."""
    known = set(StopRule.objects.values_list("code", flat=True))
    rows = [
        StopRule(**entry)
        for entry in tomllib.loads(SEED.read_text(encoding="utf-8"))["rule"]
        if entry["code"] not in known
    ]
    StopRule.objects.bulk_create(rows)
    if rows:
        happening = Happening(
            event="arrears.seed.loaded",
            subject_type="arrears.seed",
            subject_id=0,
            changes={"rules": [row.code for row in rows]},
        )
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return len(rows)
