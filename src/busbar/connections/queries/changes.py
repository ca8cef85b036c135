"""Reading changes of supply and judging one that is wished for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.clocks import queries as clocks_queries
from busbar.connections.changes import charges, eligibility
from busbar.connections.changes.facts import Objection, Request, Rule, Stay
from busbar.connections.models.changes import ChangeKind, ChangeRule, ChangeState, SupplyChange
from busbar.connections.queries.charge_changes import (
    CHARGE_KINDS,
    WantedCharge,
    charge_objections,
)
from busbar.customers.models import CustomerAccount
from busbar.kit.errors import Refusal
from busbar.kit.periods import Period
from busbar.pricing.models import RuleParameter, RuleSubject, Tariff
from busbar.supply.models import (
    Agreement,
    BasicChargeMode,
    RunningState,
    Transformer,
    TransformerState,
    UsagePoint,
)

_STAYED = (
    ChangeState.REQUESTED,
    ChangeState.APPROVED,
    ChangeState.IN_FORCE,
    ChangeState.ENDED,
)
"""What counts towards a year's stays: also those asked for and not yet carried out."""
_FOLLOWS = {
    ChangeKind.CAPACITY_RESTORATION: ChangeKind.CAPACITY_REDUCTION,
    ChangeKind.SUSPENSION_END: ChangeKind.SUSPENSION,
    ChangeKind.REINSTALLATION: ChangeKind.TEMPORARY_REMOVAL,
    ChangeKind.REPLACEMENT_END: ChangeKind.TEMPORARY_REPLACEMENT,
}
"""Kinds that end another change."""
_PAST_TERM = frozenset({ChangeKind.SUSPENSION_END, ChangeKind.REPLACEMENT_END})
"""Kinds that may still be asked for when the term of what they end is over."""
_HOLDS_BEFORE = {
    ChangeKind.CAPACITY_RESTORATION: "reduced_before",
    ChangeKind.SUSPENSION_END: "suspended_before",
    ChangeKind.REINSTALLATION: "removed_before",
    ChangeKind.REPLACEMENT_END: "replaced_before",
}
_ONLY_PROVEN = frozenset(_HOLDS_BEFORE.values())
"""Conditions that nobody can confirm by hand."""


class NoSuchChange(Refusal):
    """No change of this number that the viewer may see."""


@dataclass(frozen=True)
class Wish:
    """What a customer wishes, before it is judged; `confirmed` are conditions a clerk checked.

    `replaced_by_kva`: a reduction by a smaller transformer in the place of the one chosen.
    `basic_charge_mode`, `contract_demand_kw`: how the basic charge is to be reckoned.
    """

    kind: ChangeKind
    starts_on: dt.date
    ends_on: dt.date | None = None
    transformer_ids: tuple[int, ...] = ()
    capacity_after_kva: int | None = None
    replaced_by_kva: int | None = None
    basic_charge_mode: str = ""
    contract_demand_kw: int | None = None
    confirmed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judgement:
    """The rule a wish stands under, everything against it, and what it does to the charge."""

    rule: ChangeRule
    objections: tuple[Objection, ...]
    effect: charges.Effect
    latest_end: dt.date | None


def with_facts(wish: Wish, facts: Mapping[str, Any]) -> Wish:
    """The wish with what its facts add to it: a reduction's smaller transformer, a new charge."""
    if wish.kind in CHARGE_KINDS:
        kw = facts.get("contract_demand_kw")
        return replace(
            wish,
            basic_charge_mode=str(facts.get("basic_charge_mode") or ""),
            contract_demand_kw=int(kw) if kw else None,
        )
    if wish.kind != ChangeKind.CAPACITY_REDUCTION or not facts.get("capacity_kva"):
        return wish
    return replace(wish, replaced_by_kva=int(facts["capacity_kva"]))


def find_rule(kind: ChangeKind | str, *, on: dt.date) -> ChangeRule | None:
    """The rule in force on the day: the newest set that speaks of the kind."""
    rules = ChangeRule.objects.select_related("rule_set").filter(
        kind=kind,
        rule_set__subject=RuleSubject.BILLING,
        rule_set__valid_from__lte=on,
    )
    return rules.order_by("-rule_set__valid_from").first()


def judge(
    account: CustomerAccount, wish: Wish, *, asked_on: dt.date, leave_out: int | None = None
) -> Judgement:
    """Judge a wish by the rule in force when it would take effect. Constant queries.

    `leave_out` is the key of a change that is judged again and must not count itself.
    Raises LookupError where no rule set speaks of the kind yet.
    """
    row = find_rule(wish.kind, on=wish.starts_on)
    if row is None:
        raise LookupError(f"{wish.starts_on} 还没有关于“{wish.kind.label}”的规则")
    rule = as_rule(row)
    request = _request(account, wish, rule, asked_on, leave_out)
    found = (
        *eligibility.objections(request, rule),
        *_charge_objections(account, wish, asked_on, leave_out),
    )
    is_high = request.voltage_kv >= rule.high_voltage_kv
    latest = eligibility.latest_end(wish.starts_on, rule, is_high=is_high)
    effect = _effect(account, wish, row)
    return Judgement(row, found, effect, latest)


