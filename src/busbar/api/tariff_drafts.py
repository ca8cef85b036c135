"""拟订电价: drafts, their checks and test bills, adoption by another person (R25)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema
from pydantic import Field

from busbar.api.paging import After, Limit, MonthText, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import Id, Sent, Sentence, now, without_nul
from busbar.billing import trial as billing_trial
from busbar.billing.trial_document import try_document
from busbar.kit.periods import local_date
from busbar.pricing import drafts as pricing_drafts
from busbar.pricing import operations as pricing_operations
from busbar.pricing.draft_checks import DraftFinding
from busbar.pricing.draft_document import read_draft
from busbar.pricing.models import DraftState, TariffDraft

router = Router()


class TariffDraftOut(Schema):
    """拟订. Prices in yuan/kWh by period, surcharges by code; kept after the decision."""

    id: int
    code: str
    base_from: dt.date
    valid_from: dt.date
    scheme: str
    prices: dict[str, Decimal]
    capacity_price: Decimal | None
    demand_price: Decimal | None
    surcharges: dict[str, Decimal]
    source: str
    certainty: str
    state: DraftState
    drafted_by_name: str
    drafted_at: dt.datetime
    decided_by_name: str
    decided_at: dt.datetime | None
    reason: str

    @staticmethod
    def resolve_scheme(draft: TariffDraft) -> str:
        """Code of the time-of-use scheme; empty for one price all day."""
        return draft.scheme.code if draft.scheme else ""


class DraftFindingOut(Schema):
    """What stands against a draft (`is_error` bars adoption), or should be known of it."""

    is_error: bool
    sentence: str

    @staticmethod
    def resolve_sentence(finding: DraftFinding) -> str:
        """In words."""
        return str(finding.sentence)


class TestBillLineOut(Schema):
    """A charge on both bills; null where a bill does not have it."""

    name: str
    unit: str
    quantity_before: Decimal | None
    quantity_after: Decimal | None
    price_before: Decimal | None
    price_after: Decimal | None
    yuan_before: Decimal | None
    yuan_after: Decimal | None
    difference_yuan: Decimal


class TestBillOut(Schema):
    """试算账单: the same facts before and at the draft's prices; effects add up to the fen."""

    before_yuan: Decimal
    after_yuan: Decimal
    difference_yuan: Decimal
    effects: dict[str, Decimal]
    lines: list[TestBillLineOut]


class IssuedTestBillOut(TestBillOut):
    """An issued bill tried."""

    account_number: str
    month: str


class RefusedTestBillOut(Schema):
    """A bill that could not be tried, and why."""

    account_number: str
    sentence: str


class TestBillsOut(Schema):
    """A month's issued bills tried, 20 at most; `standing` how many stand on the tariff."""

    month: str
    standing: int
    before_yuan: Decimal
    after_yuan: Decimal
    bills: list[IssuedTestBillOut]
    refused: list[RefusedTestBillOut]


class TariffRemarkIn(Sent):
    """A remark of whoever adopts."""

    remark: Annotated[Sentence, Field(max_length=300)] = ""


class TariffReasonIn(Sent):
    """Why."""

    reason: Annotated[Sentence, Field(max_length=300)]


