"""What becomes of an application at the door: accepted, refused, withdrawn, handed over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from busbar.access.models import OrganizationUnit, UnitKind
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ApplicationKind,
    ApplicationState,
    ConnectionApplication,
    DocumentPhase,
    IssuedPaper,
)
from busbar.connections.numbering import next_serial
from busbar.connections.operations.submit import acting
from busbar.connections.recording import record_step
from busbar.connections.subjects import advance, involve_units
from busbar.connections.works_ground import hold, hold_visible
from busbar.customers import operations as customers_operations
from busbar.customers.models import AccountStatus, Customer
from busbar.kit.errors import Listing, Refusal
from busbar.kit.periods import CHINA

ENERGIZED_OR_ENDED = (
    ApplicationState.ENERGIZED,
    ApplicationState.CLOSED,
    ApplicationState.WITHDRAWN,
    ApplicationState.REFUSED,
    ApplicationState.LAPSED,
)
_RECEIVING = (UnitKind.MARKETING, UnitKind.KEY_ACCOUNTS, UnitKind.COUNTY, UnitKind.CITY)


HANDED_OVER = "供电所传递"
"""Why the receiving department is involved."""


class UnableToAcceptApplication(Refusal):
    """The application cannot be accepted as it stands."""


class UnableToRefuseApplication(Refusal):
    """The application cannot be refused so."""


class UnableToWithdrawApplication(Refusal):
    """The application can no longer be withdrawn."""


class UnableToHandOverApplication(Refusal):
    """The application cannot be handed over so."""


@transaction.atomic
def accept_application(
    *, application_id: int, by: Viewer, at: dt.datetime
) -> ConnectionApplication:
    """Accept: from this moment the statutory time limits run (R50, R53).

    Complete documents are the condition; a new applicant is found by credit code or entered into
    the archive, the customer first (R80); the account of an increase must still be in use.
    Raises UnableToAcceptApplication. Event `connections.application.accepted`.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToAcceptApplication,
        states=[ApplicationState.SUBMITTED],
        what="受理",
    )
    _require_complete(application)
    if application.kind == ApplicationKind.INCREASE:
        _require_active(application)
    else:
        _link_customer(application, by=by, at=at)
    advance(
        application,
        ApplicationState.ACCEPTED,
        stage=2,
        accepted_at=at,
        customer=application.customer,
        officer_id=by.employee_id or application.officer_id,
    )
    # What was sent to the applicant before he was in the archive belongs to him too.
    IssuedPaper.objects.filter(application=application, customer=None).update(
        customer=application.customer
    )
    record_step(
        event="connections.application.accepted",
        application=application,
        actor=by.actor,
        at=at,
        changes={"accepted_at": at, "customer": str(application.customer)},
        facts={"accepting_unit_kind": application.unit.kind},
    )
    return application


