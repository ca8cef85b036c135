"""What each kind of change does to the archive; every write is an operation of its register."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.access.registers import Outcome
from busbar.access.visibility import Viewer
from busbar.connections.models.changes import ChangeKind, SupplyChange
from busbar.connections.numbering import next_serial
from busbar.connections.queries import changes as change_queries
from busbar.customers import operations as customer_operations
from busbar.customers.models import AccountStatus, CustomerAccount
from busbar.kit.errors import Listing, Refusal
from busbar.metering.models import MeterInstallation
from busbar.supply import operations as supply_operations
from busbar.supply.models import Agreement, RunningState, Site, Transformer, UsagePoint


class UnableToUpdateArchive(Refusal):
    """A register refuses what the change would write."""


@dataclass(frozen=True)
class _Step:
    """Everything one effect needs."""

    change: SupplyChange
    done_on: dt.date
    seals: dict[int, str]
    by: Viewer
    at: dt.datetime

    @property
    def facts(self) -> dict[str, Any]:
        return dict(self.change.facts)

    @property
    def account(self) -> CustomerAccount:
        return self.change.account


def apply(
    change: SupplyChange, *, done_on: dt.date, seals: dict[int, str], by: Viewer, at: dt.datetime
) -> None:
    """Write the change into the archive, in the caller's transaction."""
    _EFFECTS[ChangeKind(change.kind)](_Step(change, done_on, seals, by, at))


def _reduce(step: _Step) -> None:
    """Sealed; or exchanged for the smaller one that the facts name."""
    if step.facts.get("capacity_kva"):
        _replace(step)
    else:
        _stop(step)


def _stop(step: _Step) -> None:
    _set_states(step, RunningState.SEALED)


def _restart(step: _Step) -> None:
    _set_states(step, RunningState.RUNNING)


def _set_states(step: _Step, state: RunningState) -> None:
    for part in step.change.transformers.select_related("transformer").order_by("id"):
        supply_operations.change_transformer_state(
            transformer=part.transformer,
            state=state,
            since=step.done_on,
            reason=f"{step.change.number} {step.change.get_kind_display()}",
            by=step.by,
            at=step.at,
        )
        if state == RunningState.SEALED:
            part.sealed_on = step.done_on
            part.seal_number = step.seals.get(part.transformer_id, "")
        elif state == RunningState.RUNNING:
            part.unsealed_on = step.done_on
        part.save(update_fields=["sealed_on", "seal_number", "unsealed_on"])


def _replace(step: _Step) -> None:
    _stop(step)
    old = step.change.transformers.select_related("transformer__site").get().transformer
    facts = step.facts
    supply_operations.add_transformer(
        account=step.account,
        site=old.site,
        number=facts["number"],
        model=facts["model"],
        capacity_kva=facts["capacity_kva"],
        installed_on=step.done_on,
        by=step.by,
        at=step.at,
    )


def _end_replacement(step: _Step) -> None:
    """What was put in its place goes, the customer's own transformer runs again."""
    _restart(step)
    number = step.change.follows.facts.get("number") if step.change.follows else None
    lent = Transformer.objects.filter(number=number).first() if number else None
    if lent is not None:
        supply_operations.change_transformer_state(
            transformer=lent,
            state=RunningState.REMOVED,
            since=step.done_on,
            reason=f"{step.change.number} {step.change.get_kind_display()}",
            by=step.by,
            at=step.at,
        )


def _relocate(step: _Step) -> None:
    address = step.facts["new_address"]
    _store_account(step, {"address": address})
    codes = Site.objects.filter(usage_points__account=step.account).values_list("code", flat=True)
    rows = [
        {"site": code, "customer": step.account.customer.number, "address": address}
        for code in sorted(set(codes))
    ]
    outcome = supply_operations.store_sites(rows=rows, by=step.by, at=step.at)
    _require(outcome)


def _move_meter(step: _Step) -> None:
    """The position is kept with the change; no register holds where on the wall a meter hangs."""


def _remove_for_a_time(step: _Step) -> None:
    _store_account(step, {"status": AccountStatus.SUSPENDED})


def _reinstall(step: _Step) -> None:
    _store_account(step, {"status": AccountStatus.ACTIVE})


def _rename(step: _Step) -> None:
    name = step.facts["new_name"]
    customer_operations.amend_customer(
        customer=step.account.customer, changes={"name": name}, by=step.by, at=step.at
    )
    _store_account(step, {"name": name})


