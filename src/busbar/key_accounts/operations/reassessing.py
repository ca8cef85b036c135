"""Stage and warnings by the evidence of today, between the assessments of the months (R71, R91)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts.models import Recognition, RecognitionRun, StageAssessment
from busbar.key_accounts.operations.evaluating import UnableToEvaluate, require_whole
from busbar.key_accounts.operations.stage_ground import (
    StageGround,
    assess_stage,
    gather_stage_ground,
    said,
)
from busbar.key_accounts.queries.recognition import get_latest_run
from busbar.kit.periods import local_date

_BATCH = 500
"""Customers a transaction: what a kill can cost."""

Change = tuple[StageAssessment, StageAssessment]


def renew_assessments(*, by: Viewer, at: dt.datetime) -> int:
    """Assess everybody of the newest run by what is known today; returns how many changed.

    A new assessment takes the old one's place where a rule begins or ceases to hold, or a warning
    counts otherwise; where nothing changed nothing is written. Shares of the year (late payment)
    get worse at once and better with the next month's assessment, so that nobody goes to and fro
    around a bound. The evidence is read once, four queries a batch find what changed.
    Raises UnableToEvaluate before the first evaluation, or where the viewer sees a part only.
    """
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    require_whole(by)
    run = get_latest_run()
    if run is None:
        raise UnableToEvaluate("还没有完成的评定，先评定再分析关系与价值")
    ground = gather_stage_ground(local_date(at))
    rows = StageAssessment.objects.current().filter(run=run).order_by("id")
    keys = list(rows.values_list("pk", flat=True))
    batches = [keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH)]
    return sum(_renew(run, ground, batch, by=by, at=at) for batch in batches)


@transaction.atomic
def _renew(
    run: RecognitionRun, ground: StageGround, keys: Sequence[int], *, by: Viewer, at: dt.datetime
) -> int:
    # The same lock as the month's assessment: neither replaces what the other is reading.
    RecognitionRun.objects.select_for_update().get(pk=run.pk)
    stand = StageAssessment.objects.current().filter(pk__in=keys).select_related("customer__unit")
    before = {row.customer_id: row for row in stand}
    evaluated = Recognition.objects.filter(run=run, customer__in=list(before)).order_by("id")
    changes: list[Change] = []
    for row in evaluated.defer("judgements"):
        old = before[row.customer_id]
        new = assess_stage(ground, row, as_of=at, before=old)
        if said(new) != said(old):
            changes.append((old, new))
    if changes:
        _write(changes, by, at)
    return len(changes)


def _write(changes: Sequence[Change], by: Viewer, at: dt.datetime) -> None:
    replaced = [old.pk for old, _ in changes]
    StageAssessment.objects.filter(pk__in=replaced).update(is_current=False)
    StageAssessment.objects.bulk_create([new for _, new in changes])
    journal_operations.record_many(
        happenings=[_told(old, new) for old, new in changes], actor=by.actor, at=at
    )


def _told(old: StageAssessment, new: StageAssessment) -> Happening:
    return Happening(
        event="key_accounts.stage.renewed",
        subject_type="key_accounts.stage",
        subject_id=new.pk,
        subject_label=old.customer.name,
        customer_id=old.customer_id,
        unit_path=old.customer.unit.path,
        changes={
            "stage": [old.stage, new.stage],
            "warnings": [[w["name"] for w in row.warnings] for row in (old, new)],
        },
    )
