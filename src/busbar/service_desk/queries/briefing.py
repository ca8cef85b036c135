"""What a visitor should know of the customer before the door: a few lines, each with its figure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Min, Sum
from django.utils.translation import gettext_noop as _

from busbar.access.visibility import Viewer
from busbar.customers.models import Customer
from busbar.kit.periods import CHINA, local_date
from busbar.outages.models import Outage
from busbar.payments.models import Receivable, in_yuan
from busbar.service_desk.models import (
    Complaint,
    ComplaintState,
    ImprovementTask,
    Interaction,
    InteractionState,
    Promise,
    PromiseState,
    SatisfactionScore,
)

OUTAGE_DAYS = 90
MOST = 5


@dataclass(frozen=True)
class BriefLine:
    """One thing to know: its heading and the sentence."""

    heading: str
    text: str

    def plain(self) -> list[str]:
        """As it is kept with the visit."""
        return [self.heading, self.text]


def brief(viewer: Viewer, customer: Customer, *, at: dt.datetime) -> list[BriefLine]:
    """Satisfaction, open promises and complaints, what is to be mended, debts, stops, last talk.

    Sums are over what the viewer sees of the customer.
    """
    lines = [line for source in _SOURCES for line in source(viewer, customer, at)]
    return lines or [BriefLine(_("概况"), "没有未了的承诺、投诉、欠费和近期停电")]


def _satisfaction(viewer: Viewer, customer: Customer, at: dt.datetime) -> Iterator[BriefLine]:
    row = (
        SatisfactionScore.objects.visible_to(viewer)
        .filter(customer=customer, is_current=True)
        .first()
    )
    if row is not None:
        text = f"{row.score:.1f}（{row.low:.0f}–{row.high:.0f}）"
        yield BriefLine(_("满意度"), text)


def _promises(viewer: Viewer, customer: Customer, at: dt.datetime) -> Iterator[BriefLine]:
    rows = Promise.objects.visible_to(viewer).filter(customer=customer, state=PromiseState.OPEN)
    for row in rows.select_related("clock", "owner").order_by("made_at")[:MOST]:
        due = f"{local_date(row.clock.due_at)} 到期" if row.clock else ""
        late = "，已超期" if row.is_late(at) else ""
        yield BriefLine(_("未兑现的承诺"), f"{row.text}（{row.owner.name}，{due}{late}）")


def _complaints(viewer: Viewer, customer: Customer, at: dt.datetime) -> Iterator[BriefLine]:
    rows = (
        Complaint.objects.visible_to(viewer)
        .filter(customer=customer)
        .exclude(state=ComplaintState.VERIFIED)
    )
    for row in rows.order_by("-received_at")[:MOST]:
        text = f"{row.number} {row.get_kind_display()}：{row.text[:80]}"
        yield BriefLine(_("未办结的投诉"), text)


def _improvements(viewer: Viewer, customer: Customer, at: dt.datetime) -> Iterator[BriefLine]:
    row = (
        ImprovementTask.objects.visible_to(viewer).filter(customer=customer, closed_at=None).first()
    )
    if row is not None:
        yield BriefLine(_("整改"), f"满意度由 {row.score_before:.1f} 降到 {row.score_now:.1f}")


def _debts(viewer: Viewer, customer: Customer, at: dt.datetime) -> Iterator[BriefLine]:
    owed = (
        Receivable.objects.visible_to(viewer)
        .filter(account__customer=customer, open_fen__gt=0, due_on__lt=local_date(at))
        .aggregate(fen=Sum("open_fen"), bills=Count("id"), since=Min("due_on"))
    )
    if owed["bills"]:
        text = f"{owed['bills']} 笔共 {in_yuan(owed['fen']):,} 元，最早 {owed['since']} 到期"
        yield BriefLine(_("逾期电费"), text)


def _outages(viewer: Viewer, customer: Customer, at: dt.datetime) -> Iterator[BriefLine]:
    rows = Outage.objects.visible_to(viewer).filter(
        affected__account__customer=customer,
        begun_at__gt=at - dt.timedelta(days=OUTAGE_DAYS),
        begun_at__lte=at,
    )
    for row in rows.order_by("-begun_at").distinct()[:MOST]:
        begun = row.begun_at.astimezone(CHINA) if row.begun_at else at
        text = f"{begun:%Y-%m-%d %H:%M} {row.get_kind_display()}：{row.reason}"
        yield BriefLine(f"近 {OUTAGE_DAYS} 天停电", text)


def _last_talk(viewer: Viewer, customer: Customer, at: dt.datetime) -> Iterator[BriefLine]:
    rows = Interaction.objects.visible_to(viewer).filter(
        customer=customer, state=InteractionState.DONE
    )
    row = rows.order_by("-happened_at", "-id").first()
    if row is not None and row.happened_at is not None:
        day, said = local_date(row.happened_at), row.findings or row.minutes
        text = f"{day} {row.get_kind_display()} {row.subject}：{said[:120]}"
        yield BriefLine(_("上次往来"), text)


_SOURCES = (_satisfaction, _promises, _complaints, _improvements, _debts, _outages, _last_talk)