def _transfer(step: _Step) -> None:
    """The account and its places pass to the new customer."""
    number = step.facts["new_customer"]
    sites = Site.objects.filter(usage_points__account=step.account).distinct()
    shared = sites.filter(usage_points__account__in=_others(step.account)).first()
    if shared is not None:
        raise UnableToUpdateArchive(
            "用电地址 %(code)s 还有原客户的其他户，先办理分户或迁出", code=shared.code
        )
    codes = sorted(sites.values_list("code", flat=True))
    _store_account(step, {"customer": number})
    rows = [{"site": code, "customer": number} for code in codes]
    _require(supply_operations.store_sites(rows=rows, by=step.by, at=step.at))


def _others(account: CustomerAccount) -> Any:
    rows = CustomerAccount.objects.filter(customer_id=account.customer_id)
    return rows.exclude(pk=account.pk).values("pk")


def _split(step: _Step) -> None:
    source, facts = step.account, step.facts
    account = customer_operations.open_account(
        number=_new_account_number(source),
        name=facts["new_name"],
        customer=source.customer,
        unit=source.unit,
        address=source.address,
        opened_on=step.done_on,
        origin=f"{step.change.number} 分户",
        by=step.by,
        at=step.at,
    )
    _move_points(step, facts["usage_points"], account)
    _move_transformers(
        step, step.change.transformers.values_list("transformer", flat=True), account
    )
    step.change.facts = {**facts, "new_account": account.number}
    step.change.save(update_fields=["facts"])


def _merge(step: _Step) -> None:
    source = step.account
    into = CustomerAccount.objects.select_related("customer", "unit").get(
        number=step.facts["into_account"]
    )
    points = UsagePoint.objects.filter(account=source).values_list("number", flat=True)
    _move_points(step, list(points), into)
    keys = Transformer.objects.filter(account=source).values_list("pk", flat=True)
    _move_transformers(step, keys, into)
    _close_account(step)


def _close(step: _Step) -> None:
    _require_no_meter(step.account)
    units = change_queries.running_transformers(step.account, on=step.done_on)
    for unit, state in units.values():
        if state != RunningState.REMOVED:
            supply_operations.change_transformer_state(
                transformer=unit,
                state=RunningState.REMOVED,
                since=step.done_on,
                reason=f"{step.change.number} 销户",
                by=step.by,
                at=step.at,
            )
    _close_account(step)


def _require_no_meter(account: CustomerAccount) -> None:
    """A meter comes down by its own order, with its last registers, before the account closes."""
    standing = MeterInstallation.objects.filter(usage_point__account=account, removed_on=None)
    hung = [
        f"{each.usage_point.number} 的表 {each.meter.serial}"
        for each in standing.select_related("usage_point", "meter").order_by("usage_point__number")
    ]
    if hung:
        raise UnableToUpdateArchive("先以拆表装接单拆下并抄录止度：%(hung)s", hung=Listing(hung))


def _close_account(step: _Step) -> None:
    agreement = change_queries.current_agreement(step.account, on=step.done_on)
    if agreement is not None and agreement.valid_from < step.done_on:
        _end_agreement(step, agreement, step.done_on)
    _store_account(step, {"status": AccountStatus.CLOSED, "closed_on": step.done_on})


def _change_voltage(step: _Step) -> None:
    points = UsagePoint.objects.filter(account=step.account).select_related("site")
    rows = [
        {
            "number": point.number,
            "name": point.name,
            "account": step.account.number,
            "site": point.site.code,
            "voltage_kv": Decimal(step.facts["voltage_kv"]),
            "metering_side": point.metering_side,
        }
        for point in points
    ]
    _require(supply_operations.store_usage_points(rows=rows, by=step.by, at=step.at))


def _change_category(step: _Step) -> None:
    names = ("tariff_code", "tariff_category")
    _sign_anew(step, step.done_on, {name: step.facts[name] for name in names})


def _change_charge(step: _Step) -> None:
    """From the month's first day that was approved, on whatever day the customer signs."""
    terms = {"contract_demand_kw": step.facts.get("contract_demand_kw")}
    if mode := step.facts.get("basic_charge_mode"):
        terms["basic_charge_mode"] = mode
    _sign_anew(step, step.change.starts_on, terms)


