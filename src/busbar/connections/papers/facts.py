"""What the papers of application, survey and scheme state; plain values, frozen.

Money ends in `_yuan`, capacities in `_kva`; empty text and None are printed as a dash. Facts
that a rule gives (dates, sources, periods) are handed in: no figure of law stands here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Letterhead:
    """Who writes, under which number, when; on every page of every paper."""

    company: str
    number: str
    issued_on: dt.date
    officer: str = ""
    address: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Equipment:
    """A line of the applicant's equipment list."""

    name: str
    rated_kw: Decimal
    count: int
    grade: str = ""

    @property
    def total_kw(self) -> Decimal:
        """Of all pieces."""
        return self.rated_kw * self.count


@dataclass(frozen=True)
class AttachedDocument:
    """A document that the application wants, and whether it is there."""

    name: str
    is_present: bool
    copies: int = 1


@dataclass(frozen=True)
class ApplicationForm:
    """《高压用电申请》 (R50)."""

    head: Letterhead
    application_number: str
    accepted_at: dt.datetime | None
    customer_name: str
    site_address: str
    kind: str
    supply_kind: str
    voltage: str
    requested_capacity_kva: Decimal
    existing_capacity_kva: Decimal = Decimal(0)
    credit_code: str = ""
    industry: str = ""
    legal_representative: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    usage: str = ""
    shifts: str = ""
    importance: str = ""
    wanted_on: dt.date | None = None
    own_emergency_supply: str = ""
    nonlinear_load: str = ""
    remarks: str = ""
    equipment: tuple[Equipment, ...] = ()
    documents: tuple[AttachedDocument, ...] = ()
    title: str = "高压用电申请"

    @property
    def total_capacity_kva(self) -> Decimal:
        """Existing and requested together."""
        return self.existing_capacity_kva + self.requested_capacity_kva


@dataclass(frozen=True)
class RegisteredStep:
    """A step of the registration record: who had it from when to when."""

    name: str
    unit: str
    person: str = ""
    received_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    result: str = ""


@dataclass(frozen=True)
class Opinion:
    """What a department said when it countersigned."""

    unit: str
    opinion: str
    person: str = ""
    given_at: dt.datetime | None = None


@dataclass(frozen=True)
class RegistrationRecord:
    """《业扩报装登记记录》 (R52)."""

    head: Letterhead
    application_number: str
    registered_on: dt.date
    customer_name: str
    site_address: str
    kind: str
    supply_kind: str
    voltage: str
    requested_capacity_kva: Decimal
    accepting_unit: str
    accepted_at: dt.datetime
    receiving_unit: str = ""
    handed_over_at: dt.datetime | None = None
    reply_due_on: dt.date | None = None
    reply_source: str = ""
    preliminary_opinion: str = ""
    steps: tuple[RegisteredStep, ...] = ()
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True)
class MissingItem:
    """A document that is missing or wrong, and what is asked for."""

    name: str
    problem: str
    requirement: str


@dataclass(frozen=True)
class MissingDocumentsNotice:
    """缺件一次性告知书: told once, all of it (R36)."""

    head: Letterhead
    application_number: str
    customer_name: str
    kind: str
    received_on: dt.date
    due_on: dt.date
    source: str
    how_to_submit: str
    items: tuple[MissingItem, ...]


@dataclass(frozen=True)
class PromisedStep:
    """What is done next, by when at the latest, and by which rule."""

    name: str
    due_on: dt.date
    source: str


@dataclass(frozen=True)
class AcceptanceNotice:
    """受理通知: when the application was accepted, what happens next and by when (R50)."""

    head: Letterhead
    application_number: str
    customer_name: str
    site_address: str
    kind: str
    supply_kind: str
    requested_capacity_kva: Decimal
    received_on: dt.date
    accepted_at: dt.datetime
    steps: tuple[PromisedStep, ...]


@dataclass(frozen=True)
class RefusalNotice:
    """不予受理通知书: the reason, and the clause it rests on (R34)."""

    head: Letterhead
    application_number: str
    customer_name: str
    site_address: str
    kind: str
    received_on: dt.date
    reason: str
    clause: str


@dataclass(frozen=True)
class SurveyPhoto:
    """A photo of the survey, named by its content."""

    title: str
    taken_at: dt.datetime
    digest: str


@dataclass(frozen=True)
class SurveyParticipant:
    """A department at the site, and its opinion."""

    unit: str
    person: str
    opinion: str = ""


@dataclass(frozen=True)
class SurveySheet:
    """现场勘察单 (R51)."""

    head: Letterhead
    application_number: str
    customer_name: str
    site_address: str
    surveyed_at: dt.datetime
    requested_capacity_kva: Decimal
    assessed_capacity_kva: Decimal | None
    conclusion: str
    load_nature: str = ""
    source_point: str = ""
    feeder: str = ""
    route: str = ""
    substation_location: str = ""
    metering_point: str = ""
    coordinates: str = ""
    surroundings: str = ""
    participants: tuple[SurveyParticipant, ...] = ()
    photos: tuple[SurveyPhoto, ...] = ()


@dataclass(frozen=True)
class Fee:
    """A charge: price times quantity as it was reckoned, with its dated basis."""

    name: str
    basis: str
    quantity: str
    price_yuan: Decimal | None
    amount_yuan: Decimal


@dataclass(frozen=True)
class Payee:
    """The account into which the customer pays."""

    name: str
    bank: str
    account: str
    remark: str = ""


@dataclass(frozen=True)
class SchemeSource:
    """A power source of the scheme."""

    role: str
    substation: str
    feeder: str
    voltage: str
    capacity_kva: Decimal
    operation: str = ""


@dataclass(frozen=True)
class SchemeReply:
    """供电方案答复单: scheme, charges, account number and validity in one notice (R53-R57)."""

    head: Letterhead
    application_number: str
    account_number: str
    customer_name: str
    site_address: str
    kind: str
    supply_kind: str
    accepted_on: dt.date
    requested_capacity_kva: Decimal
    approved_capacity_kva: Decimal
    payee: Payee
    valid_from: dt.date
    valid_until: dt.date
    extend_before: dt.date
    validity_source: str
    importance: str = ""
    tariff_category: str = ""
    basic_charge_mode: str = ""
    transformers: str = ""
    boundary: str = ""
    metering: str = ""
    ratios: str = ""
    compensation: str = ""
    protection: str = ""
    emergency_supply: str = ""
    power_quality: str = ""
    sources: tuple[SchemeSource, ...] = ()
    fees: tuple[Fee, ...] = ()
    notes: tuple[str, ...] = (
        "请自主选择具有相应资质的设计、施工单位；我公司不指定设计、施工单位和设备材料供应单位。",
        "受电工程设计文件请在开工前送审；隐蔽工程覆盖前请申请中间检查。",
        "对本方案有异议的，请在收到后及时书面提出。",
    )


@dataclass(frozen=True)
class PaymentNotice:
    """缴费通知 (R57); `due_on` is None where the company sets no limit to payment."""

    head: Letterhead
    application_number: str
    account_number: str
    customer_name: str
    kind: str
    due_on: dt.date | None
    payee: Payee
    fees: tuple[Fee, ...]
    notes: tuple[str, ...] = ()
