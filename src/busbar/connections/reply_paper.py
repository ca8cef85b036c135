"""The facts of a 供电方案答复单, gathered from the scheme and its fee notice (R57)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from busbar.connections.models import FeeLine, FeeNotice, SchemeAlternative, SupplyScheme
from busbar.connections.papers import making
from busbar.connections.papers.facts import Fee, Letterhead, Payee, SchemeReply, SchemeSource
from busbar.kit.money import plain
from busbar.kit.periods import local_date

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
        payee=Payee(
            name=notice.payee.name,
            bank=notice.payee.bank,
            account=notice.payee.number,
            remark=f"付款附言请写：{notice.number}",
        ),
        valid_from=scheme.valid_from,
        valid_until=scheme.valid_until - dt.timedelta(days=1),
        extend_before=extend_before,
        validity_source=clause,
        importance=application.get_importance_display(),
        basic_charge_mode=_cheapest_mode(chosen),
        transformers="、".join(_transformer(row) for row in chosen.transformers),
        sources=tuple(_source(row, chosen) for row in chosen.sources),
        fees=tuple(_fee(line) for line in notice.lines.order_by("pk")),
    )


def _cheapest_mode(chosen: SchemeAlternative) -> str:
    return str(chosen.yearly_costs[0]["mode_name"]) if chosen.yearly_costs else ""


def _transformer(row: Mapping[str, Any]) -> str:
    return f"{row.get('count', 1)}×{row['capacity_kva']} kVA"


def _source(row: Mapping[str, Any], chosen: SchemeAlternative) -> SchemeSource:
    return SchemeSource(
        role=_ROLES.get(str(row.get("role")), str(row.get("role", ""))),
        substation=str(row.get("substation", "")),
        feeder=str(row.get("feeder_name") or row.get("feeder_code") or row.get("way", "")),
        voltage=f"{plain(Decimal(str(row.get('voltage_kv', chosen.voltage_kv))))}kV",
        capacity_kva=Decimal(str(row.get("capacity_kva", chosen.capacity_kva))),
        operation=str(row.get("text", "")),
    )


def _fee(line: FeeLine) -> Fee:
    return Fee(
        name=line.name,
        basis=f"{line.formula};{line.basis}",
        quantity=f"{plain(line.quantity)} {line.unit}".strip(),
        price_yuan=line.price_yuan,
        amount_yuan=line.amount_yuan,
    )
