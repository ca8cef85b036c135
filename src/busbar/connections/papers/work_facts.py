"""What the papers of works, supply, changes and refunds state; see `facts` for the manner."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from busbar.connections.papers.facts import Letterhead


@dataclass(frozen=True)
class Finding:
    """A thing that is not as it should be, and what is asked for."""

    place: str
    problem: str
    requirement: str
    due_on: dt.date | None = None
    clause: str = ""


@dataclass(frozen=True)
class Inspection:
    """An examination of papers or works: design review, mid-construction, completion (R59, R60)."""

    head: Letterhead
    application_number: str
    customer_name: str
    site_address: str
    inspected_on: dt.date
    scope: str
    conclusion: str
    next_step: str
    conclusion_detail: str = ""
    designer: str = ""
    designer_license: str = ""
    contractor: str = ""
    contractor_license: str = ""
    inspectors: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Feed:
    """A line and transformer that are put under voltage."""

    role: str
    feeder: str
    transformer: str
    capacity_kva: Decimal


@dataclass(frozen=True)
class InstalledMeter:
    """A meter as it was installed."""

    serial: str
    ct_ratio: str
    pt_ratio: str
    multiplier: Decimal
    start_register: Decimal


@dataclass(frozen=True)
class EnergisingNotice:
    """送电通知, before it (`energise_at` is meant) or after it (`is_energised`)."""

    head: Letterhead
    application_number: str
    account_number: str
    customer_name: str
    site_address: str
    energise_at: dt.datetime
    capacity_kva: Decimal
    voltage: str
    supply_kind: str
    agreement_number: str
    feeds: tuple[Feed, ...] = ()
    meters: tuple[InstalledMeter, ...] = ()
    notes: tuple[str, ...] = (
        "送电时请受电装置负责人和值班电工到场，未经许可不得操作受电设备。",
        "送电前请再次检查接地线已拆除、保护已投入、人员已撤离。",
        "送电后请按期完成用户注册和用电培训。",
    )
    is_energised: bool = False


@dataclass(frozen=True)
class AgreementSummary:
    """供用电合同(概要) (R37)."""

    head: Letterhead
    agreement_number: str
    supplier: str
    signed_on: dt.date | None
    customer_name: str
    account_number: str
    site_address: str
    valid_from: dt.date
    valid_until: dt.date | None
    voltage: str
    supply_kind: str
    capacity_kva: Decimal
    tariff_category: str
    basic_charge_mode: str
    contracted_demand_kw: Decimal | None = None
    credit_code: str = ""
    power_factor_standard: str = ""
    settlement: str = ""
    boundary: str = ""
    metering: str = ""
    terms: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangedItem:
    """A term before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangeNotice:
    """变更用电通知: the decision on a change of supply, with its effect and its clause (R42)."""

    head: Letterhead
    application_number: str
    account_number: str
    customer_name: str
    site_address: str
    kind: str
    decision: str
    applied_on: dt.date
    source: str
    effect_on_charges: str
    effective_from: dt.date | None = None
    effective_until: dt.date | None = None
    reason: str = ""
    items: tuple[ChangedItem, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefundItem:
    """A sum that is paid back."""

    name: str
    reason: str
    paid_on: dt.date | None
    amount_yuan: Decimal


@dataclass(frozen=True)
class RefundNotice:
    """退费通知: back the way it was paid (R9)."""

    head: Letterhead
    application_number: str
    account_number: str
    customer_name: str
    approved_on: dt.date
    means: str
    receiver_name: str
    receiver_bank: str
    receiver_account: str
    items: tuple[RefundItem, ...]
    expected_on: dt.date | None = None
