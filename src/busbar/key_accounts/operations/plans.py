"""A plan's year: drafted, met about, signed by both sides, measured, reviewed and closed (U8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import Document
from busbar.key_accounts.models import (
    AccountPlan,
    MeasureState,
    PlanMeasure,
    PlanMeeting,
    PlanScope,
    PlanSigning,
    PlanState,
)
from busbar.key_accounts.operations.plan_ground import hold, owner_of, seen_customer, tell
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.kit.words import words
from busbar.service_desk.models import Interaction, InteractionKind, InteractionState

SECTIONS = ("profile", "contacts", "equipment", "relations", "goals", "obstacles")
NEEDED = ("profile", "goals")
"""Sections without which nobody signs."""
_FULL = 100


class UnableToPlan(Refusal):
    """The plan does not stand where this step begins, or says too little."""


@transaction.atomic
def open_plan(*, customer_number: str, year: int, by: Viewer, at: dt.datetime) -> AccountPlan:
    """Begin a customer's plan of a year; one a year."""
    customer = seen_customer(customer_number, by)
    owner = owner_of(by, customer)
    _check_year(year, at)
    if AccountPlan.objects.filter(customer=customer, year=year).exists():
        raise UnableToPlan("%(customer)s已有 %(year)s 年的计划", customer=customer.name, year=year)
    row = AccountPlan.objects.create(
        scope=PlanScope.CUSTOMER,
        customer=customer,
        unit=owner.unit,
        owner=owner,
        year=year,
        opened_at=at,
    )
    tell("key_accounts.plan.opened", row, str(row), by=by, at=at, year=year)
    return row


@transaction.atomic
def open_sector_plan(
    *, sector: str, unit_code: str, year: int, by: Viewer, at: dt.datetime
) -> AccountPlan:
    """Begin a plan for all customers of a kind in a unit's branch."""
    by.require(Permission.KEEP_RELATIONS)
    unit = OrganizationUnit.objects.filter(code=unit_code).first()
    if unit is None or not by.covers(unit.path):
        raise UnableToPlan("没有单位 %(unit_code)s，或不在您的管辖范围内", unit_code=unit_code)
    _check_year(year, at)
    if AccountPlan.objects.filter(unit=unit, sector=sector, year=year).exists():
        raise UnableToPlan("%(unit)s已有 %(year)s 年该行业的计划", unit=unit.name, year=year)
    row = AccountPlan.objects.create(
        scope=PlanScope.SECTOR,
        sector=sector,
        unit=unit,
        owner=owner_of(by, None),
        year=year,
        opened_at=at,
    )
    tell("key_accounts.plan.opened", row, str(row), by=by, at=at, year=year)
    return row


@transaction.atomic
def write_plan(
    *,
    plan_id: int,
    sections: Mapping[str, str],
    budget_yuan: Decimal,
    by: Viewer,
    at: dt.datetime,
) -> AccountPlan:
    """Write sections of a draft; what is not handed in stays."""
    row = _hold_plan(plan_id, by, PlanState.DRAFT)
    unknown = sorted(set(sections) - set(SECTIONS))
    if unknown:
        raise UnableToPlan("计划没有“%(unknown)s”这一部分", unknown=unknown[0])
    if budget_yuan < 0:
        raise UnableToPlan("预算不能为负")
    for name, text in sections.items():
        setattr(row, name, text.strip())
    row.budget_yuan = budget_yuan
    row.save(update_fields=[*sections, "budget_yuan"])
    tell("key_accounts.plan.written", row, str(row), by=by, at=at, sections=sorted(sections))
    return row


@transaction.atomic
def add_measure(
    *, plan_id: int, text: str, owner_id: int, due_on: dt.date, by: Viewer, at: dt.datetime
) -> PlanMeasure:
    """One thing that somebody does until a day; also while the plan is in force."""
    row = _hold_plan(plan_id, by, PlanState.DRAFT, PlanState.AGREED)
    owner = Employee.objects.filter(pk=owner_id, user__is_active=True).first()
    if owner is None:
        raise UnableToPlan("没有这位在岗员工")
    if due_on < local_date(at):
        raise UnableToPlan("措施的期限不能在今天以前")
    measure = PlanMeasure.objects.create(
        plan=row,
        text=words(text, UnableToPlan, "请写明措施")[:300],
        owner=owner,
        due_on=due_on,
        changed_at=at,
    )
    tell(
        "key_accounts.plan.measure_added",
        row,
        str(row),
        by=by,
        at=at,
        text=measure.text,
        due_on=due_on,
        owner_id=owner.pk,
    )
    return measure


@transaction.atomic
def report_measure(
    *,
    measure_id: int,
    progress_percent: int,
    note: str,
    by: Viewer,
    at: dt.datetime,
    is_dropped: bool = False,
) -> PlanMeasure:
    """How far a measure has come; at a hundred it is done, dropped only with the reason."""
    found = PlanMeasure.objects.visible_to(by).filter(pk=measure_id).first()
    if found is None:
        raise UnableToPlan("没有这项措施，或不在您的可见范围内")
    plan = _hold_plan(found.plan_id, by, PlanState.DRAFT, PlanState.AGREED)
    row: PlanMeasure = PlanMeasure.objects.select_for_update().get(pk=measure_id)
    if row.state != MeasureState.OPEN:
        raise UnableToPlan("这项措施%(state)s", state=row.get_state_display())
    if not 0 <= progress_percent <= _FULL:
        raise UnableToPlan("进度应在 0 到 100 之间")
    row.note = words(note, UnableToPlan, "请写明进展或原因")[:500]
    row.progress_percent, row.changed_at = progress_percent, at
    row.state = MeasureState.OPEN
    if is_dropped:
        row.state = MeasureState.DROPPED
    elif progress_percent == _FULL:
        row.state = MeasureState.DONE
    row.save()
    tell(
        "key_accounts.plan.measure_reported",
        plan,
        str(plan),
        by=by,
        at=at,
        reason=row.note,
        text=row.text,
        progress_percent=progress_percent,
        state=row.state,
    )
    return row


