"""What speaks for or against a customer's being satisfied, gathered from the rooms below.

A constant number of queries for any number of customers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Prefetch

from busbar.billing.models import Bill
from busbar.clocks.models import Binds, Clock, ClockState
from busbar.kit.periods import local_date
from busbar.outages.models import AffectedPoint, OutageKind
from busbar.service_desk.models import (
    AnswerState,
    Complaint,
    ComplaintChannel,
    EvidenceKind,
    Promise,
    PromiseState,
    QuestionKind,
    SurveyAnswer,
    SurveyInvitation,
)
from busbar.service_desk.survey_statistics import sheet_mean

_OUTSIDE = {ComplaintChannel.REGULATOR, ComplaintChannel.CITY, ComplaintChannel.MEDIA}
_OWN_CLOCKS = ("promise", "improvement")
"""Limits of this room that speak through their own rows."""
_OUTAGES = {
    OutageKind.FAULT: EvidenceKind.OUTAGE_FAULT,
    OutageKind.PLANNED: EvidenceKind.OUTAGE_PLANNED,
}
"""Stops for arrears, breach or safety have their cause at the customer's and say nothing."""


@dataclass(frozen=True)
class Evidence:
    """One piece: of which customer, what, when, its own score (a survey), and where it stands."""

    customer_id: int
    kind: str
    at: dt.datetime
    label: str
    subject_type: str
    subject_key: str
    score: float | None = None


def gather(
    customer_ids: Sequence[int], *, since: dt.datetime, at: dt.datetime
) -> dict[int, list[Evidence]]:
    """By customer the evidence of `(since, at]`, the newest first; six queries."""
    found: dict[int, list[Evidence]] = {pk: [] for pk in customer_ids}
    for source in (_surveys, _complaints, _outages, _bills, _answers, _promises):
        for piece in source(customer_ids, since, at):
            if since < piece.at <= at:
                found[piece.customer_id].append(piece)
    for pieces in found.values():
        pieces.sort(key=lambda piece: (piece.at, piece.kind, piece.subject_key), reverse=True)
    return found


def _surveys(
    customer_ids: Sequence[int], since: dt.datetime, at: dt.datetime
) -> Iterator[Evidence]:
    answers = SurveyAnswer.objects.filter(question__kind=QuestionKind.SCALE)
    rows = SurveyInvitation.objects.filter(
        customer__in=customer_ids, state=AnswerState.ANSWERED, answered_at__gt=since
    ).select_related("survey")
    scale = answers.select_related("question")
    for row in rows.prefetch_related(Prefetch("answers", queryset=scale, to_attr="scale")):
        sheet = [(float(a.question.weight), int(a.score)) for a in row.scale]
        mean = sheet_mean(sheet)
        if mean is not None and row.answered_at is not None:
            yield Evidence(
                row.customer_id,
                EvidenceKind.SURVEY,
                row.answered_at,
                row.survey.name,
                "service_desk.survey",
                row.survey.code,
                100 * mean,
            )


def _complaints(
    customer_ids: Sequence[int], since: dt.datetime, at: dt.datetime
) -> Iterator[Evidence]:
    rows = Complaint.objects.filter(customer__in=customer_ids, received_at__lte=at)
    for row in rows.order_by():
        kind = EvidenceKind.COMPLAINT_OUTSIDE if row.channel in _OUTSIDE else EvidenceKind.COMPLAINT
        about = (row.number, "service_desk.complaint", row.number)
        yield Evidence(row.customer_id, kind, row.received_at, *about)
        if row.is_satisfied and row.verified_at is not None:
            yield Evidence(row.customer_id, EvidenceKind.COMPLAINT_SETTLED, row.verified_at, *about)


def _outages(
    customer_ids: Sequence[int], since: dt.datetime, at: dt.datetime
) -> Iterator[Evidence]:
    rows = AffectedPoint.objects.filter(
        account__customer__in=customer_ids,
        outage__kind__in=_OUTAGES,
        outage__begun_at__gt=since,
        outage__begun_at__lte=at,
    )
    names = ("account__customer_id", "outage__number", "outage__kind", "outage__begun_at")
    for customer, number, kind, begun_at in rows.order_by().values_list(*names).distinct():
        label = number
        yield Evidence(
            customer, _OUTAGES[OutageKind(kind)], begun_at, label, "outages.outage", number
        )


def _bills(customer_ids: Sequence[int], since: dt.datetime, at: dt.datetime) -> Iterator[Evidence]:
    """A bill that stands as it was first given, or one that had to be corrected."""
    later = Bill.objects.filter(replaces=OuterRef("pk"), released_at__isnull=False)
    rows = Bill.objects.filter(
        account__customer__in=customer_ids, released_at__gt=since, released_at__lte=at
    ).annotate(was_replaced=Exists(later))
    names = (
        "account__customer_id", "account__number", "month", "revision", "released_at",
        "was_replaced",
    )  # fmt: skip
    for (
        customer,
        account,
        month,
        revision,
        released_at,
        was_replaced,
    ) in rows.order_by().values_list(*names):
        if revision == 0 and was_replaced:
            continue
        kind = EvidenceKind.BILL_CORRECTED if revision else EvidenceKind.BILL_RIGHT
        label = f"{account} {month}"
        yield Evidence(customer, kind, released_at, label, "billing.bill", f"{account}/{month}")


def _answers(
    customer_ids: Sequence[int], since: dt.datetime, at: dt.datetime
) -> Iterator[Evidence]:
    """Limits that bind the company towards the customer: met, or not met by now."""
    rows = (
        Clock.objects.filter(customer_id__in=customer_ids, limit__binds=Binds.COMPANY, parent=None)
        .filter(state__in=[ClockState.STOPPED, ClockState.RUNNING], due_at__gt=since)
        .exclude(code__in=_OWN_CLOCKS)
        .exclude(subject_type="workflow.task")
        .select_related("limit")
    )
    for row in rows.order_by():
        late = row.due_at < (row.stopped_at or at)
        if not late and row.stopped_at is None:
            continue
        kind = EvidenceKind.ANSWER_LATE if late else EvidenceKind.ANSWER_IN_TIME
        moment = row.due_at if late else (row.stopped_at or at)
        label = f"{row.limit.name} {row.subject_label}".strip()
        yield Evidence(int(row.customer_id or 0), kind, moment, label, "clocks.clock", f"{row.pk}")


def _promises(
    customer_ids: Sequence[int], since: dt.datetime, at: dt.datetime
) -> Iterator[Evidence]:
    rows = Promise.objects.filter(customer__in=customer_ids, made_at__lte=at)
    for row in rows.exclude(state=PromiseState.WITHDRAWN).select_related("clock").order_by():
        if row.clock is None or (row.kept_at is None and not row.is_late(at)):
            continue
        is_late = row.is_late(at)
        kind = EvidenceKind.PROMISE_LATE if is_late else EvidenceKind.PROMISE_KEPT
        moment = row.clock.due_at if is_late else (row.kept_at or at)
        yield Evidence(
            row.customer_id, kind, moment, row.text[:60], "service_desk.promise", f"{row.pk}"
        )


def days_ago(moment: dt.datetime, at: dt.datetime) -> float:
    """How old a piece is, in days and parts of a day."""
    return max((at - moment).total_seconds(), 0.0) / 86_400


def latest_days(pieces: Iterable[Evidence]) -> dict[str, dt.date]:
    """By kind the day of the newest piece."""
    days: dict[str, dt.date] = {}
    for piece in pieces:
        day = local_date(piece.at)
        days[piece.kind] = max(day, days.get(piece.kind, day))
    return days
