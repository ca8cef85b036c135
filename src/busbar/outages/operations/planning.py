"""Before supply stops: whom it touches, who was told when, what the authority was told."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Listing, Refusal
from busbar.kit.money import plain
from busbar.kit.periods import local_date
from busbar.outages import queries
from busbar.outages.coming import get_notice_limit
from busbar.outages.models import AffectedPoint, Outage, OutageKind, OutageState
from busbar.outages.operations.recording import check_hand, lock_outage, record
from busbar.outages.operations.telling import tell_affected
from busbar.outages.queries import Scope
from busbar.supply.models import UsagePoint


class UnableToPlanOutage(Refusal):
    """The stop cannot be planned as stated."""


class UnableToAnnounceOutage(Refusal):
    """It is too late, or the stop is past that."""


class UnableToCancelOutage(Refusal):
    """The stop has begun."""


@transaction.atomic
def plan_outage(
    *,
    kind: OutageKind | str,
    unit_id: int,
    reason: str,
    planned_from: dt.datetime,
    planned_until: dt.datetime | None = None,
    scope: Scope,
    authority_report: str = "",
    by: Viewer,
    at: dt.datetime,
) -> Outage:
    """Enter a stop with the usage points it touches, found through the network (R12).

    Points fed from a feeder by their main source are touched; backup feeds keep supply.
    Refused where a number of the scope is in no register.
    """
    by.require(Permission.MANAGE_OUTAGES)
    unit = OrganizationUnit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise UnableToPlanOutage("没有这个单位")
    by.require_unit(unit.path)
    check_hand(kind, by, UnableToPlanOutage)
    if not reason.strip():
        raise UnableToPlanOutage("请写明停电原因")
    if planned_until is not None and planned_until <= planned_from:
        raise UnableToPlanOutage("恢复时间须晚于停电时间")
    points = _affected(scope)
    journal_operations.take_turn()
    row = Outage.objects.create(
        number=_next_number(unit, local_date(at)),
        kind=OutageKind(kind),
        unit=unit,
        reason=reason.strip()[:300],
        scope=scope.text[:200],
        planned_from=planned_from,
        planned_until=planned_until,
        authority_report=authority_report.strip()[:60],
        planned_by_name=by.name,
    )
    AffectedPoint.objects.bulk_create(
        AffectedPoint(outage=row, account_id=point.account_id, usage_point=point)
        for point in points
    )
    record("outages.stop.planned", row, by, at, kind=row.kind, points=len(points))
    return row


def _affected(scope: Scope) -> list[UsagePoint]:
    unknown = queries.list_unknown(scope)
    if unknown:
        raise UnableToPlanOutage("台账中没有%(unknown)s，请核对", unknown=Listing(unknown[:5]))
    points = list(queries.find_points(scope))
    if not points:
        raise UnableToPlanOutage("找不到受影响的用电点，请核对户号、馈线或变电站")
    return points


@transaction.atomic
def announce_outage(*, number: str, by: Viewer, at: dt.datetime) -> Outage:
    """Tell the customers; a planned stop as many days before as the law says.

    电力供应与使用条例第28条: seven days for planned works. Refused when it is too late. Each
    affected customer's first contact gets a message; who has none is served on paper. For
    arrears the dunning case tells the customer itself.
    """
    by.require(Permission.MANAGE_OUTAGES)
    row = lock_outage(number, by, UnableToAnnounceOutage)
    if row.state != OutageState.PLANNED:
        raise UnableToAnnounceOutage(
            "%(number)s 已是“%(state)s”", number=number, state=row.get_state_display()
        )
    if row.kind == OutageKind.PLANNED:
        limit = get_notice_limit(on=local_date(at))
        latest = local_date(row.planned_from) - dt.timedelta(days=int(limit.amount))
        if local_date(at) > latest:
            raise UnableToAnnounceOutage(
                "计划检修须提前 %(amount)s 天通知（%(document)s%(source)s），最迟 %(latest)s；请"
                "改期",
                amount=plain(limit.amount),
                document=limit.document,
                source=limit.source,
                latest=latest,
            )
    row.state, row.announced_at = OutageState.ANNOUNCED, at
    row.save(update_fields=["state", "announced_at"])
    record("outages.stop.announced", row, by, at)
    tell_affected(row, "announced", by=by, at=at)
    return row


@transaction.atomic
def report_to_authority(
    *, number: str, report: str, by: Viewer, at: dt.datetime
) -> Outage:  # fmt: skip
    """Note under which number the stop of important customers was reported to the authority."""
    by.require(Permission.MANAGE_OUTAGES)
    row = lock_outage(number, by, UnableToPlanOutage)
    if not report.strip():
        raise UnableToPlanOutage("请写明抄报文号")
    row.authority_report = report.strip()[:60]
    row.save(update_fields=["authority_report"])
    record("outages.stop.reported", row, by, at, report=row.authority_report)
    return row


@transaction.atomic
def cancel_outage(*, number: str, reason: str, by: Viewer, at: dt.datetime) -> Outage:
    """A stop that has not begun does not happen."""
    by.require(Permission.MANAGE_OUTAGES)
    row = lock_outage(number, by, UnableToCancelOutage)
    if row.state not in {OutageState.PLANNED, OutageState.ANNOUNCED}:
        raise UnableToCancelOutage(
            "%(number)s 已是“%(state)s”，不能取消", number=number, state=row.get_state_display()
        )
    if not reason.strip():
        raise UnableToCancelOutage("请写明取消的原因")
    was_announced = row.state == OutageState.ANNOUNCED
    row.state = OutageState.CANCELLED
    row.save(update_fields=["state"])
    record("outages.stop.cancelled", row, by, at, why=reason.strip()[:300])
    if was_announced:
        tell_affected(row, "cancelled", by=by, at=at)
    return row


def _next_number(unit: OrganizationUnit, on: dt.date) -> str:
    """`TD`, unit, day, a serial of the unit's day."""
    prefix = f"TD-{unit.code}-{on:%y%m%d}-"
    taken = Outage.objects.filter(number__startswith=prefix).count()
    return f"{prefix}{taken + 1:03d}"
