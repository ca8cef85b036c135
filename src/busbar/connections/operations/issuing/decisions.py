"""The notices of a change of supply and of a refund (R9, R42)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.subjects import Subject
from busbar.connections.models import (
    ChangeKind,
    ChangeState,
    FeeRefund,
    FeeRefundState,
    IssuedPaper,
    PaperKind,
    SupplyChange,
)
from busbar.connections.operations.changes.recording import change_subject
from busbar.connections.operations.issuing.ground import Facts, letterhead, plain_facts, require_any
from busbar.connections.operations.papers import issue_paper
from busbar.connections.papers import making
from busbar.connections.papers.work_facts import (
    ChangedItem,
    ChangeNotice,
    RefundItem,
    RefundNotice,
)
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.supply.models import BasicChargeMode

_DECISIONS = {
    ChangeState.APPROVED: "同意办理",
    ChangeState.IN_FORCE: "同意办理，已执行",
    ChangeState.ENDED: "同意办理，已结束",
    ChangeState.DONE: "同意办理，已办结",
    ChangeState.REFUSED: "不予办理",
}
_NEW_FACTS = {
    "new_name": "户名",
    "new_customer": "用电人",
    "new_address": "用电地址",
    "into_account": "并入户号",
    "position": "计量装置位置",
    "voltage_kv": "供电电压(kV)",
    "tariff_code": "电价",
    "capacity_kva": "变压器容量(kVA)",
    "basic_charge_mode": "基本电费计收方式",
    "contract_demand_kw": "合同最大需量(kW)",
    "agreement_number": "供用电合同",
}
_OLD_FACTS = {
    "new_name": "old_name",
    "new_address": "old_address",
    "basic_charge_mode": "old_basic_charge_mode",
    "contract_demand_kw": "old_contract_demand_kw",
}
_MODES = {str(mode.value): str(mode.label) for mode in BasicChargeMode}


class UnableToIssueChangePaper(Refusal):
    """The change has not been decided, or is not the viewer's to see."""


class UnableToIssueRefundPaper(Refusal):
    """The refund has not been approved, or is not the viewer's to see."""


@transaction.atomic
def issue_change_paper(*, change_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """变更用电通知: the decision, what changes, the effect on the charge, the clause (R42).

    Raises UnableToIssueChangePaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.HANDLE_CHANGES)
    seen = SupplyChange.objects.visible_to(by).filter(pk=change_id)
    change = seen.select_related("account", "customer", "unit", "rule__rule_set").first()
    if change is None or change.state not in _DECISIONS:
        raise UnableToIssueChangePaper("没有已审批的变更用电，或不在您的管辖范围内")
    facts = _change_facts(change)
    return issue_paper(
        kind=PaperKind.CHANGE_NOTICE,
        pdf=lambda head: making.render_change_notice(
            ChangeNotice(head=letterhead(head, by.name), **facts)
        ),
        facts=plain_facts(facts),
        about=change_subject(change),
        actor=by.actor,
        at=at,
    )


@transaction.atomic
def issue_refund_paper(*, refund_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """退费通知: how much goes back to which account, and why (R9).

    Raises UnableToIssueRefundPaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.APPROVE_REFUNDS, Permission.RECEIVE_FEES)
    seen = FeeRefund.objects.visible_to(by).filter(pk=refund_id)
    refund = seen.select_related(
        "receipt__payee__unit", "notice__application__account", "notice__application__unit"
    ).first()
    if refund is None or refund.state not in (FeeRefundState.APPROVED, FeeRefundState.PAID):
        raise UnableToIssueRefundPaper("没有已批准的退费，或不在您的范围之内")
    facts = _refund_facts(refund, at)
    application = refund.notice.application if refund.notice else None
    return issue_paper(
        kind=PaperKind.REFUND_NOTICE,
        pdf=lambda head: making.render_refund_notice(
            RefundNotice(head=letterhead(head, by.name), **facts)
        ),
        facts=plain_facts(facts),
        application=application,
        about=None if application else _money(refund),
        actor=by.actor,
        at=at,
    )


def _money(refund: FeeRefund) -> Subject:
    """A refund of money that belongs to no application."""
    return Subject(
        type="connections.refund",
        id=refund.pk,
        label=refund.number,
        customer_id=None,
        unit_id=refund.receipt.payee.unit_id,
    )


def _change_facts(change: SupplyChange) -> Facts:
    refused = change.state == ChangeState.REFUSED
    effect = change.charge_effect or {}
    because = str(effect.get("because") or "")
    verb = "停用期间少收" if change.follows_id else "预计少收"
    saved = f"{verb} {effect['saved_yuan']} 元。" if effect.get("saved_yuan") else ""
    rule = change.rule
    return {
        "application_number": change.number,
        "account_number": change.account.number,
        "customer_name": change.customer.name,
        "site_address": change.account.address,
        "kind": str(ChangeKind(change.kind).label),
        "decision": _DECISIONS[ChangeState(change.state)],
        "applied_on": local_date(change.requested_at),
        "source": f"{rule.article}（{rule.rule_set}）" if rule else "",
        "effect_on_charges": f"{saved}{because}" or "对电费没有影响。",
        "effective_from": None if refused else change.starts_on,
        "effective_until": None if refused else change.ends_on,
        "reason": "；".join(map(str, change.objections)) if refused else change.reason,
        "items": () if refused else tuple(_items(change)),
    }


def _items(change: SupplyChange) -> list[ChangedItem]:
    found = [
        ChangedItem(
            f"变压器 {part.transformer.number}",
            f"{part.transformer.capacity_kva} kVA",
            f"加封 {part.seal_number}" if part.seal_number else str(change.get_kind_display()),
        )
        for part in change.transformers.select_related("transformer").order_by("pk")
    ]
    known: dict[str, Any] = change.facts
    for name, label in _NEW_FACTS.items():
        if known.get(name):
            before, after = str(known.get(_OLD_FACTS.get(name, "")) or ""), str(known[name])
            found.append(ChangedItem(label, _MODES.get(before, before), _MODES.get(after, after)))
    return found


def _refund_facts(refund: FeeRefund, at: dt.datetime) -> Facts:
    application = refund.notice.application if refund.notice else None
    name = f"缴费通知 {refund.notice.number}" if refund.notice else "多收或误付款项"
    account = application.account if application else None
    return {
        "application_number": application.number if application else refund.number,
        "account_number": account.number if account else "",
        "customer_name": application.applicant_name if application else refund.to_name,
        "approved_on": local_date(refund.decided_at or at),
        "means": f"银行转账，原路退回（退费单 {refund.number}）",
        "receiver_name": refund.to_name,
        "receiver_bank": "原付款银行",
        "receiver_account": refund.to_account,
        "items": (RefundItem(name, refund.ground, refund.receipt.booked_on, refund.amount_yuan),),
    }