@transaction.atomic
def hold_planning_meeting(
    *, plan_id: int, interaction_id: int, by: Viewer, at: dt.datetime
) -> PlanMeeting:
    """A meeting that was held with the customer was about the plan (联合计划会, R88)."""
    plan = _hold_plan(plan_id, by, PlanState.DRAFT, PlanState.AGREED)
    rows = Interaction.objects.visible_to(by).filter(
        pk=interaction_id, kind=InteractionKind.MEETING, state=InteractionState.DONE
    )
    if plan.customer_id is not None:
        rows = rows.filter(customer=plan.customer_id)
    meeting = rows.first()
    if meeting is None:
        raise UnableToPlan("须是与该客户已开过、有纪要的会议")
    row, is_new = PlanMeeting.objects.get_or_create(plan=plan, interaction=meeting)
    if not is_new:
        raise UnableToPlan("这次会议已登记")
    tell("key_accounts.plan.met", plan, str(plan), by=by, at=at, meeting=meeting.subject)
    return row


@transaction.atomic
def sign_plan(
    *,
    plan_id: int,
    our_signatory: str,
    their_signatory: str,
    signed_on: dt.date,
    by: Viewer,
    at: dt.datetime,
    document_id: int | None = None,
) -> PlanSigning:
    """Both sides have signed this version; the signed paper is one of the customer's documents.

    A customer's plan takes a joint meeting before; a sector's is signed by us alone.
    """
    row = _hold_plan(plan_id, by, PlanState.DRAFT)
    missing = [name for name in NEEDED if not getattr(row, name)]
    if missing or not row.measures.exclude(state=MeasureState.DROPPED).exists():
        raise UnableToPlan("概况、目标和至少一项措施写好后才能签署")
    document = _signed_paper(row, document_id, their_signatory, by)
    if signed_on > local_date(at):
        raise UnableToPlan("签署日期不能在以后")
    signing = PlanSigning.objects.create(
        plan=row,
        version=row.version,
        document=document,
        our_signatory=words(our_signatory, UnableToPlan, "请写明我方签署人")[:100],
        their_signatory=their_signatory.strip()[:100],
        signed_on=signed_on,
        content=_content(row),
    )
    row.state, row.agreed_at = PlanState.AGREED, at
    row.save(update_fields=["state", "agreed_at"])
    tell("key_accounts.plan.signed", row, str(row), by=by, at=at, version=row.version)
    return signing


@transaction.atomic
def revise_plan(*, plan_id: int, reason: str, by: Viewer, at: dt.datetime) -> AccountPlan:
    """Open a signed plan again as its next version; the signed one is kept as it was."""
    row = _hold_plan(plan_id, by, PlanState.AGREED)
    why = words(reason, UnableToPlan, "请写明修订的原因")
    row.state, row.version = PlanState.DRAFT, row.version + 1
    row.save(update_fields=["state", "version"])
    tell("key_accounts.plan.revised", row, str(row), by=by, at=at, reason=why, version=row.version)
    return row


@transaction.atomic
def close_plan(*, plan_id: int, review: str, by: Viewer, at: dt.datetime) -> AccountPlan:
    """The review at the year's end: what was reached, what goes on; every measure has an end."""
    row = _hold_plan(plan_id, by, PlanState.AGREED)
    open_measures = row.measures.filter(state=MeasureState.OPEN).count()
    if open_measures:
        raise UnableToPlan("还有 %(open_measures)s 项措施没有结果", open_measures=open_measures)
    row.review = words(review, UnableToPlan, "请写明复盘结论")
    row.state, row.closed_at = PlanState.CLOSED, at
    row.save(update_fields=["review", "state", "closed_at"])
    tell("key_accounts.plan.closed", row, str(row), by=by, at=at, reason=row.review)
    return row


def _hold_plan(plan_id: int, by: Viewer, *states: PlanState) -> AccountPlan:
    told = "没有这份计划，或不在您的可见范围内"
    rows = AccountPlan.objects.select_related("customer", "unit")
    row: AccountPlan = hold(rows, plan_id, by, UnableToPlan, told)
    if row.state not in states:
        raise UnableToPlan("计划%(state)s，不能办理这一步", state=row.get_state_display())
    return row


def _signed_paper(
    row: AccountPlan, document_id: int | None, their_signatory: str, by: Viewer
) -> Document | None:
    if row.customer_id is None:
        return None
    words(their_signatory, UnableToPlan, "请写明客户方签署人")
    if not row.meetings.exists():
        raise UnableToPlan("先登记联合计划会，再签署")
    rows = Document.objects.visible_to(by).filter(customer=row.customer_id)
    found: Document | None = rows.filter(pk=document_id).first() if document_id else None
    if found is None:
        raise UnableToPlan("请选择双方签字的文件（先上传到客户文档）")
    return found


def _content(row: AccountPlan) -> dict[str, Any]:
    measures = row.measures.select_related("owner").order_by("due_on", "id")
    return {
        **{name: getattr(row, name) for name in SECTIONS},
        "budget_yuan": str(row.budget_yuan),
        "measures": [[m.text, m.owner.name, m.due_on.isoformat()] for m in measures],
    }


def _check_year(year: int, at: dt.datetime) -> None:
    now = local_date(at).year
    if not now - 1 <= year <= now + 1:
        raise UnableToPlan("只能编制 %(first)s 至 %(last)s 年的计划", first=now - 1, last=now + 1)
