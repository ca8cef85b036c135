"""《高压用电申请》 as it is typed: the fields, and the lines of the equipment list."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from secrets import token_hex
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from busbar.connections.forms import LoadLine
from busbar.connections.models import ApplicationKind, IntakeChannel, SupplyKind
from busbar.customers.models import CustomerKind, Importance

MOST_LOADS = 200
_LOAD_COLUMNS = ("name", "count", "rated_kw", "demand_factor", "power_factor")
_MOST = 10_000_000


def _amount(label: Any, *, required: bool = False) -> forms.IntegerField:
    """A whole number of kVA or kW; nothing typed counts as none."""
    initial = None if required else 0
    return forms.IntegerField(
        label=label, required=required, initial=initial, min_value=0, max_value=_MOST
    )


class EntryForm(forms.Form):
    """The fields of the form as they are typed; what the trade asks of them the room checks.

    `load_errors` is what is wrong with the equipment list as a whole.
    """

    def __init__(self, *args: Any, **values: Any) -> None:
        """Begin without errors of the list."""
        super().__init__(*args, **values)
        self.load_errors: list[str] = []

    kind = forms.ChoiceField(label=gettext_lazy("申请类别"), choices=ApplicationKind.choices)
    account_number = forms.CharField(label=gettext_lazy("增容户号"), max_length=30, required=False)
    applicant_name = forms.CharField(label=gettext_lazy("申请人名称"), max_length=200)
    credit_code = forms.CharField(
        label=gettext_lazy("统一社会信用代码"),
        max_length=18,
        required=False,
        help_text=gettext_lazy("受理前须填，用以建立客户档案"),
    )
    customer_kind = forms.ChoiceField(label=gettext_lazy("客户类别"), choices=CustomerKind.choices)
    industry_code = forms.CharField(label=gettext_lazy("行业分类"), max_length=10, required=False)
    importance = forms.ChoiceField(
        label=gettext_lazy("重要性等级"), choices=Importance.choices, initial=Importance.NONE
    )
    contact_name = forms.CharField(label=gettext_lazy("联系人"), max_length=50)
    contact_phone = forms.CharField(label=gettext_lazy("联系电话"), max_length=30)
    contact_email = forms.EmailField(label=gettext_lazy("电子邮箱"), required=False)
    site_name = forms.CharField(label=gettext_lazy("用电地址名称"), max_length=200)
    address = forms.CharField(label=gettext_lazy("用电地址"), max_length=300)
    supply_kind = forms.ChoiceField(label=gettext_lazy("供电类别"), choices=SupplyKind.choices)
    requested_kva = _amount(gettext_lazy("申请容量"), required=True)
    existing_kva = _amount(gettext_lazy("原有容量"))
    wished_voltage_kv = forms.DecimalField(
        label=gettext_lazy("申请电压等级"),
        required=False,
        max_digits=6,
        decimal_places=2,
        min_value=0,
    )
    critical_load_kw = _amount(gettext_lazy("保安负荷"))
    emergency_generator_kw = _amount(gettext_lazy("自备应急电源容量"))
    shifts = forms.IntegerField(label=gettext_lazy("生产班次"), initial=1)
    growth_percent = forms.DecimalField(
        label=gettext_lazy("年负荷增长率"),
        required=False,
        initial=0,
        max_digits=5,
        decimal_places=2,
    )
    wished_on = forms.DateField(label=gettext_lazy("希望用电日期"), required=False)
    temporary_until = forms.DateField(label=gettext_lazy("临时用电截止日期"), required=False)
    purpose = forms.CharField(label=gettext_lazy("用电用途"), max_length=300, required=False)
    channel = forms.ChoiceField(label=gettext_lazy("受理渠道"), choices=IntakeChannel.choices)
    unit = forms.ChoiceField(label=gettext_lazy("受理单位"))


SECTIONS = (
    (
        "applicant",
        gettext_lazy("申请人"),
        (
            "applicant_name",
            "credit_code",
            "customer_kind",
            "industry_code",
            "importance",
            "contact_name",
            "contact_phone",
            "contact_email",
            "site_name",
            "address",
        ),
    ),
    (
        "wish",
        gettext_lazy("用电需求"),
        (
            "supply_kind",
            "requested_kva",
            "existing_kva",
            "wished_voltage_kv",
            "critical_load_kw",
            "emergency_generator_kw",
            "shifts",
            "growth_percent",
            "wished_on",
            "temporary_until",
            "purpose",
        ),
    ),
    ("intake", gettext_lazy("受理"), ("channel", "unit")),
)
"""How the paper form is divided."""


@dataclass
class LoadRow:
    """One line of the equipment list as it was typed, and what is wrong with it."""

    values: dict[str, str] = field(default_factory=dict)
    is_critical: bool = False
    errors: list[str] = field(default_factory=list)
    key: str = field(default_factory=lambda: token_hex(4))

    @property
    def is_blank(self) -> bool:
        """Whether nobody wrote anything that says what it is."""
        return not any(self.values.get(name) for name in ("name", "count", "rated_kw"))


def read_loads(given: QueryDict) -> list[LoadRow]:
    """The lines of the equipment list as typed, blank ones left out."""
    columns = {name: given.getlist(f"load_{name}") for name in _LOAD_COLUMNS}
    critical = set(given.getlist("load_is_critical"))
    keys = given.getlist("load_key")
    rows = []
    for place in range(min(max(map(len, columns.values()), default=0), MOST_LOADS)):
        values = {n: got[place].strip() for n, got in columns.items() if place < len(got)}
        key = keys[place] if place < len(keys) else str(place)
        row = LoadRow(values, key in critical)
        if not row.is_blank:
            rows.append(row)
    return rows


def line_of(row: LoadRow) -> LoadLine | None:
    """The typed line as the declaration has it; None with its errors where it cannot be read."""
    values: dict[str, Any] = {"name": row.values.get("name", "")}
    for name, label in (("count", _("台数")), ("rated_kw", _("单台容量"))):
        values[name] = _figure(row, name, label, default=None)
    for name, label in (("demand_factor", _("需用系数")), ("power_factor", _("功率因数"))):
        values[name] = _figure(row, name, label, default=Decimal(1))
    if row.errors:
        # A stand-in, so that the lines after it keep their numbers.
        return LoadLine(name=row.values.get("name") or "?", count=1, rated_kw=Decimal(1))
    if values["count"] != int(values["count"]):
        row.errors.append(_("台数应为整数"))
    values["count"] = int(values["count"])
    return LoadLine(**values, is_critical=row.is_critical)


def _figure(row: LoadRow, name: str, label: str, *, default: Decimal | None) -> Decimal | None:
    text = row.values.get(name, "")
    if not text and default is not None:
        return default
    try:
        value = Decimal(text)
    except InvalidOperation:
        row.errors.append(
            _("%(label)s“%(text)s”应为数字") % {"label": label, "text": text}
            if text
            else _("%(label)s应填写") % {"label": label}
        )
        return default
    if not value.is_finite() or abs(value) > _MOST:
        row.errors.append(_("%(label)s“%(text)s”超出范围") % {"label": label, "text": text})
        return default
    return value