def _charge_objections(
    account: CustomerAccount, wish: Wish, asked_on: dt.date, leave_out: int | None
) -> tuple[Objection, ...]:
    if wish.kind not in CHARGE_KINDS:
        return ()
    wanted = WantedCharge(
        kind=wish.kind,
        starts_on=wish.starts_on,
        asked_on=asked_on,
        mode=wish.basic_charge_mode,
        kw=wish.contract_demand_kw,
    )
    agreement = current_agreement(account, on=wish.starts_on)
    return tuple(charge_objections(account, agreement, wanted, leave_out=leave_out))


def _effect(account: CustomerAccount, wish: Wish, row: ChangeRule) -> charges.Effect:
    """In yuan where a stay of known length stops charged capacity, in words otherwise."""
    stay = _stay(wish)
    reckoned = effect_of_stay(account, wish, row, stay) if stay else None
    if reckoned is not None:
        return reckoned
    divisor = _divisor(wish.starts_on) if _has_basic_charge(account, wish.starts_on) else None
    return charges.stated_effect(str(wish.kind), divisor=divisor, citation=as_rule(row).citation)


def _has_basic_charge(account: CustomerAccount, on: dt.date) -> bool:
    agreement = current_agreement(account, on=on)
    return agreement is not None and agreement.basic_charge_mode != BasicChargeMode.NONE


def as_rule(row: ChangeRule) -> Rule:
    """The table's row as the arithmetic takes it."""
    shared = {
        name: getattr(row, name)
        for name in Rule.__dataclass_fields__
        if name not in {"rule_set", "kind_name", "replaced_by_name", "conditions"}
    }
    replaced = ChangeKind(row.replaced_by).label if row.replaced_by else ""
    return Rule(
        **shared,
        rule_set=row.rule_set.code,
        kind_name=str(ChangeKind(row.kind).label),
        replaced_by_name=str(replaced),
        conditions=tuple(row.conditions),
    )


def running_transformers(
    account: CustomerAccount, *, on: dt.date
) -> dict[int, tuple[Transformer, str]]:
    """The account's transformers by key, each with its state on the day. Two queries."""
    units = {t.pk: t for t in Transformer.objects.filter(account=account).order_by("number")}
    states = TransformerState.objects.filter(transformer__in=units, valid_from__lte=on)
    latest: dict[int, str] = {}
    for state in states.order_by("valid_from"):
        latest[state.transformer_id] = state.state
    return {key: (unit, latest.get(key, RunningState.RUNNING)) for key, unit in units.items()}


def current_agreement(account: CustomerAccount, *, on: dt.date) -> Agreement | None:
    """The agreement in force on the day."""
    agreements = Agreement.objects.filter(account=account, valid_from__lte=on)
    newest = agreements.order_by("-valid_from").first()
    ended = newest is not None and newest.valid_until is not None and newest.valid_until <= on
    return None if ended else newest


def open_predecessor(account: CustomerAccount, kind: ChangeKind | str) -> SupplyChange | None:
    """The change that a restoration of this kind would end.

    It is in force; a suspension or loan over its term, which nothing has ended yet, is ended
    the same way: the transformers do not come back by themselves.
    """
    before = _FOLLOWS.get(ChangeKind(kind))
    if before is None:
        return None
    standing = Q(state=ChangeState.IN_FORCE)
    if kind in _PAST_TERM:
        standing |= Q(state=ChangeState.ENDED) & ~Q(followed_by__state=ChangeState.DONE)
    rows = SupplyChange.objects.filter(standing, account=account, kind=before)
    return rows.order_by("-starts_on", "-id").first()


def list_changes(
    viewer: Viewer, *, kind: str = "", state: str = "", account_id: int | None = None
) -> QuerySet[SupplyChange, SupplyChange]:
    """Changes newest first, as far as the viewer sees them."""
    rows = SupplyChange.objects.visible_to(viewer).select_related("account", "customer", "unit")
    narrowed: dict[str, Any] = {"kind": kind, "state": state, "account_id": account_id}
    rows = rows.filter(**{name: value for name, value in narrowed.items() if value})
    ordered: QuerySet[SupplyChange, SupplyChange] = rows.order_by("-requested_at", "-id")
    return ordered


def get_change(viewer: Viewer, number: str) -> SupplyChange:
    """One change with what hangs on it; NoSuchChange where there is none to be seen."""
    rows = SupplyChange.objects.visible_to(viewer).select_related(
        "account", "customer", "unit", "rule__rule_set", "follows"
    )
    found: SupplyChange | None = rows.filter(number=number).first()
    if found is None:
        raise NoSuchChange(f"没有变更 {number}，或不在您的管辖范围内")
    return found


