"""Installing, repairing, replacing and removing meters by order (R10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.subjects import Subject
from busbar.connections.models.orders import (
    MeteringOrder,
    MeteringOrderKind,
    OrderRegister,
    OrderState,
)
from busbar.connections.numbering import next_serial
from busbar.connections.recording import record_about
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA, local_date
from busbar.metering import operations as metering_operations
from busbar.metering.models import MeterInstallation
from busbar.supply.models import UsagePoint

METERING_ORDER = "connections.metering_order"
_TAKES_DOWN = {MeteringOrderKind.REPLACE, MeteringOrderKind.REMOVE}
_ACTIVE_TOTAL = {"正向有功总", "active_forward"}
"""How orders name the register of all active energy."""
_PUTS_UP = {MeteringOrderKind.INSTALL, MeteringOrderKind.REPLACE}


class UnableToOrderMetering(Refusal):
    """The work cannot be ordered so."""


class UnableToDoMeteringOrder(Refusal):
    """The work cannot be reported so."""


@dataclass(frozen=True)
class MeterFound:
    """The meter that was taken down, and its end registers by reading type (kWh, kvarh, kW)."""

    serial: str
    registers: Mapping[str, Decimal]


@dataclass(frozen=True)
class MeterLeft:
    """The meter that hangs now: its ratios and start registers by reading type."""

    serial: str
    ct_ratio: Decimal
    pt_ratio: Decimal
    registers: Mapping[str, Decimal]
    model: str = ""
    seals: tuple[str, ...] = field(default=())


@transaction.atomic
def order_metering(
    *,
    kind: MeteringOrderKind | str,
    usage_point: UsagePoint,
    reason: str,
    unit: OrganizationUnit | None = None,
    planned_on: dt.date | None = None,
    by: Viewer,
    at: dt.datetime,
) -> MeteringOrder:
    """Order work at a usage point; one open order of a kind at a point at a time."""
    by.require(Permission.HANDLE_CHANGES)
    point = UsagePoint.objects.visible_to(by).select_related("account__unit").filter(
        pk=usage_point.pk
    ).first()  # fmt: skip
    if point is None:
        raise UnableToOrderMetering("该计量点不在您的管辖范围内")
    if not reason.strip():
        raise UnableToOrderMetering("请写明装接原因")
    journal_operations.take_turn()
    UsagePoint.objects.select_for_update().get(pk=point.pk)
    standing = _open_order(point, kind)
    if standing is not None:
        raise UnableToOrderMetering(
            "计量点 %(number)s 已有未完成的%(label)s单 %(order)s",
            number=point.number,
            label=MeteringOrderKind(kind).label,
            order=standing.number,
        )
    _check_standing_meter(point, MeteringOrderKind(kind))
    order = MeteringOrder.objects.create(
        number=_number("JL", unit or point.account.unit, at),
        kind=kind,
        usage_point=point,
        unit=unit or point.account.unit,
        reason=reason.strip(),
        ordered_at=at,
        ordered_by=by.name,
        planned_on=planned_on,
    )
    _record("ordered", order, by, at, changes={"kind": order.kind}, reason=order.reason)
    return order


@transaction.atomic
def do_metering_order(
    *,
    order_id: int,
    done_at: dt.datetime,
    found: MeterFound | None = None,
    left: MeterLeft | None = None,
    findings: str = "",
    by: Viewer,
    at: dt.datetime,
) -> MeteringOrder:
    """Report the work. The register of installations changes in the same transaction.

    A replacement ends the old installation and begins the new one at one moment; the end and start
    registers are kept with the order, so that the energy of both meters joins without loss.
    """
    order = _open(order_id, by)
    _check_report(order, found, left, findings, done_at, at)
    day = local_date(done_at)
    if found is not None:
        order.removed = _take_down(order, found, (day, done_at), by, at)
    if left is not None:
        order.installed = _put_up(order, left, (day, done_at), by, at)
        order.seals = "、".join(left.seals)
    order.state, order.done_at, order.done_by = OrderState.DONE, done_at, by.name
    order.findings = findings.strip()
    order.save()
    changes = {"found": found.serial if found else None, "left": left.serial if left else None}
    _record("done", order, by, at, changes=changes, reason=order.findings)
    return order


@transaction.atomic
def cancel_metering_order(
    *, order_id: int, reason: str, by: Viewer, at: dt.datetime
) -> MeteringOrder:
    """Take an open order back."""
    order = _open(order_id, by)
    if not reason.strip():
        raise UnableToDoMeteringOrder("请写明取消原因")
    order.state = OrderState.CANCELLED
    order.save(update_fields=["state"])
    _record("cancelled", order, by, at, reason=reason.strip())
    return order


def _open(order_id: int, by: Viewer) -> MeteringOrder:
    by.require(Permission.HANDLE_CHANGES)
    if not MeteringOrder.objects.visible_to(by).filter(pk=order_id).exists():
        raise UnableToDoMeteringOrder("没有这张装接单，或不在您的管辖范围内")
    journal_operations.take_turn()
    held = MeteringOrder.objects.select_for_update(of=("self",))
    order: MeteringOrder = held.select_related("usage_point__account__customer", "unit").get(
        pk=order_id
    )
    if order.state != OrderState.OPEN:
        raise UnableToDoMeteringOrder(
            "装接单 %(number)s 已是“%(state)s”",
            number=order.number,
            state=order.get_state_display(),
        )
    return order


def _check_report(
    order: MeteringOrder,
    found: MeterFound | None,
    left: MeterLeft | None,
    findings: str,
    done_at: dt.datetime,
    at: dt.datetime,
) -> None:
    kind = MeteringOrderKind(order.kind)
    if done_at > at:
        raise UnableToDoMeteringOrder("完成时间不能晚于现在")
    if (found is not None) != (kind in _TAKES_DOWN):
        raise UnableToDoMeteringOrder(
            f"{kind.label}应填写拆下的电能表" if found is None else f"{kind.label}不拆表"
        )
    if (left is not None) != (kind in _PUTS_UP):
        raise UnableToDoMeteringOrder(
            f"{kind.label}应填写装上的电能表" if left is None else f"{kind.label}不装表"
        )
    if kind == MeteringOrderKind.REPAIR and not findings.strip():
        raise UnableToDoMeteringOrder("维修应写明故障与处理结果")
    for what, meter in (("止度", found), ("起度", left)):
        if meter is not None and not meter.registers:
            raise UnableToDoMeteringOrder(
                "请填写表 %(serial)s 的%(what)s", serial=meter.serial, what=what
            )


def _take_down(
    order: MeteringOrder,
    found: MeterFound,
    when: tuple[dt.date, dt.datetime],
    by: Viewer,
    at: dt.datetime,
) -> MeterInstallation:
    standing = _standing(order.usage_point)
    if standing is None or standing.meter.serial != found.serial:
        hangs = standing.meter.serial if standing else "没有表"
        raise UnableToDoMeteringOrder(
            "该计量点上是 %(hangs)s，填的是 %(serial)s", hangs=hangs, serial=found.serial
        )
    removed = metering_operations.remove_meter(
        installation=standing, removed_on=when[0], removed_at=when[1], by=by, at=at
    )
    _keep_registers(order, found.registers, is_start=False)
    _tell_metering(order, removed, found.registers, when[1], by, at)
    return removed


def _put_up(
    order: MeteringOrder,
    left: MeterLeft,
    when: tuple[dt.date, dt.datetime],
    by: Viewer,
    at: dt.datetime,
) -> MeterInstallation:
    installed = metering_operations.install_meter(
        serial=left.serial,
        usage_point=order.usage_point,
        installed_on=when[0],
        installed_at=when[1],
        ct_ratio=left.ct_ratio,
        pt_ratio=left.pt_ratio,
        model=left.model,
        by=by,
        at=at,
    )
    _keep_registers(order, left.registers, is_start=True)
    _tell_metering(order, installed, left.registers, when[1], by, at)
    return installed


def _keep_registers(
    order: MeteringOrder, registers: Mapping[str, Decimal], *, is_start: bool
) -> None:
    for name, value in registers.items():
        if not value.is_finite() or value < 0:
            raise UnableToDoMeteringOrder(
                "%(name)s 的示数应为不小于 0 的数，填的是 %(value)s", name=name, value=value
            )
    OrderRegister.objects.bulk_create(
        OrderRegister(order=order, is_start=is_start, reading_type=name, value=value)
        for name, value in registers.items()
    )


def _tell_metering(
    order: MeteringOrder,
    installation: MeterInstallation,
    registers: Mapping[str, Decimal],
    done_at: dt.datetime,
    by: Viewer,
    at: dt.datetime,
) -> None:
    """The total of active energy goes where the day's curve is held against registers."""
    for name in _ACTIVE_TOTAL & registers.keys():
        metering_operations.keep_register(
            meter=installation.meter,
            read_at=done_at,
            value=registers[name],
            source=order.number,
            by=by,
            at=at,
        )


