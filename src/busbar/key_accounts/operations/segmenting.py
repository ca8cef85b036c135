"""Segments of a month: typical days clustered, matched to those before, kept (R72); needs."""

from __future__ import annotations

import datetime as dt

import numpy as np
from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts import shaping
from busbar.key_accounts.models import (
    CustomerNeed,
    CustomerSegment,
    LoadShape,
    NeedKind,
    Recognition,
    RecognitionRun,
    RunState,
    Segmentation,
)
from busbar.key_accounts.operations.evaluating import UnableToEvaluate
from busbar.key_accounts.queries import segments as segments_queries
from busbar.key_accounts.queries.rules import map_industries
from busbar.key_accounts.queries.segments import TypicalDays
from busbar.key_accounts.shaping import Shape
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month

SEED = 20260101
"""Where the clustering begins its drawing: any number, always the same."""


class UnableToRecordNeed(Refusal):
    """The need cannot be recorded so."""


def segment_month(*, month: Month, by: Viewer, at: dt.datetime) -> Segmentation:
    """Cluster the month's working days of everybody whom its run evaluated.

    Begins from the shapes of the segmentation before, whose codes live on; done again it comes to
    the same and replaces its own results.
    """
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    run = RecognitionRun.objects.filter(month=str(month), state=RunState.FINISHED).first()
    if run is None:
        raise UnableToEvaluate("%(month)s 还没有完成的评定，先评定再分群", month=month)
    found = segments_queries.read_typical_days(month)
    earlier = Segmentation.objects.filter(month__lt=str(month)).order_by("-month").first()
    before = {s.code: s.profile for s in earlier.shapes.order_by("code")} if earlier else {}
    profiles, known = shaping.normalized(found.working)
    shapes = shaping.find_shapes(profiles, seed=SEED, before=before)
    return _keep(run, month, found, known, shapes, by=by, at=at)


@transaction.atomic
def _keep(
    run: RecognitionRun,
    month: Month,
    found: TypicalDays,
    known: np.ndarray,
    shapes: list[Shape],
    *,
    by: Viewer,
    at: dt.datetime,
) -> Segmentation:
    journal_operations.take_turn()
    Segmentation.objects.filter(month=str(month)).delete()
    made = Segmentation.objects.create(
        month=str(month),
        seed=SEED,
        customers=int(known.sum()),
        unmeasured=int((~known).sum()),
        made_at=at,
    )
    rows = LoadShape.objects.bulk_create(
        LoadShape(
            segmentation=made,
            code=shape.code,
            kind=shaping.name_kind(shape.profile.tolist()),
            profile=[round(float(v), 4) for v in shape.profile],
            customers=len(shape.members),
        )
        for shape in shapes
    )
    segments = _segments(made, run, month, found, known, list(zip(rows, shapes, strict=True)))
    CustomerSegment.objects.bulk_create(segments, batch_size=1000)
    happening = Happening(
        event="key_accounts.segmentation.made",
        subject_type="key_accounts.segmentation",
        subject_id=made.pk,
        subject_label=made.month,
        changes={"customers": made.customers, "items": len(rows)},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return made


def _segments(
    made: Segmentation,
    run: RecognitionRun,
    month: Month,
    found: TypicalDays,
    known: np.ndarray,
    shapes: list[tuple[LoadShape, Shape]],
) -> list[CustomerSegment]:
    last_day = month.next.first - dt.timedelta(days=1)
    industries, bands = map_industries(last_day), segments_queries.list_bands(last_day)
    facts = {
        row.customer_id: row
        for row in Recognition.objects.filter(run=run).defer("figures", "judgements")
    }
    places = np.flatnonzero(known)
    segments = []
    for row, shape in shapes:
        for place in places[shape.members]:
            fact = facts.get(found.customer_ids[place])
            if fact is None:
                continue
            industry = industries.get(fact.division)
            segments.append(
                CustomerSegment(
                    segmentation=made,
                    customer_id=fact.customer_id,
                    shape=row,
                    section=industry.section if industry else "",
                    band=segments_queries.band_of(fact.annual_revenue_yuan, bands),
                    idle_percent=_idle(found, int(place)),
                    annual_revenue_yuan=fact.annual_revenue_yuan,
                )
            )
    return segments


def _idle(found: TypicalDays, place: int) -> int | None:
    if not found.idle_days or not found.working_days:
        return None
    working = float(found.working[place].sum()) / found.working_days
    percent = shaping.idle_percent(working, float(found.idle[place].sum()) / found.idle_days)
    return None if percent is None else min(percent, 32_000)


@transaction.atomic
def record_need(
    *, customer: Customer, kind: str, text: str, by: Viewer, at: dt.datetime
) -> CustomerNeed:
    """Write down what a customer said it needs."""
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    by.require_unit(customer.unit.path)
    if kind not in NeedKind.values or not text.strip():
        raise UnableToRecordNeed("请选择需求类别并写明内容")
    need = CustomerNeed.objects.create(
        customer=customer, kind=kind, text=text.strip(), recorded_at=at, recorded_by=by.name
    )
    _tell(need, "recorded", by, at)
    return need


@transaction.atomic
def meet_need(*, need_id: int, how: str, by: Viewer, at: dt.datetime) -> CustomerNeed:
    """Say how a need was met; once."""
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    journal_operations.take_turn()
    rows = CustomerNeed.objects.visible_to(by).select_related("customer__unit")
    need: CustomerNeed = rows.get(pk=need_id)
    by.require_unit(need.customer.unit.path)
    if need.met_at is not None:
        raise UnableToRecordNeed("这项需求已经办结")
    if not how.strip():
        raise UnableToRecordNeed("请写明怎样满足的")
    need.met_at, need.met_how = at, how.strip()
    need.save(update_fields=["met_at", "met_how"])
    _tell(need, "met", by, at)
    return need


def _tell(need: CustomerNeed, what: str, by: Viewer, at: dt.datetime) -> None:
    happening = Happening(
        event=f"key_accounts.need.{what}",
        subject_type="key_accounts.need",
        subject_id=need.pk,
        subject_label=need.customer.name,
        customer_id=need.customer_id,
        unit_path=need.customer.unit.path,
        changes={"kind": need.kind},
        reason=need.met_how or need.text,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
