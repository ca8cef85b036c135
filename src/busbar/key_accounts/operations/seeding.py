"""What ships with the room: refusal reasons, standards, qualifications; safe to repeat."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models, transaction

from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.key_accounts import shipped
from busbar.key_accounts.models import (
    QualificationKind,
    QualificationRule,
    RefusalReason,
    ServiceStandard,
)


@transaction.atomic
def load_key_accounts_seed(*, at: dt.datetime) -> int:
    """Enter rows of which no version stands; what stands is the office's and left alone."""
    entered = [
        *_enter(RefusalReason, "code", shipped.read("refusal_reasons.toml")["reason"]),
        *_enter(ServiceStandard, "code", shipped.read("standards.toml")["standard"]),
        *_enter(QualificationKind, "code", shipped.read("qualifications.toml")["kind"]),
        *_enter(QualificationRule, "grade", shipped.read("qualifications.toml")["rule"]),
    ]
    if entered:
        happening = Happening(
            event="key_accounts.seed.loaded",
            subject_type="key_accounts.seed",
            subject_id=0,
            changes={"codes": entered},
        )
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return len(entered)


def _enter(model: type[models.Model], key: str, rows: list[dict[str, Any]]) -> list[str]:
    table = model._default_manager  # noqa: SLF001 - Django's public name
    known = set(table.values_list(key, flat=True))
    fresh = [row for row in rows if row[key] not in known]
    table.bulk_create([model(**row) for row in fresh])
    return [str(row[key]) for row in fresh]
