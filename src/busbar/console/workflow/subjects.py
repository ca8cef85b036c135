"""What a process is about, in a few lines: from the room whose matter it is, as far as seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from busbar.access.visibility import Viewer
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ConnectionApplication,
    IssuedPaper,
    MeteringOrder,
    ServiceOrder,
    SupplyChange,
)
from busbar.connections.operations.changes.recording import CHANGE
from busbar.connections.operations.orders.metering import METERING_ORDER
from busbar.connections.operations.orders.service import SERVICE_ORDER
from busbar.connections.subjects import APPLICATION, STAGES
from busbar.customers.models import Customer
from busbar.key_accounts.models import DepartmentOrder
from busbar.key_accounts.operations.ground import ORDER
from busbar.workflow.models import ProcessInstance


@dataclass(frozen=True)
class Matter:
    """The subject: its label, where its page is, its facts, its customer, its papers."""

    label: str
    url: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    customer: Customer | None = None
    papers: Sequence[IssuedPaper] = field(default=())


@dataclass(frozen=True)
class StageStep:
    """One of the stages that a customer follows, and whether it is past, now or to come."""

    number: int
    name: str
    state: str


def matter_of(viewer: Viewer, instance: ProcessInstance) -> Matter:
    """The subject of a process with what the viewer may see of it. At most five queries."""
    describe = _DESCRIBERS.get(instance.subject_type)
    matter = describe(viewer, instance) if describe else None
    papers = connections_queries.list_papers(viewer, instance.subject_type, instance.subject_id)
    if matter is None:
        return Matter(instance.subject_label, customer=_customer(viewer, instance), papers=papers)
    return Matter(matter.label, matter.url, matter.pairs, _customer(viewer, instance), papers)


def stages_of(instance: ProcessInstance) -> list[StageStep]:
    """The seven stages of a connection; nothing for other processes."""
    if instance.subject_type != APPLICATION:
        return []
    if instance.state == "completed":
        return [StageStep(n, str(name), "done") for n, name in STAGES.items()]
    now = instance.stage
    states = {n: "done" if n < now else "now" if n == now else "to-come" for n in STAGES}
    return [StageStep(n, str(name), states[n]) for n, name in STAGES.items()]


def _application(viewer: Viewer, instance: ProcessInstance) -> Matter | None:
    rows = ConnectionApplication.objects.visible_to(viewer)
    found: ConnectionApplication | None = rows.filter(pk=instance.subject_id).first()
    if found is None:
        return None
    pairs = (
        (_("申请编号"), found.number),
        (_("申请人"), found.applicant_name),
        (_("业务"), f"{found.get_kind_display()} · {found.get_supply_kind_display()}"),
        (_("申请容量"), f"{found.requested_kva:,} kVA"),
        (_("用电地址"), found.address),
        (_("联系人"), f"{found.contact_name} {found.contact_phone}"),
        (_("状态"), str(found.get_state_display())),
    )
    return Matter(found.applicant_name, _url("application", found.number), pairs)


def _metering_order(viewer: Viewer, instance: ProcessInstance) -> Matter | None:
    """What is to be done where: whoever may work on the process must know, of whatever branch."""
    rows = MeteringOrder.objects.select_related("usage_point__account", "usage_point__site")
    found = rows.filter(pk=instance.subject_id).first()
    if found is None:
        return None
    point = found.usage_point
    pairs = (
        (_("编号"), found.number),
        (_("装接原因"), found.reason),
        (_("计量点"), f"{point.number} {point.name}"),
        (_("户号"), f"{point.account.number} {point.account.name}"),
        (_("用电地址"), point.site.address),
        (_("计划日期"), f"{found.planned_on:%Y-%m-%d}" if found.planned_on else "—"),
        (_("状态"), str(found.get_state_display())),
    )
    is_seen = MeteringOrder.objects.visible_to(viewer).filter(pk=found.pk).exists()
    return Matter(str(found), _url("metering_order", found.number) if is_seen else "", pairs)


def _service_order(viewer: Viewer, instance: ProcessInstance) -> Matter | None:
    """Who asks for what: whoever may work on the process must know, of whatever branch."""
    found = ServiceOrder.objects.select_related("customer").filter(pk=instance.subject_id).first()
    if found is None:
        return None
    pairs = (
        (_("编号"), found.number),
        (_("客户"), found.customer.name),
        (_("主题"), found.topic),
        (_("客户的要求"), found.request),
        (_("计划日期"), f"{found.planned_on:%Y-%m-%d}" if found.planned_on else "—"),
        (_("状态"), str(found.get_state_display())),
    )
    is_seen = ServiceOrder.objects.visible_to(viewer).filter(pk=found.pk).exists()
    return Matter(found.topic, _url("service_order", found.number) if is_seen else "", pairs)


def _change(viewer: Viewer, instance: ProcessInstance) -> Matter | None:
    """What changes where and when: who carries it out may be of another branch than the account."""
    rows = SupplyChange.objects.select_related("account").prefetch_related(
        "transformers__transformer"
    )
    found = rows.filter(pk=instance.subject_id).first()
    if found is None:
        return None
    parts = [str(row.transformer) for row in found.transformers.all()]
    pairs = (
        (_("编号"), found.number),
        (_("业务"), str(found.get_kind_display())),
        (_("户号"), f"{found.account.number} {found.account.name}"),
        (_("用电地址"), found.account.address),
        (_("起止"), _span(found)),
        (_("受电变压器"), "、".join(sorted(parts)) or "—"),
        (_("变更原因"), found.reason or "—"),
        (_("状态"), str(found.get_state_display())),
    )
    is_seen = SupplyChange.objects.visible_to(viewer).filter(pk=found.pk).exists()
    return Matter(str(found), _url("change", found.number) if is_seen else "", pairs)


def _department_order(viewer: Viewer, instance: ProcessInstance) -> Matter | None:
    """What a manager asks for whom: the department must know, although not of its branch."""
    rows = DepartmentOrder.objects.select_related("customer", "ordered_by", "unit", "mandate")
    found = rows.filter(pk=instance.subject_id).first()
    if found is None:
        return None
    pairs = (
        (_("编号"), found.number),
        (_("客户"), found.customer.name),
        (_("种类"), found.kind_name),
        (_("事由"), found.title),
        (_("要求"), found.details),
        (_("下达人"), f"{found.ordered_by.name} · {found.unit.name} {found.ordered_by.phone}"),
        (_("依据授权"), found.mandate.name),
        (_("办理结果"), found.result or "—"),
        (_("状态"), str(found.get_state_display())),
    )
    is_seen = DepartmentOrder.objects.visible_to(viewer).filter(pk=found.pk).exists()
    return Matter(found.title, _url("order", found.number) if is_seen else "", pairs)


def _span(change: SupplyChange) -> str:
    """The days of a change: its first, and its last where it ends by itself."""
    if change.ends_on is None:
        return _("自 %(day)s 起") % {"day": f"{change.starts_on:%Y-%m-%d}"}
    return f"{change.starts_on:%Y-%m-%d} — {change.ends_on - dt.timedelta(days=1):%Y-%m-%d}"


def _customer(viewer: Viewer, instance: ProcessInstance) -> Customer | None:
    if instance.customer_id is None:
        return None
    customer: Customer | None = (
        Customer.objects.visible_to(viewer).filter(pk=instance.customer_id).first()
    )
    return customer


def _url(name: str, *arguments: object) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


_DESCRIBERS: dict[str, Callable[[Viewer, ProcessInstance], Matter | None]] = {
    APPLICATION: _application,
    CHANGE: _change,
    ORDER: _department_order,
    METERING_ORDER: _metering_order,
    SERVICE_ORDER: _service_order,
}