@transaction.atomic
def refuse_application(
    *, application_id: int, reason: str, clause: str, by: Viewer, at: dt.datetime
) -> ConnectionApplication:
    """Decline before acceptance, with the reason and the clause it rests on (R34).

    Event `connections.application.refused`.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToRefuseApplication,
        states=[ApplicationState.SUBMITTED, ApplicationState.CORRECTING],
        what="不予受理",
    )
    if not reason.strip() or not clause.strip():
        raise UnableToRefuseApplication("不予受理应写明原因和依据的条款（文件与条号）")
    _end(application, ApplicationState.REFUSED, reason, clause)
    record_step(
        event="connections.application.refused",
        application=application,
        actor=by.actor,
        at=at,
        changes={"clause": application.ended_clause},
        reason=application.ended_reason,
    )
    return application


@transaction.atomic
def withdraw_application(
    *, application_id: int, reason: str, by: Viewer | None, at: dt.datetime
) -> ConnectionApplication:
    """The applicant takes it back, himself (`by` None) or through staff, before energising.

    Event `connections.application.withdrawn`.
    """
    states = [s for s in ApplicationState if s not in ENERGIZED_OR_ENDED]
    refusal = UnableToWithdrawApplication
    if by is None:
        application = hold(application_id, refusal=refusal, states=states, what="撤回")
    else:
        by.require(Permission.ACCEPT_APPLICATIONS)
        application = hold_visible(
            application_id, by=by, refusal=refusal, states=states, what="撤回"
        )
    if not reason.strip():
        raise UnableToWithdrawApplication("撤回应写明客户的理由")
    _end(application, ApplicationState.WITHDRAWN, reason, "")
    record_step(
        event="connections.application.withdrawn",
        application=application,
        actor=acting(by, application),
        at=at,
        reason=application.ended_reason,
    )
    return application


@transaction.atomic
def hand_over_application(
    *, application_id: int, to_unit: OrganizationUnit, by: Viewer, at: dt.datetime
) -> ConnectionApplication:
    """Pass an accepted application from the supply station to marketing (R54: 5 working days).

    The station keeps seeing it; the receiving department sees it from now on.
    Event `connections.application.handed_over`.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToHandOverApplication,
        states=[ApplicationState.ACCEPTED],
        what="传递",
    )
    if application.unit.kind != UnitKind.SUPPLY_STATION:
        raise UnableToHandOverApplication(
            "申请由%(unit)s受理，只有供电所受理的申请需传递到市场营销部", unit=application.unit.name
        )
    if application.handed_over_at is not None:
        raise UnableToHandOverApplication(
            "申请已于 %(china)s 传递",
            china=format(application.handed_over_at.astimezone(CHINA), "%Y-%m-%d %H:%M"),
        )
    if to_unit.kind not in _RECEIVING or not to_unit.is_active:
        raise UnableToHandOverApplication(
            "%(to_unit)s不是接收申请的市场营销部门", to_unit=to_unit.name
        )
    advance(application, ApplicationState.ACCEPTED, stage=2, handed_over_at=at)
    involve_units(application, {to_unit.pk: HANDED_OVER}, at=at)
    record_step(
        event="connections.application.handed_over",
        application=application,
        actor=by.actor,
        at=at,
        changes={"to_unit": to_unit.name},
        facts={"accepting_unit_kind": application.unit.kind},
    )
    return application


def _end(
    application: ConnectionApplication, state: ApplicationState, reason: str, clause: str
) -> None:
    advance(
        application,
        state,
        ended_reason=reason.strip()[:500],
        ended_clause=clause.strip()[:200],
    )


_OPEN: dict[str, Callable[[str], Refusal]] = {
    "missing": lambda name: Refusal("%(name)s（未提交）", name=name),
    "pending": lambda name: Refusal("%(name)s（待审）", name=name),
    "rejected": lambda name: Refusal("%(name)s（不合格）", name=name),
}
"""What is said of a paper that keeps the application open, by its state."""


def _require_complete(application: ConnectionApplication) -> None:
    documents = connections_queries.get_document_list(application, DocumentPhase.APPLICATION)
    if documents.is_complete:
        return
    told = [_OPEN[x.state](x.requirement.name) for x in documents.lines if x.is_open]
    raise UnableToAcceptApplication(
        "申请资料尚不齐全，不能受理：%(told)s；依据：申请接入 第10条（用电需求资料）",
        told=Listing(told),
    )


def _require_active(application: ConnectionApplication) -> None:
    account = application.account
    if account is None or account.status != AccountStatus.ACTIVE:
        raise UnableToAcceptApplication(
            "户号 %(number)s 已不在用，不能受理增容", number=account.number if account else ""
        )


def _link_customer(application: ConnectionApplication, *, by: Viewer, at: dt.datetime) -> None:
    if not application.credit_code:
        raise UnableToAcceptApplication(
            "申请未填统一社会信用代码，不能建立客户档案；请补正该项后受理"
        )
    application.customer = _find(application) or _register(application, by=by, at=at)


def _find(application: ConnectionApplication) -> Customer | None:
    # Whoever keeps it: one legal body is one customer, whatever number of units it deals with.
    return Customer.objects.filter(credit_code=application.credit_code).first()


def _register(application: ConnectionApplication, *, by: Viewer, at: dt.datetime) -> Customer:
    archivist = by.entitled()
    year = at.astimezone(CHINA).year
    number = f"YK{year}{next_serial(f'customer:{year}'):06d}"
    # The number's row held back whoever registers at the same moment; he may have been quicker.
    if (quicker := _find(application)) is not None:
        return quicker
    customer = customers_operations.register_customer(
        number=number,
        name=application.applicant_name,
        kind=application.customer_kind,
        unit=application.unit,
        credit_code=application.credit_code,
        industry_code=application.industry_code,
        importance=application.importance,
        address=application.address,
        by=archivist,
        at=at,
    )
    customers_operations.add_contact(
        customer=customer,
        name=application.contact_name,
        role="业扩联系人",
        phone=application.contact_phone,
        email=application.contact_email,
        is_primary=True,
        by=archivist,
        at=at,
    )
    return customer
