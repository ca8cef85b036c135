"""A stored bill as the facts of its paper; six queries, whatever the number of lines."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from busbar.access import queries as access_queries
from busbar.billing import queries as billing_queries
from busbar.billing.explanation import Why, explain
from busbar.billing.models import Bill
from busbar.billing.paper.facts import (
    BillPaper,
    PaperLine,
    PaperQuantity,
    PaperSource,
    Settlement,
    SettlementLine,
)
from busbar.kit.money import plain
from busbar.kit.periods import Month
from busbar.pricing import queries as pricing_queries

CERTAINTIES = {"A": "A", "B": "B", "C": "C", "local": "本单位"}
UNVERIFIED = "【未核实】"
_FIGURE = re.compile(r"-?\d+(\.\d+)?")
"""Values that are figures; the others are codes of the engine and say nothing to a customer."""


def gather(bill: Bill) -> BillPaper:
    """Everything that the bill's paper states; `bill` comes from `queries.get_bill`."""
    month, account = Month.parse(bill.month), bill.account
    whys = explain(bill)
    sources = _number(whys)
    return BillPaper(
        company=access_queries.company_of(account.unit).name,
        number=f"{account.number}-{bill.month}" + (f"-{bill.revision}" if bill.revision else ""),
        account_number=account.number,
        account_name=account.name,
        customer_name=account.customer.name,
        address=account.address or account.customer.address,
        month=bill.month,
        starts_on=month.first,
        ends_on=month.period.end - dt.timedelta(days=1),
        revision=bill.revision,
        issued_at=bill.issued_at,
        released_at=bill.released_at,
        rule_set=bill.rule_set,
        tariff=_tariff(bill, month),
        lake_version=bill.lake_version,
        energy_kwh=grouped(bill.energy_kwh),
        average_price=plain(bill.average_price) if bill.average_price is not None else "",
        max_demand_kw=grouped(bill.max_demand_kw),
        max_demand_at=bill.max_demand_at,
        power_factor=plain(bill.power_factor) if bill.power_factor is not None else "",
        missing_intervals=bill.missing_intervals,
        estimated_intervals=bill.estimated_intervals,
        amount_yuan=bill.amount,
        due_yuan=bill.amount_due,
        quantities=tuple(_quantity(q) for q in bill.quantities),
        lines=tuple(_line(why, sources) for why in whys),
        sources=tuple(_source(number, rule) for number, rule in sources.values()),
        notes=tuple(bill.notes),
        settlement=settle(bill),
    )


def _tariff(bill: Bill, month: Month) -> str:
    tariff = pricing_queries.get_tariff(bill.tariff_code, on=month.first)
    return pricing_queries.name_tariff(tariff) if tariff else bill.tariff_code


def _key(rule: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(rule.get(k, "")) for k in ("code", "name", "value", "article", "source"))


def _number(whys: Sequence[Why]) -> dict[tuple[str, ...], tuple[int, dict[str, Any]]]:
    """The rules of all lines, each once, numbered as they are met."""
    found: dict[tuple[str, ...], tuple[int, dict[str, Any]]] = {}
    for why in whys:
        for rule in why.rules:
            found.setdefault(_key(rule), (len(found) + 1, rule))
    return found


def _line(why: Why, sources: dict[tuple[str, ...], tuple[int, dict[str, Any]]]) -> PaperLine:
    line = why.line
    numbers = [sources[_key(rule)][0] for rule in why.rules]
    return PaperLine(
        name=line.name,
        quantity=f"{grouped(line.quantity)} {line.unit}".strip(),
        price=f"{plain(line.price)} {line.price_unit}".strip(),
        amount_yuan=line.amount,
        formula=line.formula,
        sources="".join(f"[{number}]" for number in numbers),
        is_unverified=why.is_unverified,
    )


def _source(number: int, rule: dict[str, Any]) -> PaperSource:
    text, unit = str(rule.get("value") or ""), str(rule.get("unit") or "")
    certainty = CERTAINTIES.get(str(rule.get("certainty")), UNVERIFIED)
    named = [str(rule[k]) for k in ("rule_set", "article") if rule.get(k)]
    return PaperSource(
        number=number,
        name=str(rule.get("name") or rule.get("code")),
        value=f"{text} {unit}".strip() if _FIGURE.fullmatch(text) else "",
        article=" ".join(named),
        source=str(rule.get("source") or ""),
        certainty=certainty,
    )


def _quantity(quantity: dict[str, str]) -> PaperQuantity:
    return PaperQuantity(
        name=quantity.get("name") or quantity["id"],
        value=grouped(Decimal(quantity["value"])),
        unit=quantity.get("unit", ""),
        formula=quantity.get("formula", ""),
    )


def settle(bill: Bill) -> Settlement | None:
    """Against the last bill that the customer was given; none where there was none."""
    before = bill.replaces
    while before is not None and before.released_at is None:
        before = before.replaces
    if before is None:
        return None
    changes = billing_queries.compare_lines(bill, before)
    zero = Decimal(0)
    return Settlement(
        reason=bill.reason,
        replaced_on=before.issued_at,
        before_yuan=before.amount,
        lines=tuple(
            SettlementLine(c.name, c.before or zero, c.after or zero) for c in changes if c.change
        ),
    )


def grouped(value: Decimal) -> str:
    """Thousands apart, no needless zeros.

    >>> grouped(Decimal("1234567.500"))
    '1,234,567.5'
    """
    whole, point, rest = plain(Decimal(value)).partition(".")
    return f"{int(whole):,}{point}{rest}" if whole.lstrip("-") != "0" else f"{whole}{point}{rest}"
