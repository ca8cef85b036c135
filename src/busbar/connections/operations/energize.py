"""Energising: everything checked first, then the archive written in the same transaction (R37).

The archive is written by the operations the registers use, so that there is one set of rules.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    Energization,
    EnergizationResult,
)
from busbar.connections.operations.archive import enter_archive
from busbar.connections.queries.commissioning import list_obstacles
from busbar.connections.recording import record_step
from busbar.connections.subjects import advance
from busbar.connections.works_ground import hold_visible
from busbar.kit.errors import Reasons, Refusal
from busbar.kit.periods import local_date

_ON_THE_WAY = (
    ApplicationState.REPLIED,
    ApplicationState.WORKS,
    ApplicationState.COMPLETED,
    ApplicationState.PASSED,
)


class UnableToEnergize(Refusal):
    """The supply cannot be switched on; everything missing is named at once."""


@dataclass(frozen=True)
class Switching:
    """The permit, when it was switched, by whom and under whose eyes."""

    permit_number: str
    switched_at: dt.datetime
    operator: str
    supervisor: str
    note: str = ""


@transaction.atomic
def energize_supply(
    *, application_id: int, switching: Switching, by: Viewer, at: dt.datetime
) -> Energization:
    """Record the switching and enter account, site, points, sources, transformers, agreement.

    Refused, with every obstacle in one sentence: inspection not passed, fees unpaid, agreement
    not signed, meter not hung, customer not in the archive. All or nothing is written.
    """
    by.require(Permission.ENERGIZE)
    application = hold_visible(
        application_id, by=by, refusal=UnableToEnergize, states=_ON_THE_WAY, what="送电"
    )
    _check_switching(switching, at)
    if obstacles := list_obstacles(application, on=local_date(switching.switched_at)):
        raise UnableToEnergize("不能送电：%(obstacles)s", obstacles=Reasons(obstacles))
    entered = enter_archive(
        application=application,
        since=local_date(switching.switched_at),
        by=by.entitled(),
        at=at,
    )
    made = Energization.objects.create(
        application=application,
        permit_number=switching.permit_number.strip(),
        result=EnergizationResult.ENERGIZED,
        switched_at=switching.switched_at,
        operator=switching.operator.strip(),
        supervisor=switching.supervisor.strip(),
        note=switching.note.strip(),
        account=entered.account,
        site=entered.site,
        recorded_at=at,
        recorded_by=by.name,
    )
    advance(
        application,
        ApplicationState.ENERGIZED,
        7,
        account=entered.account,
        energized_at=switching.switched_at,
    )
    _tell(application, made, by=by, at=at)
    return made


@transaction.atomic
def abort_energization(
    *, application_id: int, switching: Switching, by: Viewer, at: dt.datetime
) -> Energization:
    """Record an attempt that was broken off, with the reason; nothing else changes."""
    by.require(Permission.ENERGIZE)
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToEnergize,
        states=(ApplicationState.PASSED,),
        what="送电",
    )
    _check_switching(switching, at)
    if not switching.note.strip():
        raise UnableToEnergize("送电中止应写明原因")
    made = Energization.objects.create(
        application=application,
        permit_number=switching.permit_number.strip(),
        result=EnergizationResult.ABORTED,
        switched_at=switching.switched_at,
        operator=switching.operator.strip(),
        supervisor=switching.supervisor.strip(),
        note=switching.note.strip(),
        recorded_at=at,
        recorded_by=by.name,
    )
    record_step(
        event="connections.supply.switching_aborted",
        application=application,
        actor=by.actor,
        at=at,
        changes={"permit": made.permit_number},
        reason=made.note,
    )
    return made


def _check_switching(switching: Switching, at: dt.datetime) -> None:
    people = (switching.permit_number, switching.operator, switching.supervisor)
    if not all(text.strip() for text in people):
        raise UnableToEnergize("送电许可编号、操作人和监护人都应填写")
    if switching.operator.strip() == switching.supervisor.strip():
        raise UnableToEnergize("操作人和监护人不能是同一人")
    if switching.switched_at > at:
        raise UnableToEnergize("送电时间不能在登记时间之后")
    number = switching.permit_number.strip()
    if Energization.objects.filter(permit_number=number).exists():
        raise UnableToEnergize("送电许可 %(number)s 已用过", number=number)


def _tell(
    application: ConnectionApplication, made: Energization, *, by: Viewer, at: dt.datetime
) -> None:
    record_step(
        event="connections.supply.energized",
        application=application,
        actor=by.actor,
        at=at,
        changes={
            "permit": made.permit_number,
            "switched_at": made.switched_at,
            "account": str(made.account),
        },
    )
