"""Where the energy will be measured, and the meter as it was hung there (R10, R37)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    MeterFitting,
    MeteringPlan,
)
from busbar.connections.recording import record_step
from busbar.connections.sent_files import SentFile, keep_files
from busbar.connections.works_ground import hold_visible
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.metering.models import MeterInstallation
from busbar.supply.models import MeteringSide, UsagePoint

_PLANNING = (
    ApplicationState.REPLIED,
    ApplicationState.WORKS,
    ApplicationState.COMPLETED,
    ApplicationState.PASSED,
)


class UnableToPlanMetering(Refusal):
    """The metering cannot be planned so."""


class UnableToFitMeter(Refusal):
    """The meter cannot be entered as hung so."""


@dataclass(frozen=True)
class PlannedPoint:
    """One point of the plan; `usage_point_number` names one that stands already."""

    name: str
    metering_side: MeteringSide | str
    voltage_kv: Decimal
    ct_ratio: Decimal
    pt_ratio: Decimal
    accuracy_class: str = ""
    usage_point_number: str = ""


@dataclass(frozen=True)
class FittedMeter:
    """The meter as hung. Registers: name to reading, on the secondary side."""

    serial: str
    ct_ratio: Decimal
    pt_ratio: Decimal
    seals: Sequence[str]
    start_registers: Mapping[str, Decimal]
    fitted_on: dt.date
    fitted_by: str
    model: str = ""
    end_registers: Mapping[str, Decimal] | None = None
    files: Sequence[SentFile] = ()


@transaction.atomic
def plan_metering(
    *, application_id: int, points: Sequence[PlannedPoint], by: Viewer, at: dt.datetime
) -> list[MeteringPlan]:
    """Write the plan, in place of one of which no meter has been hung yet."""
    by.require(Permission.ENERGIZE)
    application = hold_visible(
        application_id, by=by, refusal=UnableToPlanMetering, states=_PLANNING, what="编制计量方案"
    )
    if MeterFitting.objects.filter(plan__application=application).exists():
        raise UnableToPlanMetering("已按原计量方案装表，不能改动方案")
    if not points:
        raise UnableToPlanMetering("计量方案至少应有一个计量点")
    drafts = [
        _plan(application, ordinal, point, by=by, at=at)
        for ordinal, point in enumerate(points, start=1)
    ]
    application.metering_plans.all().delete()
    plans = MeteringPlan.objects.bulk_create(drafts)
    record_step(
        event="connections.metering.planned",
        application=application,
        actor=by.actor,
        at=at,
        changes={"points": [plan.name for plan in plans]},
    )
    return plans


def _plan(
    application: ConnectionApplication,
    ordinal: int,
    point: PlannedPoint,
    *,
    by: Viewer,
    at: dt.datetime,
) -> MeteringPlan:
    if not point.name.strip():
        raise UnableToPlanMetering("第 %(ordinal)s 个计量点应有名称", ordinal=ordinal)
    if point.ct_ratio <= 0 or point.pt_ratio <= 0:
        raise UnableToPlanMetering("计量点“%(point)s”的变比应大于 0", point=point.name)
    return MeteringPlan(
        application=application,
        ordinal=ordinal,
        name=point.name.strip(),
        metering_side=MeteringSide(point.metering_side),
        voltage_kv=point.voltage_kv,
        ct_ratio=point.ct_ratio,
        pt_ratio=point.pt_ratio,
        accuracy_class=point.accuracy_class,
        usage_point=_standing_point(application, point.usage_point_number),
        planned_at=at,
        planned_by=by.name,
    )


def _standing_point(application: ConnectionApplication, number: str) -> UsagePoint | None:
    if not number:
        return None
    points = UsagePoint.objects.filter(number=number, account=application.account)
    point: UsagePoint | None = points.first()
    if application.account is None or point is None:
        raise UnableToPlanMetering("计量点 %(number)s 不是该户的计量点", number=number)
    return point


@transaction.atomic
def fit_meter(*, plan_id: int, meter: FittedMeter, by: Viewer, at: dt.datetime) -> MeterFitting:
    """Enter the meter as hung, with ratios, seals and start registers.

    The ratios must be those of the plan: a wrong ratio bills wrongly for years. The archive gets
    the installation on energising. A point that has a meter needs that meter's end registers.
    """
    by.require(Permission.ENERGIZE)
    seen = MeteringPlan.objects.visible_to(by).filter(pk=plan_id)
    application_id = seen.values_list("application_id", flat=True).first()
    if application_id is None:
        raise UnableToFitMeter("该计量方案不存在，或不在您的管辖范围内")
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToFitMeter,
        states=(ApplicationState.PASSED,),
        what="装表",
    )
    plan = seen.select_related("usage_point").get()
    _check_meter(plan, meter, local_date(at))
    fitting = MeterFitting.objects.create(
        plan=plan,
        serial=meter.serial.strip(),
        model=meter.model,
        ct_ratio=meter.ct_ratio,
        pt_ratio=meter.pt_ratio,
        seals=[seal.strip() for seal in meter.seals if seal.strip()],
        start_registers=_text(meter.start_registers),
        end_registers=_text(meter.end_registers or {}),
        fitted_on=meter.fitted_on,
        fitted_by=meter.fitted_by.strip(),
        recorded_at=at,
        files=keep_files(meter.files, refusal=UnableToFitMeter),
    )
    record_step(
        event="connections.meter.installed",
        application=application,
        actor=by.actor,
        at=at,
        changes={
            "serial": fitting.serial,
            "point": plan.name,
            "seals": fitting.seals,
            "start_registers": fitting.start_registers,
        },
    )
    return fitting


def _check_meter(plan: MeteringPlan, meter: FittedMeter, today: dt.date) -> None:
    serial = meter.serial.strip()
    if MeterFitting.objects.filter(plan=plan).exists():
        raise UnableToFitMeter("计量点“%(plan)s”已装表", plan=plan.name)
    if not serial or not meter.fitted_by.strip():
        raise UnableToFitMeter("表号和装表人都应填写")
    if meter.fitted_on > today:
        raise UnableToFitMeter("装表日期 %(fitted_on)s 不能在今天之后", fitted_on=meter.fitted_on)
    if (meter.ct_ratio, meter.pt_ratio) != (plan.ct_ratio, plan.pt_ratio):
        raise UnableToFitMeter(
            "现场变比 CT %(ct_ratio)s、PT %(pt_ratio)s 与计量方案 CT %(planned_ct)s、PT "
            "%(planned_pt)s 不符",
            ct_ratio=format(meter.ct_ratio, "f"),
            pt_ratio=format(meter.pt_ratio, "f"),
            planned_ct=format(plan.ct_ratio.normalize(), "f"),
            planned_pt=format(plan.pt_ratio.normalize(), "f"),
        )
    if not [seal for seal in meter.seals if seal.strip()]:
        raise UnableToFitMeter("应填写封印编号")
    if not meter.start_registers or min(meter.start_registers.values()) < 0:
        raise UnableToFitMeter("应填写起始示数，且不得为负")
    elsewhere = MeterInstallation.objects.filter(meter__serial=serial, removed_on=None)
    if elsewhere.exists() or MeterFitting.objects.filter(serial=serial, installation=None).exists():
        raise UnableToFitMeter("电能表 %(serial)s 已装在别处", serial=serial)
    if plan.usage_point is not None and not meter.end_registers:
        standing = MeterInstallation.objects.filter(usage_point=plan.usage_point, removed_on=None)
        if standing.exists():
            raise UnableToFitMeter(
                "计量点 %(usage_point)s 原有电能表，应填写其止度", usage_point=plan.usage_point
            )


def _text(registers: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: str(reading) for name, reading in registers.items()}
