"""Each paper from its facts, as PDF bytes; the same facts give the same bytes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from busbar.connections.papers.facts import (
    AcceptanceNotice,
    ApplicationForm,
    Fee,
    Letterhead,
    MissingDocumentsNotice,
    PaymentNotice,
    RefusalNotice,
    RegistrationRecord,
    SchemeReply,
    SurveySheet,
)
from busbar.connections.papers.work_facts import (
    AgreementSummary,
    ChangeNotice,
    EnergisingNotice,
    Inspection,
    RefundItem,
    RefundNotice,
)
from busbar.kit import paper
from busbar.kit.chinese_figures import capital_amount
from busbar.kit.periods import CHINA

TEMPLATES = Path(__file__).with_name("templates")

_DESIGN_REVIEW = {
    "title": "受电工程设计审查意见",
    "date_label": "审查日期",
    "scope_label": "审查文件",
    "inspectors_label": "审查人员",
}
_MID_INSPECTION = {
    "title": "受电工程中间检查意见",
    "date_label": "检查日期",
    "scope_label": "检查范围",
    "inspectors_label": "检查人员",
}
_COMPLETION = {
    "title": "受电工程竣工检验意见",
    "date_label": "检验日期",
    "scope_label": "检验范围",
    "inspectors_label": "检验人员",
}


class Facts(Protocol):
    """Every paper's facts begin with who writes."""

    @property
    def head(self) -> Letterhead:
        """Company, number, date."""


Data = dict[str, object]


def render_application(facts: ApplicationForm) -> bytes:
    """《高压用电申请》."""
    return _render("application", facts, application_data(facts))


def render_registration(facts: RegistrationRecord) -> bytes:
    """《业扩报装登记记录》."""
    return _render("registration", facts)


def render_missing_documents(facts: MissingDocumentsNotice) -> bytes:
    """缺件一次性告知书."""
    return _render("missing_documents", facts)


def render_acceptance(facts: AcceptanceNotice) -> bytes:
    """受理通知."""
    return _render("acceptance", facts)


def render_refusal(facts: RefusalNotice) -> bytes:
    """不予受理通知书."""
    return _render("refusal", facts)


def render_survey(facts: SurveySheet) -> bytes:
    """现场勘察单."""
    return _render("survey", facts)


def render_scheme_reply(facts: SchemeReply) -> bytes:
    """供电方案答复单, with charges, account number and validity in the same notice."""
    return _render("scheme_reply", facts, _total(facts.fees))


def render_payment_notice(facts: PaymentNotice) -> bytes:
    """缴费通知."""
    return _render("payment_notice", facts, _total(facts.fees))


def render_design_review(facts: Inspection) -> bytes:
    """设计审查意见."""
    return _render("inspection", facts, dict(_DESIGN_REVIEW))


def render_mid_inspection(facts: Inspection) -> bytes:
    """中间检查意见."""
    return _render("inspection", facts, dict(_MID_INSPECTION))


def render_completion_inspection(facts: Inspection) -> bytes:
    """竣工检验意见."""
    return _render("inspection", facts, dict(_COMPLETION))


def render_energising(facts: EnergisingNotice) -> bytes:
    """送电通知."""
    return _render("energising", facts)


def render_agreement(facts: AgreementSummary) -> bytes:
    """供用电合同(概要)."""
    return _render("agreement", facts)


def render_change_notice(facts: ChangeNotice) -> bytes:
    """变更用电通知."""
    return _render("change_notice", facts)


def render_refund_notice(facts: RefundNotice) -> bytes:
    """退费通知."""
    return _render("refund_notice", facts, _total(facts.items))


def application_data(facts: ApplicationForm) -> Data:
    """What the application form prints beside its facts: sums that nobody types."""
    equipment = [
        {**{f.name: getattr(e, f.name) for f in dataclasses.fields(e)}, "total_kw": e.total_kw}
        for e in facts.equipment
    ]
    return {"equipment": equipment, "total_capacity_kva": facts.total_capacity_kva}


def _total(lines: Sequence[Fee] | Sequence[RefundItem]) -> Data:
    total = sum((line.amount_yuan for line in lines), Decimal(0))
    return {"total_yuan": total, "total_capitals": capital_amount(total)}


def _render(name: str, facts: Facts, more: Data | None = None) -> bytes:
    data = {f.name: getattr(facts, f.name) for f in dataclasses.fields(facts)}  # type: ignore[arg-type] # the protocol's classes are dataclasses
    issued = dt.datetime.combine(facts.head.issued_on, dt.time(), tzinfo=CHINA)
    template = TEMPLATES / f"{name}.typ"
    return paper.render_pdf(template, {**data, **(more or {})}, made_at=issued)