@router.get("", response=answers(Page[TariffDraftOut], 409), operation_id="list_tariff_drafts")
def list_tariff_drafts(
    request: HttpRequest,
    *,
    code: Text = "",
    state: DraftState | None = None,
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """拟订，新的在前；可按电价代码、状态。"""
    found = pricing_drafts.list_drafts(code=code, state=state or "")
    return page_by_moment(found, "drafted_at", after=after, limit=limit)


@router.post("", response=answers(TariffDraftOut, 400, 403, 409), operation_id="draft_tariff")
def draft_tariff(request: HttpRequest, document: Annotated[dict[str, Any], Body()]) -> TariffDraft:
    """拟订一个电价的新版本，不改变任何价格；格式同 `busbar tariff draft`。需“拟订电价”权限。"""
    wanted = read_draft(without_nul(document))
    return pricing_operations.draft_tariff(
        code=wanted.code,
        base_from=wanted.base_from,
        values=wanted.values,
        by=viewer_of(request),
        at=now(),
    )


@router.get("/{draft_id}", response=answers(TariffDraftOut, 404), operation_id="get_tariff_draft")
def get_tariff_draft(request: HttpRequest, draft_id: Id) -> TariffDraft:
    """一次拟订。"""
    return pricing_drafts.get_draft(draft_id)


@router.get(
    "/{draft_id}/checks",
    response=answers(list[DraftFindingOut], 404),
    operation_id="check_tariff_draft",
)
def check_tariff_draft(request: HttpRequest, draft_id: Id) -> list[DraftFinding]:
    """对拟订的检查，错误在前；有错不能采用。"""
    draft = pricing_drafts.get_draft(draft_id)
    return pricing_drafts.check_draft(draft, today=local_date(now()))


@router.get(
    "/{draft_id}/test-bills",
    response=answers(TestBillsOut, 404),
    operation_id="try_tariff_draft",
)
def try_tariff_draft(
    request: HttpRequest,
    draft_id: Id,
    month: MonthText,
    account: Annotated[list[Text], Query(max_length=20)] = [],  # noqa: B006 - ninja copies it
) -> dict[str, Any]:
    """用可见的已出账单试算：指定户号，或金额最大的 20 张；不写入任何账单。"""
    found = billing_trial.try_draft(
        viewer_of(request),
        pricing_drafts.get_draft(draft_id),
        month=month,
        account_numbers=account,
    )
    return {
        "month": found.month,
        "standing": found.standing,
        "before_yuan": found.before,
        "after_yuan": found.after,
        "bills": [
            {"account_number": b.bill.account.number, "month": b.bill.month, **_compared(b)}
            for b in found.bills
        ],
        "refused": [
            {"account_number": bill.account.number, "sentence": str(reason)}
            for bill, reason in found.refused
        ],
    }


@router.post(
    "/{draft_id}/test-bill",
    response=answers(TestBillOut, 400, 404, 409),
    operation_id="try_tariff_document",
)
def try_tariff_document(
    request: HttpRequest, draft_id: Id, document: Annotated[dict[str, Any], Body()]
) -> dict[str, Any]:
    """用自拟的账单试算，格式同 `busbar bill quote --schema` 的 bill；不写电价的按原版本比较。"""
    draft = pricing_drafts.get_draft(draft_id)
    return _compared(try_document(draft, without_nul(document)))


@router.post(
    "/{draft_id}/adopt",
    response=answers(TariffDraftOut, 400, 403, 404, 409),
    operation_id="adopt_tariff_draft",
)
def adopt_tariff_draft(
    request: HttpRequest, draft_id: Id, asked: Annotated[TariffRemarkIn, Body()]
) -> TariffDraft:
    """采用，由拟订人以外的人。需“批准电价”权限。"""
    pricing_drafts.get_draft(draft_id)
    return pricing_operations.adopt_draft(
        draft_id=draft_id, remark=asked.remark, by=viewer_of(request), at=now()
    )


@router.post(
    "/{draft_id}/discard",
    response=answers(TariffDraftOut, 400, 403, 404, 409),
    operation_id="discard_tariff_draft",
)
def discard_tariff_draft(
    request: HttpRequest, draft_id: Id, asked: Annotated[TariffReasonIn, Body()]
) -> TariffDraft:
    """作废待批准的拟订。需“拟订电价”权限。"""
    pricing_drafts.get_draft(draft_id)
    return pricing_operations.discard_draft(
        draft_id=draft_id, reason=asked.reason, by=viewer_of(request), at=now()
    )


@router.post(
    "/{draft_id}/withdraw",
    response=answers(TariffDraftOut, 400, 403, 404, 409),
    operation_id="withdraw_tariff_draft",
)
def withdraw_tariff_draft(
    request: HttpRequest, draft_id: Id, asked: Annotated[TariffReasonIn, Body()]
) -> TariffDraft:
    """在生效之前撤回已采用的版本。需“批准电价”权限。"""
    pricing_drafts.get_draft(draft_id)
    return pricing_operations.withdraw_draft(
        draft_id=draft_id, reason=asked.reason, by=viewer_of(request), at=now()
    )


def _compared(found: billing_trial.Comparison) -> dict[str, Any]:
    return {
        "before_yuan": found.before.total_yuan,
        "after_yuan": found.after.total_yuan,
        "difference_yuan": found.difference,
        "effects": {effect.value: amount for effect, amount in found.effects.items()},
        "lines": [_line(line) for line in found.lines],
    }


def _line(line: billing_trial.TrialLine) -> dict[str, Any]:
    before, after = line.before, line.after
    return {
        "name": line.name,
        "unit": line.unit,
        "quantity_before": before and before.quantity,
        "quantity_after": after and after.quantity,
        "price_before": before and before.price,
        "price_after": after and after.price,
        "yuan_before": before and before.amount_yuan,
        "yuan_after": after and after.amount_yuan,
        "difference_yuan": line.difference,
    }
