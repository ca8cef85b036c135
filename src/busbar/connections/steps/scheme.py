"""Stages 3 and 4: scheme, countersigning, approval, reply with fees (R51–R53, R57)."""

from __future__ import annotations

from busbar.connections import operations
from busbar.connections.models import NoticeState, SupplyScheme
from busbar.connections.operations.fees import Charge
from busbar.connections.queries import schemes as scheme_queries
from busbar.connections.steps.answers import Facts, UnableToAnswer, rows, text
from busbar.workflow.registry import TaskCompletion

_DEPARTMENT_OF = {
    "sign_marketing": "marketing",
    "sign_planning": "planning",
    "sign_dispatch": "dispatch",
    "sign_safety": "safety",
}


def submit_scheme(completion: TaskCompletion) -> Facts:
    """The round with its choice, made on the scheme's own page, goes to the departments."""
    scheme = _current(completion)
    operations.submit_scheme(scheme_id=scheme.pk, by=completion.viewer, at=completion.at)
    return {"scheme_round": scheme.round}


def countersign(completion: TaskCompletion) -> Facts:
    """One department's yes or no; its silence is the system's to record."""
    department = _DEPARTMENT_OF[completion.task.element]
    scheme = _latest(completion)
    if completion.viewer.sees_all:
        operations.take_silence_as_consent(
            scheme_id=scheme.pk, department=department, by=completion.viewer, at=completion.at
        )
    else:
        operations.give_opinion(
            scheme_id=scheme.pk,
            department=department,
            agrees=completion.outcome == "agreed",
            remark=text(completion, "remark"),
            by=completion.viewer,
            at=completion.at,
        )
    return {}


def approve_scheme(completion: TaskCompletion) -> Facts:
    """Approve, and complete the registration record; or send back with the reason."""
    scheme, remark = _latest(completion), text(completion, "remark")
    if completion.outcome == "returned":
        operations.return_scheme(
            scheme_id=scheme.pk, reason=remark, by=completion.viewer, at=completion.at
        )
    else:
        operations.approve_scheme(
            scheme_id=scheme.pk, remark=remark, by=completion.viewer, at=completion.at
        )
        operations.issue_registration_record(
            application_id=scheme.application_id, by=completion.viewer, at=completion.at
        )
    return {}


def reply_to_customer(completion: TaskCompletion) -> Facts:
    """One paper with scheme, fees and account number; says whether there is anything to pay."""
    scheme = _latest(completion)
    charges = [
        Charge(
            item=str(row["item"]).strip(),
            quantity=row["quantity"],
            price_yuan=row.get("price_yuan"),
            basis=str(row.get("basis") or ""),
        )
        for row in rows(completion, "charges")
    ]
    drafted = scheme.fee_notices.filter(state=NoticeState.DRAFT).exists()
    operations.reply_to_customer(
        scheme_id=scheme.pk,
        charges=None if drafted and not charges else charges,
        by=completion.viewer,
        at=completion.at,
    )
    owed = scheme.fee_notices.filter(state__in=(NoticeState.ISSUED, NoticeState.PARTLY_PAID))
    return {"fees_due": owed.exists()}


def _current(completion: TaskCompletion) -> SupplyScheme:
    scheme = scheme_queries.get_current_scheme(completion.viewer, completion.instance.subject_id)
    if scheme is None:
        raise UnableToAnswer("还没有编制供电方案，请先在方案编制页比选并选定")
    return scheme


def _latest(completion: TaskCompletion) -> SupplyScheme:
    rounds = SupplyScheme.objects.filter(application_id=completion.instance.subject_id)
    scheme: SupplyScheme | None = rounds.order_by("-round").first()
    if scheme is None:
        raise UnableToAnswer("还没有供电方案")
    return scheme
