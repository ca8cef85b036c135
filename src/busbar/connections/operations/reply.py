"""Answering the customer: scheme, charges, account and validity in one notice (R53, R55, R57)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.reckoning import midnight
from busbar.connections import reply_paper
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    FeeNotice,
    NoticeState,
    PaperKind,
    SchemeState,
    SupplyScheme,
)
from busbar.connections.operations import fees
from busbar.connections.operations.fees import Charge
from busbar.connections.operations.issuing.payment import issue_payment_paper
from busbar.connections.operations.papers import issue_paper
from busbar.connections.operations.scheme_ground import (
    changes_of,
    lock_scheme,
    require_state,
    write,
)
from busbar.connections.operations.validity import EXTENSION_NOTICE
from busbar.connections.recording import record_step
from busbar.connections.subjects import (
    advance,
    application_facts,
    application_subject,
    voltage_level,
)
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

_ONE_DAY = dt.timedelta(days=1)


class UnableToReply(Refusal):
    """The reply cannot go out yet."""


class UnableToObject(Refusal):
    """The customer's objection cannot be taken."""


@dataclass(frozen=True)
class _Validity:
    """From when to when the scheme holds: half-open days, with the limit that says so."""

    code: str
    valid_from: dt.date
    valid_until: dt.date
    extend_before: dt.date
    objection_until: dt.date
    clause: str


@transaction.atomic
def reply_to_customer(
    *,
    scheme_id: int,
    by: Viewer,
    at: dt.datetime,
    charges: Sequence[Charge] | None = None,
) -> SupplyScheme:
    """Issue the 供电方案答复单: one paper with scheme, charges, payee account and validity.

    The charges are those of the draft notice of this scheme, or `charges` (an empty list states
    that nothing is charged); without either the reply is refused, for it must tell all at once.
    The validity runs from the day of the reply by the limit `scheme-validity-hv|lv`; the
    customer may object within `scheme-objection`. Raises UnableToReply.
    Event `connections.scheme.replied`.
    """
    by.require(Permission.DESIGN_SCHEMES)
    scheme = lock_scheme(
        scheme_id,
        by=by,
        refusal=UnableToReply,
        states=(SchemeState.APPROVED,),
        what="答复客户",
    )
    application = scheme.application
    require_state(application, (ApplicationState.SCHEME,), refusal=UnableToReply, what="答复客户")
    notice = _notice(scheme, charges, by, at)
    validity = _reckon_validity(application, at)
    fees.put_out(notice, actor=by.actor, at=at)
    write(
        scheme,
        state=SchemeState.REPLIED,
        replied_at=at,
        validity_code=validity.code,
        valid_from=validity.valid_from,
        first_valid_until=validity.valid_until,
        valid_until=validity.valid_until,
        objection_until=validity.objection_until,
    )
    advance(application, ApplicationState.REPLIED, 4)
    paper = issue_paper(
        kind=PaperKind.SCHEME_REPLY,
        pdf=reply_paper.renderer(scheme, notice, validity.extend_before, validity.clause, by.name),
        facts=_facts(scheme, notice, validity),
        application=application,
        actor=by.actor,
        at=at,
    )
    write(scheme, reply_paper_id=paper.pk)
    if notice.state == NoticeState.ISSUED:
        issue_payment_paper(notice_id=notice.pk, by=by, at=at)
    record_step(
        event="connections.scheme.replied",
        application=application,
        actor=by.actor,
        at=at,
        changes=changes_of(scheme, paper=paper.number, **_facts(scheme, notice, validity)),
    )
    return scheme


def _notice(
    scheme: SupplyScheme, charges: Sequence[Charge] | None, by: Viewer, at: dt.datetime
) -> FeeNotice:
    drafts = scheme.fee_notices.filter(state=NoticeState.DRAFT).order_by("pk")
    found = list(drafts.values_list("pk", flat=True))
    if charges is not None and found:
        raise UnableToReply("这一方案已列有待发出的费用，请先作废或不再另列")
    if charges is not None:
        drafted = fees.draft_fee_notice(
            application_id=scheme.application_id,
            charges=charges,
            scheme_id=scheme.pk,
            by=by,
            at=at,
        )
        return fees.lock_notice(drafted.pk)
    if not found:
        raise UnableToReply(
            "答复单须一并告知费用和收款账号：请先列出费用；没有费用也请列一份零元通知"
        )
    if len(found) > 1:
        raise UnableToReply("这一方案有多份待发出的费用通知，请作废多余的")
    return fees.lock_notice(found[0])


