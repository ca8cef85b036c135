"""The facts of a 供电方案答复单, gathered from the scheme and its fee notice (R57)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from busbar.connections.models import (
    ChargeBasis,
    ConnectionApplication,
    FeeLine,
    FeeNotice,
    SchemeAlternative,
    SupplyScheme,
)
from busbar.connections.papers import making
from busbar.connections.papers.facts import Fee, Letterhead, Payee, SchemeReply, SchemeSource
from busbar.connections.study.plans import WAY_NAMES
from busbar.kit.money import plain
from busbar.kit.periods import local_date
from busbar.network.models import Feeder
from busbar.pricing.models import Certainty

_ROLES = {"main": "主供电源", "backup": "备用电源"}


class Head(Protocol):
    """Number, date and unit as `issue_paper` gives them."""

    @property
    def number(self) -> str:
        """Of the paper."""

    @property
    def date(self) -> dt.date:
        """Of the paper."""

    @property
    def unit_name(self) -> str:
        """Who writes."""


def renderer(
    scheme: SupplyScheme, notice: FeeNotice, extend_before: dt.date, clause: str, officer: str
) -> Callable[[Head], bytes]:
    """What makes the PDF once the paper's number is known."""

    def render(head: Head) -> bytes:
        letterhead = Letterhead(
            company=head.unit_name, number=head.number, issued_on=head.date, officer=officer
        )
        facts = gather(scheme, notice, letterhead, extend_before=extend_before, clause=clause)
        return making.render_scheme_reply(facts)

    return render


def gather(
    scheme: SupplyScheme,
    notice: FeeNotice,
    head: Letterhead,
    *,
    extend_before: dt.date,
    clause: str,
) -> SchemeReply:
    """All that the customer is told, in plain values; days are the last ones in time."""
    application, chosen = scheme.application, scheme.chosen
    if chosen is None or scheme.valid_from is None or scheme.valid_until is None:
        raise ValueError("a reply has a choice and a validity")
    accepted = application.accepted_at or application.submitted_at
    return SchemeReply(
        head=head,
        application_number=application.number,
        account_number=application.account.number if application.account else "",
        customer_name=application.applicant_name,
        site_address=application.address,
        kind=application.get_kind_display(),
        supply_kind=application.get_supply_kind_display(),
        accepted_on=local_date(accepted),
        requested_capacity_kva=Decimal(application.requested_kva),
        approved_capacity_kva=Decimal(chosen.capacity_kva),
        payee=payee_of(notice),
        valid_from=scheme.valid_from,
        valid_until=scheme.valid_until - dt.timedelta(days=1),
        extend_before=extend_before,
        validity_source=clause,
        importance=application.get_importance_display(),
        basic_charge_mode=_of_cheapest(chosen, "mode_name"),
        transformers="、".join(_transformer(row) for row in chosen.transformers),
        sources=_sources(chosen),
        tariff_category=_of_cheapest(chosen, "tariff"),
        boundary="；".join(str(row["text"]) for row in chosen.sources if row.get("text")),
        metering=_works(chosen, "计量装置"),
        compensation=_works(chosen, "无功补偿"),
        emergency_supply=_emergency(application, chosen),
        fees=fees_of(notice),
    )


def payee_of(notice: FeeNotice) -> Payee:
    """The account to pay into, and what to write with the payment so that it is recognized."""
    return Payee(
        name=notice.payee.name,
        bank=notice.payee.bank,
        account=notice.payee.number,
        remark=f"付款附言请写：{notice.number}",
    )


def fees_of(notice: FeeNotice) -> tuple[Fee, ...]:
    """The charges of the notice as papers list them."""
    return tuple(_fee(line) for line in notice.lines.select_related("item").order_by("pk"))


def _of_cheapest(chosen: SchemeAlternative, name: str) -> str:
    return str(chosen.yearly_costs[0].get(name) or "") if chosen.yearly_costs else ""


def _transformer(row: Mapping[str, Any]) -> str:
    return f"{row.get('count', 1)}×{row['capacity_kva']} kVA"


def _sources(chosen: SchemeAlternative) -> tuple[SchemeSource, ...]:
    """The feeds as the study or the officer wrote them; a feeder's own name where it is known."""
    lines = Feeder.objects.select_related("substation")
    known = {line.code: line for line in lines.filter(code__in=map(_code, chosen.sources))}
    return tuple(
        _source(row, chosen, known.get(_code(row)), "backup" if place else "main")
        for place, row in enumerate(chosen.sources)
    )


def _source(
    row: Mapping[str, Any], chosen: SchemeAlternative, line: Feeder | None, usual: str
) -> SchemeSource:
    role = str(row.get("role") or usual)
    return SchemeSource(
        role=_ROLES.get(role, role),
        substation=str(row.get("substation") or (line.substation.name if line else "")),
        feeder=str(row.get("feeder_name") or (line.name if line else _code(row))),
        voltage=f"{plain(Decimal(str(row.get('voltage_kv', chosen.voltage_kv))))}kV",
        capacity_kva=Decimal(str(row.get("capacity_kva", chosen.capacity_kva))),
        operation=str(row.get("text") or WAY_NAMES.get(str(row.get("way")), "")),
    )


def _code(row: Mapping[str, Any]) -> str:
    """The feeder's code under whichever word the row has it."""
    return str(row.get("feeder_code") or row.get("line") or row.get("feeder") or "")


def _works(chosen: SchemeAlternative, what: str) -> str:
    """How much of a kind of works the investment counts: `10kV 计量装置 2 套`."""
    return "、".join(
        f"{row['name']} {row['quantity']} {str(row['unit']).removeprefix('元/')}"
        for row in chosen.investment
        if what in str(row["name"])
    )


def _emergency(application: ConnectionApplication, chosen: SchemeAlternative) -> str:
    """What the rule on emergency supply asks and finds, where it speaks of this customer."""
    check = next((row for row in chosen.checks if row.get("code") == "emergency-supply"), None)
    if check is None or not application.critical_load_kw:
        return ""
    return f"{check['name']}：{check['asked']}（{check['clause']}）；{check['found']}"


def _fee(line: FeeLine) -> Fee:
    settled = line.item.basis == ChargeBasis.AS_AGREED
    doubt = "" if settled or line.certainty != Certainty.UNVERIFIED else "，标准未核实"
    return Fee(
        name=line.name,
        basis=f"{line.basis if settled else line.item.document}{doubt}",
        quantity=f"{plain(line.quantity)} {line.unit}".strip(),
        price_yuan=line.price_yuan,
        amount_yuan=line.amount_yuan,
    )
