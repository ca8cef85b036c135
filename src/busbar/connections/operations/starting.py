"""Taking a matter in and starting its process in one transaction.

The only operations of the room that know the workflow: whatever is submitted, ordered or asked
for through a face begins its process at once, and where the process cannot begin nothing is
taken in. The process carries the facts that its definition names (`busbar:facts`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.clocks.subjects import Subject
from busbar.connections.forms import ApplicationForm
from busbar.connections.models import (
    ChangeKind,
    ConnectionApplication,
    FeeRefund,
    IntakeChannel,
    MeteringOrder,
    MeteringOrderKind,
    ServiceOrder,
    ServiceOrderKind,
    SupplyChange,
)
from busbar.connections.operations.changes.carrying_out import LASTING
from busbar.connections.operations.changes.recording import change_facts, change_subject
from busbar.connections.operations.changes.requesting import request_change
from busbar.connections.operations.documents import add_document
from busbar.connections.operations.orders.metering import METERING_ORDER, order_metering
from busbar.connections.operations.orders.service import SERVICE_ORDER, order_service
from busbar.connections.operations.refunds import REFUND, request_refund
from busbar.connections.operations.submit import acting, submit_application
from busbar.connections.queries.changes import Wish
from busbar.connections.sent_files import SentFile
from busbar.connections.subjects import (
    application_facts,
    application_subject,
    lock_application,
    voltage_level,
)
from busbar.customers.models import Customer, CustomerAccount
from busbar.journal.operations import Actor
from busbar.supply.models import UsagePoint
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import ProcessInstance

HIGH_VOLTAGE, LOW_VOLTAGE = "connection_high_voltage", "connection_low_voltage"
CHANGE, METERING, SERVICE, REFUNDING = (
    "supply_change",
    "metering_order",
    "service_order",
    "fee_refund",
)
"""Keys of the room's processes."""


@transaction.atomic
def submit_and_start(
    *,
    form: ApplicationForm,
    unit: OrganizationUnit,
    channel: IntakeChannel | str,
    documents: Sequence[tuple[str, SentFile]] = (),
    by: Viewer | None,
    at: dt.datetime,
) -> ConnectionApplication:
    """Take an application in, keep what came with it and start its seven stages.

    `documents` are files with the code of the requirement they answer. Refused whole where any
    part is refused: nothing of it is kept.
    """
    application = submit_application(form=form, unit=unit, channel=channel, by=by, at=at)
    for code, file in documents:
        add_document(application_id=application.pk, requirement_code=code, file=file, by=by, at=at)
    start_connection_process(application_id=application.pk, actor=acting(by, application), at=at)
    application.refresh_from_db(fields=["process_id"])
    return application


def start_connection_process(
    *, application_id: int, actor: Actor, at: dt.datetime
) -> ProcessInstance:
    """Start the process of the application's voltage: temporary supply goes by its own (R53)."""
    with transaction.atomic():
        application = lock_application(application_id)
        key = HIGH_VOLTAGE if voltage_level(application) == "hv" else LOW_VOLTAGE
        return _start(
            key, application_subject(application), application_facts(application),
            row=application, actor=actor, at=at,
        )  # fmt: skip


@transaction.atomic
def request_change_and_start(
    *,
    account: CustomerAccount,
    wish: Wish,
    facts: Mapping[str, Any] | None = None,
    reason: str = "",
    by: Viewer,
    at: dt.datetime,
) -> SupplyChange:
    """Enter a change that the rules allow and send it to whoever approves."""
    change = request_change(account=account, wish=wish, facts=facts, reason=reason, by=by, at=at)
    start_change_process(change=change, actor=by.actor, at=at)
    return change


def start_change_process(*, change: SupplyChange, actor: Actor, at: dt.datetime) -> ProcessInstance:
    """Start 变更用电 about a requested change."""
    facts = {**change_facts(change), "lasting": ChangeKind(change.kind) in LASTING}
    return _start(CHANGE, change_subject(change), facts, row=change, actor=actor, at=at)


