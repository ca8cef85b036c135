"""The form of an application: an invented body with its machines, or an account to be enlarged."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from busbar.access.models import OrganizationUnit
from busbar.connections.forms import ApplicationForm, LoadLine
from busbar.customers.models import CustomerAccount
from busbar.demo.names import NameMaker, choose, credit_code, parts, person_name, phone
from busbar.demo.shapes import SHAPES
from busbar.demo.year.plans import Plan
from busbar.supply.models import Transformer, UsagePoint

FIRST_BODY = 500_000
"""Serial of the first applicant's invented credit code, far above those of the customers."""
_HIGH_KVA: tuple[int, ...] = (400, 500, 630, 800, 1000, 1250, 1600)
_LOW_KVA: tuple[int, ...] = (30, 50, 80, 100, 120, 160)
_TEMPORARY_KVA: tuple[int, ...] = (50, 80, 100, 160)
_MACHINES = ("生产线", "空压机", "水泵", "通风机", "照明", "空调")
_KW_A_KVA = Decimal("0.8")


@dataclass(frozen=True)
class Applicant:
    """What the story needs of the applicant besides the form."""

    form: ApplicationForm
    contact: str
    shape: str
    unit: OrganizationUnit | None = None
    """The station that keeps the account to be enlarged."""


def new_applicant(plan: Plan, names: NameMaker, draws: np.random.Generator) -> Applicant:
    """A body that the archive does not know, with a load list that fits its capacity."""
    shape = _shape(plan, draws)
    kind = parts()["kinds"][shape]["kind"]
    kva, contact = _kva(plan, draws), person_name(draws)
    is_first_dual = plan.supply_kind == "hv_dual"
    name = _name(plan, names, shape)
    form = ApplicationForm(
        kind="new",
        supply_kind=plan.supply_kind,
        applicant_name=name,
        credit_code=credit_code(FIRST_BODY + plan.serial, plan.place.county, is_company=True),
        customer_kind=kind,
        industry_code=parts()["kinds"][shape]["industry"],
        importance="second" if is_first_dual or plan.has("green") else "none",
        site_name=f"{name}用电地址",
        address=names.address(plan.place),
        contact_name=contact,
        contact_phone=phone(7_000_000 + plan.serial),
        contact_email=f"yk{plan.serial:04d}@example.com",
        purpose="工程施工" if plan.supply_kind == "temporary" else "生产经营",
        requested_kva=kva,
        wished_voltage_kv=Decimal(10) if plan.is_high else Decimal("0.4"),
        critical_load_kw=kva // 10 if is_first_dual or plan.has("green") else 0,
        emergency_generator_kw=kva // 8 if is_first_dual or plan.has("green") else 0,
        shifts=1 + int(draws.integers(0, 3)),
        growth_percent=Decimal(int(draws.integers(0, 6))),
        temporary_until=_until(plan),
        loads=_loads(kva, draws, critical=is_first_dual or plan.has("green")),
    )
    return Applicant(form, contact, shape)


def increase_of(
    plan: Plan, account: CustomerAccount, point: UsagePoint, draws: np.random.Generator
) -> Applicant:
    """More capacity for a standing account, at its own voltage or below."""
    customer, contact = account.customer, person_name(draws)
    kva = _kva(plan, draws)
    form = ApplicationForm(
        kind="increase",
        supply_kind=plan.supply_kind,
        applicant_name=customer.name,
        credit_code=customer.credit_code or "",
        customer_kind=customer.kind,
        industry_code=customer.industry_code,
        importance="none",
        site_name=point.site.name,
        address=account.address or point.site.address,
        contact_name=contact,
        contact_phone=phone(7_000_000 + plan.serial),
        purpose="扩大生产",
        existing_kva=sum(t.capacity_kva for t in Transformer.objects.filter(account=account)),
        requested_kva=kva,
        wished_voltage_kv=Decimal(10) if plan.is_high else Decimal("0.4"),
        account_number=account.number,
        loads=_loads(kva, draws, critical=False),
    )
    return Applicant(form, contact, "machinery", account.unit)


def _shape(plan: Plan, draws: np.random.Generator) -> str:
    if plan.has("green"):
        return "hospital"
    codes = [s.code for s in SHAPES if s.code not in {"school", "hospital", "steel"}]
    return choose(draws, codes)


def _name(plan: Plan, names: NameMaker, shape: str) -> str:
    if plan.supply_kind == "temporary":
        return f"{plan.place.short}{names.brand()}建设工程有限公司"
    return names.company(shape, plan.place, names.brand())


def _kva(plan: Plan, draws: np.random.Generator) -> int:
    steps = _HIGH_KVA if plan.is_high else _LOW_KVA
    if plan.supply_kind == "temporary":
        steps = _TEMPORARY_KVA
    return int(steps[int(draws.integers(len(steps)))])


def _until(plan: Plan) -> dt.date | None:
    if plan.supply_kind != "temporary":
        return None
    return plan.begins.date() + dt.timedelta(days=700)


def _loads(kva: int, draws: np.random.Generator, *, critical: bool) -> tuple[LoadLine, ...]:
    """Three groups of machines that add up to four fifths of the capacity."""
    total = Decimal(kva) * _KW_A_KVA
    first = int(draws.integers(len(_MACHINES)))
    shares = (Decimal("0.6"), Decimal("0.3"), Decimal("0.1"))
    return tuple(
        LoadLine(
            name=_MACHINES[(first + place) % len(_MACHINES)],
            count=2,
            rated_kw=(total * share / 2).quantize(Decimal("0.1")),
            demand_factor=Decimal("0.85"),
            power_factor=Decimal("0.9"),
            is_critical=critical and share == shares[-1],
        )
        for place, share in enumerate(shares)
    )