def _open_order(point: UsagePoint, kind: MeteringOrderKind | str) -> MeteringOrder | None:
    rows = MeteringOrder.objects.filter(usage_point=point, kind=kind, state=OrderState.OPEN)
    found: MeteringOrder | None = rows.first()
    return found


def _check_standing_meter(point: UsagePoint, kind: MeteringOrderKind) -> None:
    standing = _standing(point)
    if kind == MeteringOrderKind.INSTALL and standing is not None:
        raise UnableToOrderMetering(
            "计量点 %(number)s 已有表 %(serial)s，应换表",
            number=point.number,
            serial=standing.meter.serial,
        )
    if kind != MeteringOrderKind.INSTALL and standing is None:
        raise UnableToOrderMetering(
            "计量点 %(number)s 没有装表，不能%(label)s", number=point.number, label=kind.label
        )


def _standing(point: UsagePoint) -> MeterInstallation | None:
    rows = MeterInstallation.objects.filter(usage_point=point, removed_on__isnull=True)
    found: MeterInstallation | None = rows.select_related("meter").first()
    return found


def _number(word: str, unit: OrganizationUnit, at: dt.datetime) -> str:
    day = f"{at.astimezone(CHINA):%y%m%d}"
    return f"{word}{unit.code}-{day}-{next_serial(f'order:{word}:{unit.code}:{day}'):04d}"


def _record(
    verb: str,
    order: MeteringOrder,
    by: Viewer,
    at: dt.datetime,
    *,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    account = order.usage_point.account
    subject = Subject(
        type=METERING_ORDER,
        id=order.pk,
        label=str(order),
        customer_id=account.customer_id,
        unit_id=order.unit_id,
    )
    record_about(
        event=f"connections.metering_order.{verb}",
        subject=subject,
        unit_path=order.unit.path,
        facts={"order_kind": order.kind},
        actor=by.actor,
        at=at,
        changes=changes,
        reason=reason,
    )
