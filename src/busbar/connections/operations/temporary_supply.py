"""Temporary supply ends on its date: reminded before, taken down then (临时用电)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.connections.models import TemporarySupply
from busbar.connections.queries.commissioning import list_ending_temporary_supplies
from busbar.connections.recording import record_step
from busbar.customers import operations as customers_operations
from busbar.customers.models import AccountStatus
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.metering import operations as metering_operations
from busbar.metering.models import MeterInstallation
from busbar.supply import operations as supply_operations
from busbar.supply import queries as supply_queries
from busbar.supply.models import RunningState, Transformer

REMIND_DAYS_BEFORE = 10


class UnableToEndTemporarySupply(Refusal):
    """The temporary supply cannot be taken down so."""


@transaction.atomic
def remind_of_temporary_ends(*, at: dt.datetime) -> list[TemporarySupply]:
    """Note, once each, the temporary supplies that end within ten days; a job calls it daily.

    The journal entry is what notifications act upon.
    """
    journal_operations.take_turn()
    before = local_date(at) + dt.timedelta(days=REMIND_DAYS_BEFORE + 1)
    ending = list_ending_temporary_supplies(SYSTEM_VIEWER, before=before)
    due = list(ending.filter(reminded_at=None).select_for_update(of=("self",)))
    for supply in due:
        supply.reminded_at = at
        supply.save(update_fields=["reminded_at"])
        record_step(
            event="connections.temporary_supply.ending",
            application=supply.application,
            actor=SYSTEM,
            at=at,
            changes={"ends_on": supply.ends_on, "account": supply.account.number},
        )
    return due


@transaction.atomic
def terminate_temporary_supply(
    *,
    supply_id: int,
    ended_on: dt.date,
    end_registers: Mapping[str, Decimal],
    by: Viewer,
    at: dt.datetime,
) -> TemporarySupply:
    """Take it down: meters off, transformers removed, agreement over, account closed."""
    by.require(Permission.ENERGIZE)
    journal_operations.take_turn()
    seen = TemporarySupply.objects.visible_to(by).select_related("application__unit", "account")
    supply: TemporarySupply | None = (
        seen.select_for_update(of=("self",)).filter(pk=supply_id).first()
    )
    if supply is None:
        raise UnableToEndTemporarySupply("该临时用电不存在，或不在您的管辖范围内")
    _check_end(supply, ended_on, end_registers, local_date(at))
    _clear_archive(supply, ended_on, by=by.entitled(), at=at)
    supply.terminated_on, supply.terminated_at, supply.terminated_by = ended_on, at, by.name
    supply.end_registers = {name: str(reading) for name, reading in end_registers.items()}
    supply.save(update_fields=["terminated_on", "terminated_at", "terminated_by", "end_registers"])
    record_step(
        event="connections.temporary_supply.terminated",
        application=supply.application,
        actor=by.actor,
        at=at,
        changes={"ended_on": ended_on, "account": supply.account.number},
    )
    return supply


def _check_end(
    supply: TemporarySupply, ended_on: dt.date, registers: Mapping[str, Decimal], today: dt.date
) -> None:
    opened = supply.account.opened_on
    if supply.terminated_on is not None:
        raise UnableToEndTemporarySupply(
            "该临时用电已于 %(terminated_on)s 终止", terminated_on=supply.terminated_on
        )
    if ended_on > today or (opened is not None and ended_on <= opened):
        raise UnableToEndTemporarySupply(
            "终止日期 %(ended_on)s 应在送电日之后、今天或以前", ended_on=ended_on
        )
    if not registers or min(registers.values()) < 0:
        raise UnableToEndTemporarySupply("应填写电能表止度，且不得为负")


def _clear_archive(supply: TemporarySupply, on: dt.date, *, by: Viewer, at: dt.datetime) -> None:
    account, reason = supply.account, "临时用电终止"
    meters = MeterInstallation.objects.filter(usage_point__account=account, removed_on=None)
    for installation in meters:
        metering_operations.remove_meter(installation=installation, removed_on=on, by=by, at=at)
    for transformer in Transformer.objects.filter(account=account):
        supply_operations.change_transformer_state(
            transformer=transformer,
            state=RunningState.REMOVED,
            since=on,
            reason=reason,
            by=by,
            at=at,
        )
    agreement = supply_queries.get_agreement(account, on=on)
    if agreement is not None and agreement.valid_from < on:
        supply_operations.end_agreement(agreement=agreement, on=on, reason=reason, by=by, at=at)
    row = {
        "account": account.number,
        "name": account.name,
        "customer": account.customer.number,
        "unit": account.unit.code,
        "opened_on": account.opened_on,
        "status": AccountStatus.CLOSED,
        "closed_on": on,
    }
    customers_operations.store_accounts(rows=[row], by=by, at=at).require(
        UnableToEndTemporarySupply
    )
