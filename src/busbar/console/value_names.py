"""What the codes and moments that the journal's entries keep are called on the screens."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from busbar.access.models import Role, UnitKind
from busbar.claims.models import ClaimKind, ClaimState
from busbar.clocks import shipped
from busbar.clocks.models import Audience
from busbar.connections.models import (
    ApplicationState,
    ChangeKind,
    ChangeState,
    ContractorRole,
    DocumentPhase,
    DocumentVerdict,
    EnergizationResult,
    FeeRefundState,
    InspectionKind,
    IntakeChannel,
    MeteringOrderKind,
    NoticeState,
    PaperKind,
    QualificationKind,
    ReceiptMeans,
    ReviewResult,
    SchemeState,
    ServiceOrderKind,
    SurveyConclusion,
    Verdict,
)
from busbar.console.event_names import name_event
from busbar.customers.models import AccountStatus, CustomerKind, Importance
from busbar.kit.periods import CHINA
from busbar.metering.models import StampAt
from busbar.notifications.models import Channel
from busbar.service_desk.models import (
    AnswerState,
    ComplaintChannel,
    ComplaintKind,
    InteractionKind,
)
from busbar.supply.models import RunningState

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\S*")

_BY_FIELD: dict[str, type[TextChoices]] = {
    "audience": Audience,
    "conclusion": SurveyConclusion,
    "importance": Importance,
    "inspection_kind": InspectionKind,
    "means": ReceiptMeans,
    "phase": DocumentPhase,
    "review_result": ReviewResult,
    "roles": Role,
    "stamp_at": StampAt,
    "survey_conclusion": SurveyConclusion,
}
"""Fields whose codes are of one kind wherever they stand."""

_BY_NOUN: dict[tuple[str, str], type[TextChoices]] = {
    ("access.unit", "kind"): UnitKind,
    ("claims.claim", "kind"): ClaimKind,
    ("claims.claim", "state"): ClaimState,
    ("connections.application", "channel"): IntakeChannel,
    ("connections.application", "result"): ReviewResult,
    ("connections.application", "state"): ApplicationState,
    ("connections.change", "kind"): ChangeKind,
    ("connections.change", "state"): ChangeState,
    ("connections.contractor", "role"): ContractorRole,
    ("connections.design", "verdict"): Verdict,
    ("connections.document", "verdict"): DocumentVerdict,
    ("connections.fee", "state"): NoticeState,
    ("connections.fee_notice", "state"): NoticeState,
    ("connections.inspection", "kind"): InspectionKind,
    ("connections.inspection", "verdict"): Verdict,
    ("connections.metering_order", "kind"): MeteringOrderKind,
    ("connections.paper", "kind"): PaperKind,
    ("connections.qualification", "kind"): QualificationKind,
    ("connections.refund", "state"): FeeRefundState,
    ("connections.scheme", "state"): SchemeState,
    ("connections.service_order", "kind"): ServiceOrderKind,
    ("connections.supply", "result"): EnergizationResult,
    ("customers.account", "status"): AccountStatus,
    ("customers.customer", "kind"): CustomerKind,
    ("notifications.delivery", "channel"): Channel,
    ("notifications.message", "channel"): Channel,
    ("service_desk.complaint", "channel"): ComplaintChannel,
    ("service_desk.complaint", "kind"): ComplaintKind,
    ("service_desk.interaction", "kind"): InteractionKind,
    ("service_desk.survey", "state"): AnswerState,
    ("supply.transformer", "state"): RunningState,
    ("workflow.task", "role"): Role,
}
"""Fields whose codes depend on what the entry is about."""

_SUBJECTS: dict[str, Promise | str] = {
    "claims.claim": _("追补单"),
    "connections.application": _("业扩报装申请"),
    "connections.change": _("变更用电"),
    "connections.metering_order": _("计量装接单"),
    "connections.refund": _("退费"),
    "connections.service_order": _("服务工单"),
    "service_desk.complaint": _("投诉"),
    "service_desk.improvement": _("满意度整改"),
    "service_desk.promise": _("承诺"),
    "service_desk.publication": _("承诺公开"),
    "workflow.process": _("流程"),
    "workflow.task": _("任务"),
}

_OUTCOMES: dict[str, Promise | str] = {
    "accepted": _("受理"),
    "agreed": pgettext_lazy("outcome", "同意"),
    "approved": pgettext_lazy("outcome", "批准"),
    "failed": pgettext_lazy("outcome", "不通过"),
    "feasible": _("具备供电条件"),
    "incomplete": _("资料不全"),
    "infeasible": _("不具备供电条件"),
    "keep": _("不收入知识库"),
    "passed": pgettext_lazy("outcome", "通过"),
    "publish": _("收入知识库"),
    "refused": pgettext_lazy("outcome", "不予同意"),
    "returned": pgettext_lazy("outcome", "退回或须整改"),
}
"""The outcomes that the shipped processes offer."""

_MESSAGES: dict[str, Promise | str] = {
    "fees_received": _("费用到账"),
    "refund_paid": _("退款已付"),
}
"""The messages for which the shipped processes wait."""


def name_recorded(event: str, field: str, value: str) -> str:
    """A recorded text in words: a code by its label, a moment in Chinese time, else as it is."""
    if _MOMENT.fullmatch(value):
        return _spoken(value)
    if field == "kind" and event.startswith("notifications.message."):
        return name_event(value)
    return str(_labels(event, field).get(value, value))


def _labels(event: str, field: str) -> Mapping[str, Promise | str]:
    if field == "subject_type":
        return _SUBJECTS
    if field == "outcome":
        return _OUTCOMES
    if field == "message":
        return _MESSAGES
    if field == "pause_reason":
        return _names(shipped.pause_reasons())
    if field == "rule_set" and event.startswith("clocks."):
        return _names(shipped.rule_sets())
    choices = _BY_FIELD.get(field) or _BY_NOUN.get((event.rpartition(".")[0], field))
    return dict(choices.choices) if choices else {}


def _names(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {code: str(row["name"]) for code, row in rows.items()}


def _spoken(text: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}" if moment.tzinfo else text