def _reckon_validity(application: ConnectionApplication, at: dt.datetime) -> _Validity:
    path = application.unit.path
    code = f"scheme-validity-{voltage_level(application)}"
    validity = clocks_queries.reckon(code, start=at, unit_path=path)
    notice = clocks_queries.reckon(
        EXTENSION_NOTICE, start=midnight(validity.due_on), unit_path=path
    )
    objection = clocks_queries.reckon("scheme-objection", start=at, unit_path=path)
    return _Validity(
        code=code,
        valid_from=local_date(at),
        valid_until=validity.due_on + _ONE_DAY,
        extend_before=notice.due_on,
        objection_until=objection.due_on + _ONE_DAY,
        clause=validity.limit.clause,
    )


def _facts(scheme: SupplyScheme, notice: FeeNotice, validity: _Validity) -> dict[str, Any]:
    return {
        "chosen": scheme.chosen.name if scheme.chosen else "",
        "notice": notice.number,
        "total_yuan": str(notice.total_yuan),
        "payee_account": notice.payee.number,
        "valid_from": validity.valid_from.isoformat(),
        "last_valid_on": (validity.valid_until - _ONE_DAY).isoformat(),
        "extend_before": validity.extend_before.isoformat(),
        "clause": validity.clause,
    }


@transaction.atomic
def object_to_scheme(
    *, scheme_id: int, objection: str, by: Viewer, at: dt.datetime
) -> SupplyScheme:
    """The customer objects within the limit: the round ends and the next one is to be designed.

    Its unpaid notice is cancelled; one on which money lies stays until it is refunded.
    Raises UnableToObject after the limit, with the day. Event `connections.scheme.objected`.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    scheme = lock_scheme(
        scheme_id,
        by=by,
        refusal=UnableToObject,
        states=(SchemeState.REPLIED,),
        what="提出异议",
    )
    application = scheme.application
    require_state(application, (ApplicationState.REPLIED,), refusal=UnableToObject, what="提出异议")
    _check_objection(scheme, objection, at)
    for notice in scheme.fee_notices.filter(state__in=(NoticeState.DRAFT, NoticeState.ISSUED)):
        held = fees.lock_notice(notice.pk)
        if not held.matches.filter(undone_at=None).exists():
            fees.withdraw(held, reason="客户对供电方案提出异议", actor=by.actor, at=at)
    write(
        scheme,
        state=SchemeState.OBJECTED,
        objection=objection.strip()[:1000],
        objected_at=at,
    )
    advance(application, ApplicationState.SCHEME, 3)
    record_step(
        event="connections.scheme.objected",
        application=application,
        actor=by.actor,
        at=at,
        reason=objection.strip(),
        changes=changes_of(scheme),
    )
    # The validity of what was replied ends with the objection, by the word limits know for it.
    clocks_operations.apply_event(
        event="connections.scheme.superseded",
        subject=application_subject(application),
        facts={**application_facts(application), "reason": "客户异议"},
        actor=by.actor,
        at=at,
    )
    return scheme


def _check_objection(scheme: SupplyScheme, objection: str, at: dt.datetime) -> None:
    if not objection.strip():
        raise UnableToObject("请写明异议的内容")
    until = scheme.objection_until
    if until is not None and local_date(at) >= until:
        limit = clocks_queries.get_limit(
            "scheme-objection",
            on=scheme.valid_from or until,
            unit_path=scheme.application.unit.path,
        )
        raise UnableToObject(
            "对方案的异议至迟应在 %(until)s 提出，已逾期（%(clause)s）",
            until=until - _ONE_DAY,
            clause=limit.clause,
        )
