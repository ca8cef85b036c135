"""Whether an account's basic charge may be reckoned otherwise: the billing rules asked about it.

Notice, interval, first day, modes and floor are figures of the pricing rule sets, the same by
which bills are rated and advice is given (发改办价格〔2016〕1583号, R42).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from busbar.billing import rating
from busbar.billing.advice.switching import (
    Switch,
    earliest_demand_change,
    earliest_mode_change,
    last_changed,
)
from busbar.billing.price_book import load_rule_set
from busbar.clocks import queries as clocks_queries
from busbar.connections.changes.facts import Objection
from busbar.connections.models.changes import ChangeKind, ChangeState, SupplyChange
from busbar.customers.models import CustomerAccount
from busbar.kit.money import plain
from busbar.supply.models import Agreement, BasicChargeMode

CHARGE_KINDS = frozenset({ChangeKind.CHARGE_MODE_CHANGE, ChangeKind.CONTRACT_DEMAND_CHANGE})
"""Kinds that write a new agreement from the first day of a month on, and nothing else."""


@dataclass(frozen=True)
class WantedCharge:
    """How the charge is to be reckoned from `starts_on` on, asked for on `asked_on`.

    `mode` is empty and `kw` None as long as they are not stated.
    """

    kind: ChangeKind
    starts_on: dt.date
    asked_on: dt.date
    mode: str = ""
    kw: int | None = None


def charge_objections(
    account: CustomerAccount,
    agreement: Agreement | None,
    wanted: WantedCharge,
    *,
    leave_out: int | None = None,
) -> Iterator[Objection]:
    """Everything against it, each with its clause.

    `agreement` is the one in force on the day; `leave_out` the key
    of a change that is judged again and must not stand in its own way.
    """
    if agreement is None:
        yield Objection("agreement", "没有在执行的供用电合同", f"户号 {account.number}")
        return
    if agreement.basic_charge_mode == BasicChargeMode.NONE:
        yield _by_agreement("single_part", "执行单一制电价，没有基本电费", agreement)
        return
    rule_set = load_rule_set(wanted.starts_on)
    yield from _pending(account, leave_out)
    yield from _sameness(agreement, wanted)
    yield from _timing(account, agreement, wanted, rule_set)
    yield from _bounds(agreement, wanted, rule_set)


def earliest_start(
    account: CustomerAccount, kind: ChangeKind, *, asked_on: dt.date
) -> Switch | None:
    """The first month that such a change can still reach; None where no rule says."""
    if kind not in CHARGE_KINDS:
        return None
    return _earliest(load_rule_set(asked_on), kind, _agreements(account, asked_on), asked_on)


def _agreements(account: CustomerAccount, on: dt.date) -> list[Agreement]:
    rows = Agreement.objects.filter(account=account, valid_from__lte=on)
    return list(rows.order_by("valid_from"))


def _earliest(
    rule_set: rating.RuleSet, kind: ChangeKind, agreements: Sequence[Agreement], on: dt.date
) -> Switch | None:
    if kind == ChangeKind.CHARGE_MODE_CHANGE:
        return earliest_mode_change(rule_set, agreements, on)
    return earliest_demand_change(rule_set, agreements, on)


def _pending(account: CustomerAccount, leave_out: int | None) -> Iterator[Objection]:
    """Two changes judged by the same agreement would overwrite each other."""
    waiting = SupplyChange.objects.filter(
        account=account,
        kind__in=CHARGE_KINDS,
        state__in=(ChangeState.REQUESTED, ChangeState.APPROVED),
    )
    found = waiting.exclude(pk=leave_out).order_by("id").first()
    if found is not None:
        yield Objection("pending", f"{found.get_kind_display()}尚未办结", f"变更 {found.number}")


def _sameness(agreement: Agreement, wanted: WantedCharge) -> Iterator[Objection]:
    name = agreement.get_basic_charge_mode_display()
    if wanted.kind == ChangeKind.CHARGE_MODE_CHANGE:
        if wanted.mode == agreement.basic_charge_mode:
            yield _by_agreement("same", f"现在就{name}计收基本电费", agreement)
    elif agreement.basic_charge_mode != BasicChargeMode.CONTRACT_DEMAND:
        yield _by_agreement("other_mode", f"现在{name}计收，没有合同最大需量可变更", agreement)
    elif wanted.kw == agreement.contract_demand_kw:
        yield _by_agreement("same", f"现在的合同最大需量就是 {wanted.kw} kW", agreement)


def _timing(
    account: CustomerAccount,
    agreement: Agreement,
    wanted: WantedCharge,
    rule_set: rating.RuleSet,
) -> Iterator[Objection]:
    agreements = _agreements(account, wanted.starts_on)
    by_mode = wanted.kind == ChangeKind.CHARGE_MODE_CHANGE
    since = last_changed(agreements, "basic_charge_mode" if by_mode else "contract_demand_kw")
    change = rating.WantedChange(wanted.starts_on, since, _notice(wanted))
    try:
        if by_mode:
            mode = wanted.mode or agreement.basic_charge_mode
            rating.check_mode_change(change, mode, rule_set)
        else:
            rating.check_contract_change(change, rule_set)
    except rating.ChangeRefused as barred:
        switch = _earliest(rule_set, wanted.kind, agreements, wanted.asked_on)
        is_late = barred.rule.code != "basic_charge.modes" and switch is not None
        hint = f"；现在申请，最早可自 {switch.on} 起变更" if is_late and switch else ""
        yield Objection("charge_rule", f"{barred.reason}{hint}", _cite(barred.rule))


def _notice(wanted: WantedCharge) -> int:
    """Working days after the application and before the first day, as the advice counts them."""
    eve = wanted.starts_on - dt.timedelta(days=1)
    if eve <= wanted.asked_on:
        return 0
    return clocks_queries.count_working_days(start=wanted.asked_on, end=eve).count


def _bounds(
    agreement: Agreement, wanted: WantedCharge, rule_set: rating.RuleSet
) -> Iterator[Objection]:
    """The floor on which bills are reckoned anyway, and the capacity that can be drawn."""
    by_mode = wanted.kind == ChangeKind.CHARGE_MODE_CHANGE
    if wanted.kw is None or (by_mode and wanted.mode != BasicChargeMode.CONTRACT_DEMAND):
        return
    capacity, stated = agreement.contract_capacity_kva, f"合同最大需量 {wanted.kw} kW"
    floor = rule_set.find("demand.floor_share")
    if floor is not None and wanted.kw < (least := capacity * rule_set.number(floor.code)):
        percent = plain(rule_set.number(floor.code) * 100)
        sentence = f"{stated} 低于合同容量 {capacity} kVA 的 {percent}%，至少 {math.ceil(least)} kW"
        yield Objection("floor", sentence, _cite(floor))
    if wanted.kw > capacity:
        yield _by_agreement("capacity", f"{stated} 高于合同容量 {capacity} kVA", agreement)


def _by_agreement(code: str, sentence: str, agreement: Agreement) -> Objection:
    return Objection(code, sentence, f"供用电合同 {agreement.number}")


def _cite(rule: rating.Rule) -> str:
    """The clause with its source and set, with a warning where it was not read in a source."""
    doubt = "，未核实" if rule.certainty == "unverified" else ""
    where = "，".join(filter(None, (rule.article, rule.source))) or rule.name
    return f"{where}（{rule.rule_set}{doubt}）"