@transaction.atomic
def order_metering_and_start(
    *,
    kind: MeteringOrderKind | str,
    usage_point: UsagePoint,
    reason: str,
    unit: OrganizationUnit | None = None,
    planned_on: dt.date | None = None,
    by: Viewer,
    at: dt.datetime,
) -> MeteringOrder:
    """Order work on a meter and hand it to whoever does it."""
    order = order_metering(
        kind=kind,
        usage_point=usage_point,
        reason=reason,
        unit=unit,
        planned_on=planned_on,
        by=by,
        at=at,
    )
    start_order_process(order=order, actor=by.actor, at=at)
    return order


@transaction.atomic
def order_service_and_start(
    *,
    kind: ServiceOrderKind | str,
    customer: Customer,
    topic: str,
    request: str,
    account: CustomerAccount | None = None,
    unit: OrganizationUnit | None = None,
    planned_on: dt.date | None = None,
    by: Viewer,
    at: dt.datetime,
) -> ServiceOrder:
    """Take a customer's wish down and hand it to whoever answers it."""
    order = order_service(
        kind=kind,
        customer=customer,
        topic=topic,
        request=request,
        account=account,
        unit=unit,
        planned_on=planned_on,
        by=by,
        at=at,
    )
    start_order_process(order=order, actor=by.actor, at=at)
    return order


def start_order_process(
    *, order: MeteringOrder | ServiceOrder, actor: Actor, at: dt.datetime
) -> ProcessInstance:
    """Start the short process of an order of either sort."""
    is_metering = isinstance(order, MeteringOrder)
    key, kind = (METERING, METERING_ORDER) if is_metering else (SERVICE, SERVICE_ORDER)
    customer_id = (
        order.usage_point.account.customer_id
        if isinstance(order, MeteringOrder)
        else order.customer_id
    )
    subject = Subject(
        type=kind, id=order.pk, label=str(order), customer_id=customer_id, unit_id=order.unit_id
    )
    return _start(key, subject, {"order_kind": str(order.kind)}, row=order, actor=actor, at=at)


@transaction.atomic
def request_refund_and_start(
    *,
    receipt_id: int,
    amount_yuan: Decimal,
    ground: str,
    by: Viewer,
    at: dt.datetime,
    notice_id: int | None = None,
) -> FeeRefund:
    """Ask for money back and send it to whoever approves."""
    refund = request_refund(
        receipt_id=receipt_id,
        amount_yuan=amount_yuan,
        ground=ground,
        by=by,
        at=at,
        notice_id=notice_id,
    )
    start_refund_process(refund=refund, actor=by.actor, at=at)
    return refund


def start_refund_process(*, refund: FeeRefund, actor: Actor, at: dt.datetime) -> ProcessInstance:
    """Start 业务退费; the refund itself does not name its process, which names the refund."""
    notice = refund.notice
    unit = notice.application.unit if notice else refund.receipt.payee.unit
    subject = Subject(
        type=REFUND,
        id=refund.pk,
        label=refund.number,
        customer_id=notice.application.customer_id if notice else None,
        unit_id=unit.pk,
    )
    return _start(
        REFUNDING, subject, {"amount_yuan": refund.amount_yuan}, row=None, actor=actor, at=at
    )


@transaction.atomic
def _start(
    key: str,
    subject: Subject,
    facts: Mapping[str, Any],
    *,
    row: ConnectionApplication | SupplyChange | MeteringOrder | ServiceOrder | None,
    actor: Actor,
    at: dt.datetime,
) -> ProcessInstance:
    """Start the process and let the matter remember which it is."""
    instance = workflow_operations.start_process(
        key=key, subject=subject, facts=facts, actor=actor, at=at
    )
    if row is not None:
        row.process_id = instance.pk
        row.save(update_fields=["process_id"])
    return instance
