"""《高压用电申请》 as it is filled in, and what must be right in it before it is taken in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from busbar.connections.models import ApplicationKind, ConnectionApplication, SupplyKind
from busbar.customers.models import CustomerKind, Importance
from busbar.kit.errors import Listing, Phrase, Reasons
from busbar.kit.identifiers import is_credit_code

_PHONE = re.compile(r"[0-9+() -]{7,30}")
_MAX_SHIFTS = 4
_MAX_GROWTH = Decimal(100)
_LONGEST = {
    "applicant_name": 200,
    "site_name": 200,
    "address": 300,
    "contact_name": 50,
    "contact_phone": 30,
}
"""Texts that have to be filled in and how long their columns are."""


@dataclass(frozen=True, kw_only=True)
class LoadLine:
    """One line of the equipment list: kW are those of one piece."""

    name: str
    count: int
    rated_kw: Decimal
    demand_factor: Decimal = Decimal(1)
    power_factor: Decimal = Decimal(1)
    is_critical: bool = False


@dataclass(frozen=True, kw_only=True)
class ApplicationForm:
    """What the applicant declares. kVA, kW, kV; `requested_kva` is what is added to what stands.

    `account_number` names the account to be increased and is empty for a new connection.
    """

    kind: str
    supply_kind: str
    applicant_name: str
    customer_kind: str
    site_name: str
    address: str
    contact_name: str
    contact_phone: str
    requested_kva: int
    credit_code: str = ""
    industry_code: str = ""
    importance: str = Importance.NONE
    contact_email: str = ""
    purpose: str = ""
    existing_kva: int = 0
    wished_voltage_kv: Decimal | None = None
    critical_load_kw: int = 0
    emergency_generator_kw: int = 0
    shifts: int = 1
    growth_percent: Decimal = Decimal(0)
    wished_on: dt.date | None = None
    temporary_until: dt.date | None = None
    account_number: str = ""
    loads: Sequence[LoadLine] = ()


COLUMNS = tuple(
    f.name for f in fields(ApplicationForm) if f.name not in ("account_number", "loads")
)
"""Fields of the form that are columns of the application."""

AMENDABLE = frozenset(COLUMNS) - {"kind"} | {"loads"}
"""What the applicant may correct; the kind of application decides the whole way."""

LABELS = {
    "applicant_name": "申请人名称",
    "credit_code": "统一社会信用代码",
    "customer_kind": "客户类别",
    "industry_code": "行业分类",
    "importance": "重要性等级",
    "supply_kind": "供电类别",
    "site_name": "用电地址名称",
    "address": "用电地址",
    "contact_name": "联系人",
    "contact_phone": "联系电话",
    "contact_email": "电子邮箱",
    "purpose": "用电用途",
    "existing_kva": "原有容量",
    "requested_kva": "申请容量",
    "wished_voltage_kv": "申请电压等级",
    "critical_load_kw": "保安负荷",
    "emergency_generator_kw": "自备应急电源容量",
    "shifts": "生产班次",
    "growth_percent": "年负荷增长率",
    "wished_on": "希望用电日期",
    "temporary_until": "临时用电截止日期",
    "loads": "用电设备清单",
}
"""How the form names its fields."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with the form: with which field, and why.

    `line` is the number of a line of the equipment list, 0 where it is about none; `why` is then
    about that line alone.
    """

    field: str
    why: Phrase
    line: int = 0

    @property
    def sentence(self) -> Phrase:
        """The whole of it, for whoever does not see it beside its line."""
        if not self.line:
            return self.why
        return Phrase("用电设备清单第 %(line)s 行%(why)s", line=self.line, why=self.why)


def form_of(application: ConnectionApplication, changes: dict[str, Any]) -> ApplicationForm:
    """The form as it stands on the application, with some fields changed."""
    stands = {name: getattr(application, name) for name in COLUMNS}
    account = application.account.number if application.account else ""
    loads = changes.pop("loads", None)
    if loads is None:
        loads = [line_of(load) for load in application.loads.order_by("pk")]
    return ApplicationForm(**{**stands, **changes}, account_number=account, loads=tuple(loads))


def line_of(load: Any) -> LoadLine:
    """A declared load as the form has it."""
    return LoadLine(**{f.name: getattr(load, f.name) for f in fields(LoadLine)})


def list_problems(form: ApplicationForm, *, on: dt.date) -> list[Problem]:
    """Everything that is wrong with the form on this day; empty when right."""
    return [*_kinds(form), *_identity(form), *_figures(form), *_dates(form, on), *_loads(form)]


def reasons_of(problems: Iterable[Problem]) -> Reasons:
    """All of them, as a refusal names them."""
    return Reasons(problem.sentence for problem in problems)


def _label(field: str) -> Phrase:
    return Phrase(LABELS[field])


def _kinds(form: ApplicationForm) -> Iterator[Problem]:
    for field, label, choices in (
        ("kind", Phrase("申请类别"), ApplicationKind),
        ("supply_kind", _label("supply_kind"), SupplyKind),
        ("customer_kind", _label("customer_kind"), CustomerKind),
        ("importance", _label("importance"), Importance),
    ):
        value = getattr(form, field)
        if value not in choices.values:
            why = Phrase(
                "%(name)s“%(value)s”不在可选范围：%(expected)s",
                name=label,
                value=value,
                expected=Listing(choices.labels),
            )
            yield Problem(field, why)


def _identity(form: ApplicationForm) -> Iterator[Problem]:
    for field, longest in _LONGEST.items():
        text = str(getattr(form, field)).strip()
        if not text:
            yield Problem(field, Phrase("%(name)s应填写", name=_label(field)))
        elif len(text) > longest:
            why = Phrase(
                "%(name)s不应超过 %(longest)s 字，现有 %(length)s 字",
                name=_label(field),
                longest=longest,
                length=len(text),
            )
            yield Problem(field, why)
    phone = form.contact_phone
    if phone.strip() and not _PHONE.fullmatch(phone.strip()):
        why = Phrase("联系电话“%(phone)s”应为 7 至 30 位数字", phone=phone)
        yield Problem("contact_phone", why)
    code = form.credit_code
    if code and not is_credit_code(code):
        why = Phrase("统一社会信用代码“%(code)s”应为 18 位，校验码须正确", code=code)
        yield Problem("credit_code", why)
    if (form.kind == ApplicationKind.INCREASE) != bool(form.account_number):
        unwanted, wanted = Phrase("新装申请不应填写户号"), Phrase("增容申请应填写要增容的户号")
        yield Problem("account_number", unwanted if form.account_number else wanted)


def _figures(form: ApplicationForm) -> Iterator[Problem]:
    if form.requested_kva <= 0:
        why = Phrase("申请容量应大于 0 kVA，现填 %(kva)s", kva=form.requested_kva)
        yield Problem("requested_kva", why)
    if form.wished_voltage_kv is not None and form.wished_voltage_kv <= 0:
        yield Problem("wished_voltage_kv", Phrase("申请电压等级应大于 0 kV"))
    for field in ("critical_load_kw", "emergency_generator_kw", "existing_kva"):
        if getattr(form, field) < 0:
            yield Problem(field, Phrase("%(name)s不应小于 0", name=_label(field)))
    if not 1 <= form.shifts <= _MAX_SHIFTS:
        why = Phrase(
            "生产班次应为 1 至 %(most)s，现填 %(shifts)s", most=_MAX_SHIFTS, shifts=form.shifts
        )
        yield Problem("shifts", why)
    if not 0 <= form.growth_percent <= _MAX_GROWTH:
        why = Phrase(
            "年负荷增长率应为 0 至 %(most)s%%，现填 %(percent)s%%",
            most=_MAX_GROWTH,
            percent=form.growth_percent,
        )
        yield Problem("growth_percent", why)


def _dates(form: ApplicationForm, on: dt.date) -> Iterator[Problem]:
    until, is_temporary = form.temporary_until, form.supply_kind == SupplyKind.TEMPORARY
    if is_temporary and until is None:
        yield Problem("temporary_until", Phrase("临时用电应填写截止日期"))
    if not is_temporary and until is not None:
        yield Problem("temporary_until", Phrase("只有临时用电填写截止日期"))
    if until is not None and until <= on:
        why = Phrase("临时用电截止日期应在 %(day)s 之后，现填 %(until)s", day=on, until=until)
        yield Problem("temporary_until", why)
    if form.wished_on is not None and form.wished_on < on:
        why = Phrase(
            "希望用电日期不应早于申请日 %(day)s，现填 %(wished)s", day=on, wished=form.wished_on
        )
        yield Problem("wished_on", why)


def _loads(form: ApplicationForm) -> Iterator[Problem]:
    names = [line.name.strip() for line in form.loads]
    if form.supply_kind in (SupplyKind.HV_SINGLE, SupplyKind.HV_DUAL) and not names:
        yield Problem("loads", Phrase("高压用电应填写用电设备清单，至少一行"))
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem("loads", Phrase("用电设备“%(name)s”只应出现一次", name=name))
    for row, line in enumerate(form.loads, start=1):
        if not line.name.strip():
            yield Problem("loads", Phrase("应填写设备名称"), row)
        if line.count <= 0 or line.rated_kw <= 0:
            yield Problem("loads", Phrase("的台数和单台容量都应大于 0"), row)
        if not (0 < line.demand_factor <= 1 and 0 < line.power_factor <= 1):
            yield Problem("loads", Phrase("的需用系数和功率因数应大于 0 且不大于 1"), row)