def _sign_anew(step: _Step, since: dt.date, terms: dict[str, Any]) -> None:
    """The agreement in force ends on the day; one with other terms takes over until its end."""
    old = change_queries.current_agreement(step.account, on=since)
    if old is None:
        raise UnableToUpdateArchive(
            "户号 %(number)s 没有在执行的供用电合同", number=step.account.number
        )
    facts = {**_agreement_facts(old), **terms, "signed_on": step.done_on, "valid_from": since}
    facts.pop("account")
    if old.valid_until is not None:
        _end_agreement(step, old, since)
    supply_operations.sign_agreement(
        account=step.account,
        number=step.facts["agreement_number"],
        **facts,
        by=step.by,
        at=step.at,
    )


def _end_agreement(step: _Step, agreement: Agreement, on: dt.date) -> None:
    row = {"number": agreement.number, **_agreement_facts(agreement), "valid_until": on}
    _require(supply_operations.store_agreements(rows=[row], by=step.by, at=step.at))


def _agreement_facts(agreement: Agreement) -> dict[str, Any]:
    names = (
        "signed_on", "valid_from", "valid_until", "tariff_code", "tariff_category",
        "basic_charge_mode", "contract_capacity_kva", "contract_demand_kw",
        "power_factor_standard",
    )  # fmt: skip
    facts = {name: getattr(agreement, name) for name in names}
    return {**facts, "account": agreement.account.number}


def _move_points(step: _Step, numbers: list[str], account: CustomerAccount) -> None:
    points = UsagePoint.objects.filter(number__in=numbers).select_related("site")
    rows = [
        {
            "number": point.number,
            "name": point.name,
            "account": account.number,
            "site": point.site.code,
            "voltage_kv": point.voltage_kv,
            "metering_side": point.metering_side,
        }
        for point in points
    ]
    _require(supply_operations.store_usage_points(rows=rows, by=step.by, at=step.at))


def _move_transformers(step: _Step, keys: Any, account: CustomerAccount) -> None:
    units = Transformer.objects.filter(pk__in=list(keys)).select_related("site")
    rows = [
        {
            "number": unit.number,
            "account": account.number,
            "site": unit.site.code,
            "model": unit.model,
            "capacity_kva": unit.capacity_kva,
            "installed_on": unit.installed_on,
            "interlock_group": unit.interlock_group,
        }
        for unit in units
    ]
    _require(supply_operations.store_transformers(rows=rows, by=step.by, at=step.at))


def _store_account(step: _Step, values: dict[str, Any]) -> None:
    row = {"account": step.account.number, **values}
    _require(customer_operations.store_accounts(rows=[row], by=step.by, at=step.at))


def _require(outcome: Outcome) -> None:
    outcome.require(UnableToUpdateArchive)


def _new_account_number(source: CustomerAccount) -> str:
    """The next free 户号 of the source's office: its first digits, then a running number."""
    stem = source.number[:6]
    while True:
        number = f"{stem}{next_serial(f'account:{stem}'):07d}"
        if not CustomerAccount.objects.filter(number=number).exists():
            return number


_EFFECTS: dict[ChangeKind, Callable[[_Step], None]] = {
    ChangeKind.CAPACITY_REDUCTION: _reduce,
    ChangeKind.CAPACITY_RESTORATION: _end_replacement,
    ChangeKind.SUSPENSION: _stop,
    ChangeKind.SUSPENSION_END: _restart,
    ChangeKind.TEMPORARY_REPLACEMENT: _replace,
    ChangeKind.REPLACEMENT_END: _end_replacement,
    ChangeKind.RELOCATION: _relocate,
    ChangeKind.METER_RELOCATION: _move_meter,
    ChangeKind.TEMPORARY_REMOVAL: _remove_for_a_time,
    ChangeKind.REINSTALLATION: _reinstall,
    ChangeKind.RENAMING: _rename,
    ChangeKind.TRANSFER: _transfer,
    ChangeKind.SPLIT: _split,
    ChangeKind.MERGER: _merge,
    ChangeKind.CLOSURE: _close,
    ChangeKind.VOLTAGE_CHANGE: _change_voltage,
    ChangeKind.CATEGORY_CHANGE: _change_category,
    ChangeKind.CHARGE_MODE_CHANGE: _change_charge,
    ChangeKind.CONTRACT_DEMAND_CHANGE: _change_charge,
}