def _stay(wish: Wish) -> Period | None:
    if wish.ends_on is None or wish.ends_on <= wish.starts_on:
        return None
    return Period(wish.starts_on, wish.ends_on)


def _request(
    account: CustomerAccount, wish: Wish, rule: Rule, asked_on: dt.date, leave_out: int | None
) -> Request:
    units = running_transformers(account, on=wish.starts_on)
    stopped = tuple(units[key][0].capacity_kva for key in wish.transformer_ids if key in units)
    running = [unit for unit, state in units.values() if state == RunningState.RUNNING]
    agreement = current_agreement(account, on=wish.starts_on)
    by_demand = agreement is not None and agreement.basic_charge_mode in {
        BasicChargeMode.CONTRACT_DEMAND,
        BasicChargeMode.ACTUAL_DEMAND,
    }
    return Request(
        kind=str(wish.kind),
        starts_on=wish.starts_on,
        ends_on=wish.ends_on,
        notice_counted=_notice(rule, asked_on, wish.starts_on),
        voltage_kv=_voltage(account),
        total_kva=sum(unit.capacity_kva for unit in running),
        stopped_kva=stopped,
        replaced_by_kva=wish.replaced_by_kva,
        supplied_since=account.opened_on,
        by_demand=by_demand,
        held=(wish.confirmed - _ONLY_PROVEN) | _held(account, wish, running),
        earlier=_earlier(account, wish, leave_out),
    )


def _notice(rule: Rule, asked_on: dt.date, starts_on: dt.date) -> int:
    """Days from the application to the start, in the rule's unit; the first is not counted."""
    if starts_on <= asked_on:
        return 0
    if rule.notice_unit == "working_day":
        return clocks_queries.count_working_days(start=asked_on, end=starts_on).count
    return (starts_on - asked_on).days


def _voltage(account: CustomerAccount) -> Decimal:
    points = UsagePoint.objects.filter(account=account)
    return max(points.values_list("voltage_kv", flat=True), default=Decimal(0))


def _held(account: CustomerAccount, wish: Wish, running: list[Transformer]) -> frozenset[str]:
    """Conditions that the archive itself proves."""
    held = set()
    before = _HOLDS_BEFORE.get(wish.kind)
    if before and open_predecessor(account, wish.kind) is not None:
        held.add(before)
    total = sum(unit.capacity_kva for unit in running)
    if wish.capacity_after_kva is None or wish.capacity_after_kva <= total:
        held.add("capacity_not_above")
    if wish.capacity_after_kva in {None, total}:
        held.add("same_capacity")
    if not running:
        held.add("capacity_stopped")
    return frozenset(held)


def _earlier(account: CustomerAccount, wish: Wish, leave_out: int | None) -> tuple[Stay, ...]:
    rows = SupplyChange.objects.filter(account=account, kind=wish.kind, state__in=_STAYED)
    if leave_out is not None:
        rows = rows.exclude(pk=leave_out)
    spans = rows.values_list("starts_on", "ended_on", "ends_on")
    closed = ((start, ended or ends) for start, ended, ends in spans)
    return tuple(Stay(start, end) for start, end in closed if end is not None)


def effect_of_stay(
    account: CustomerAccount, wish: Wish, row: ChangeRule, stay: Period
) -> charges.Effect | None:
    """What a stop saves of a tariff charged by capacity; None where that is not the question."""
    agreement = current_agreement(account, on=wish.starts_on)
    if row.free_from != "sealing" or agreement is None or not wish.transformer_ids:
        return None
    if agreement.basic_charge_mode != BasicChargeMode.CAPACITY:
        return None
    price = _capacity_price(agreement.tariff_code, wish.starts_on)
    divisor = _divisor(wish.starts_on)
    if price is None or divisor is None:
        return None
    stopped = Transformer.objects.filter(pk__in=wish.transformer_ids, account=account)
    return charges.capacity_effect(
        stay=stay,
        kva=sum(stopped.values_list("capacity_kva", flat=True)) - (wish.replaced_by_kva or 0),
        price_yuan=price,
        divisor=divisor,
        min_days=row.min_days,
        citation=as_rule(row).citation,
    )


def _capacity_price(code: str, on: dt.date) -> Decimal | None:
    tariffs = Tariff.objects.filter(code=code, valid_from__lte=on).order_by("-valid_from")
    return tariffs.values_list("capacity_price", flat=True).first()


def _divisor(on: dt.date) -> str | None:
    figures = RuleParameter.objects.filter(
        rule_set__subject=RuleSubject.BILLING,
        rule_set__valid_from__lte=on,
        key="basic_charge.proration",
    )
    value = figures.order_by("-rule_set__valid_from").values_list("value", flat=True).first()
    return None if value is None else str(value)
