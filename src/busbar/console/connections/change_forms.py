"""The form of a change: what its kind needs and no more (operations/changes/requirements.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from busbar.connections.models import ChangeKind
from busbar.connections.queries import changes as change_queries
from busbar.connections.queries.changes import Judgement, Wish
from busbar.connections.queries.charge_changes import CHARGE_KINDS, earliest_start
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import local_date
from busbar.pricing.models import TariffCategory
from busbar.supply.models import BasicChargeMode, RunningState, UsagePoint

_K = ChangeKind
FIELDS: dict[ChangeKind, tuple[str, ...]] = {
    _K.CAPACITY_REDUCTION: (
        "starts_on", "ends_on", "transformers", "number", "model", "capacity_kva",
    ),
    _K.CAPACITY_RESTORATION: ("starts_on",),
    _K.SUSPENSION: ("starts_on", "ends_on", "transformers"),
    _K.SUSPENSION_END: ("starts_on",),
    _K.TEMPORARY_REPLACEMENT: (
        "starts_on", "ends_on", "transformers", "number", "model", "capacity_kva",
    ),
    _K.REPLACEMENT_END: ("starts_on",),
    _K.RELOCATION: ("starts_on", "new_address"),
    _K.METER_RELOCATION: ("starts_on", "usage_point", "position"),
    _K.TEMPORARY_REMOVAL: ("starts_on", "ends_on"),
    _K.REINSTALLATION: ("starts_on",),
    _K.RENAMING: ("starts_on", "new_name"),
    _K.TRANSFER: ("starts_on", "new_customer"),
    _K.SPLIT: ("starts_on", "new_name", "usage_points", "transformers"),
    _K.MERGER: ("starts_on", "into_account"),
    _K.CLOSURE: ("starts_on",),
    _K.VOLTAGE_CHANGE: ("starts_on", "voltage_kv"),
    _K.CATEGORY_CHANGE: ("starts_on", "tariff_code", "tariff_category", "agreement_number"),
    _K.CHARGE_MODE_CHANGE: (
        "basic_charge_mode", "contract_demand_kw", "starts_on", "agreement_number",
    ),
    _K.CONTRACT_DEMAND_CHANGE: ("contract_demand_kw", "starts_on", "agreement_number"),
}  # fmt: skip
"""Besides the conditions to confirm and the reason, which every kind has."""

_GROUPS: tuple[tuple[str | Promise, tuple[ChangeKind, ...]], ...] = (
    (
        _("容量"),
        (
            _K.CAPACITY_REDUCTION, _K.CAPACITY_RESTORATION, _K.SUSPENSION, _K.SUSPENSION_END,
            _K.TEMPORARY_REPLACEMENT, _K.REPLACEMENT_END,
        ),
    ),
    (_("位置"), (_K.RELOCATION, _K.METER_RELOCATION, _K.TEMPORARY_REMOVAL, _K.REINSTALLATION)),
    (_("户与名"), (_K.RENAMING, _K.TRANSFER, _K.SPLIT, _K.MERGER, _K.CLOSURE)),
    (
        _("供电与电价"),
        (
            _K.VOLTAGE_CHANGE, _K.CATEGORY_CHANGE, _K.CHARGE_MODE_CHANGE,
            _K.CONTRACT_DEMAND_CHANGE,
        ),
    ),
)  # fmt: skip

_CHOSEN = frozenset({"transformers", "usage_points", "usage_point", "starts_on", "ends_on"})
_PROVEN_BY_ARCHIVE = frozenset(
    {
        "reduced_before",
        "suspended_before",
        "removed_before",
        "replaced_before",
        "capacity_not_above",
        "same_capacity",
        "capacity_stopped",
    }
)
"""Conditions that the archive itself answers: nobody can confirm them by hand."""


def groups() -> list[tuple[str | Promise, list[tuple[str, str]]]]:
    """The kinds as a clerk looks for them."""
    return [(label, [(k.value, str(k.label)) for k in kinds]) for label, kinds in _GROUPS]


def proven(judged: Judgement, wish: Wish) -> frozenset[str]:
    """The rule's conditions that are not to be confirmed: the archive speaks for them."""
    return frozenset(judged.rule.conditions) & _PROVEN_BY_ARCHIVE


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ChangeForm(forms.Form):
    """A change as it is typed; the fields of other kinds are not there at all."""

    starts_on = forms.DateField(label=_("生效日期"), widget=_day())
    ends_on = forms.DateField(
        label=_("恢复日期"),
        required=False,
        widget=_day(),
        help_text=_("当日起恢复计费；永久性的不填"),
    )
    transformers = forms.MultipleChoiceField(label=_("变压器"), required=False)
    number = forms.CharField(label=_("换上变压器的编号"), max_length=40)
    model = forms.CharField(label=_("型号"), max_length=60, required=False)
    capacity_kva = forms.IntegerField(label=_("换上变压器的容量 kVA"), min_value=1)
    new_address = forms.CharField(label=_("新址"), max_length=300)
    usage_point = forms.ChoiceField(label=_("计量点"))
    position = forms.CharField(label=_("新的安装位置"), max_length=200)
    new_name = forms.CharField(label=_("新名称"), max_length=200)
    new_customer = forms.CharField(label=_("新客户编号"), max_length=20)
    usage_points = forms.MultipleChoiceField(label=_("分给新户的计量点"), required=False)
    into_account = forms.CharField(label=_("并入的户号"), max_length=30)
    voltage_kv = forms.DecimalField(
        label=_("新的供电电压 kV"), max_digits=6, decimal_places=2, min_value=0
    )
    tariff_code = forms.CharField(label=_("新的电价编码"), max_length=40)
    tariff_category = forms.ChoiceField(label=_("新的用电类别"), choices=TariffCategory.choices)
    basic_charge_mode = forms.ChoiceField(
        label=_("新的计收方式"),
        choices=[each for each in BasicChargeMode.choices if each[0] != BasicChargeMode.NONE],
    )
    contract_demand_kw = forms.IntegerField(label=_("合同最大需量 kW"), min_value=1)
    agreement_number = forms.CharField(label=_("新合同编号"), max_length=40)
    reason = forms.CharField(label=_("客户申请理由"), max_length=300, required=False)

    def __init__(
        self,
        data: QueryDict | None,
        *,
        account: CustomerAccount,
        kind: ChangeKind,
        initial: dict[str, Any] | None = None,
    ) -> None:
        """Keep the fields of the kind and offer what the account has; `initial` is a proposal."""
        super().__init__(data, initial=initial)
        self.kind, self.names = kind, (*FIELDS[kind], "reason")
        for name in set(self.fields) - set(self.names):
            del self.fields[name]
        self.order_fields(self.names)
        if "transformers" in self.fields:
            self._offer("transformers", _transformers(account))
        points = UsagePoint.objects.filter(account=account).order_by("number")
        for name in {"usage_point", "usage_points"} & set(self.fields):
            self._offer(name, [(p.number, f"{p.number} {p.name}") for p in points])
        if kind == ChangeKind.CAPACITY_REDUCTION:
            self._ask_for_smaller()
        if kind in CHARGE_KINDS:
            self._say_earliest(account)
        if kind == ChangeKind.SPLIT:
            self.fields["new_name"].label = _("新户名称")
            self.fields["transformers"].label = _("随之划出的变压器")

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined] # a choice field

    def _ask_for_smaller(self) -> None:
        """A reduction may exchange the transformer chosen for a smaller one."""
        self.fields["number"].help_text = _("更换为较小变压器时填写；只停用的不填")
        for name in ("number", "capacity_kva"):
            self.fields[name].required = False

    def _say_earliest(self, account: CustomerAccount) -> None:
        """Propose the first month that an application of today can reach."""
        if self.kind == ChangeKind.CHARGE_MODE_CHANGE:
            self.fields["contract_demand_kw"].required = False
            self.fields["contract_demand_kw"].help_text = _("改为按合同最大需量时填写")
        today = local_date(timezone.now())
        switch = earliest_start(account, self.kind, asked_on=today)
        if switch is not None:
            self.initial.setdefault("starts_on", switch.on)
            words = gettext("现在申请，最早可自 %(day)s 起")
            self.fields["starts_on"].help_text = words % {"day": f"{switch.on:%Y-%m-%d}"}

    @property
    def has_start(self) -> bool:
        """Whether the first day can be read, so that a rule can be looked up for it."""
        return "starts_on" in self._read()

    def wish(self) -> Wish:
        """The wish of a form that holds."""
        return self._wish(self.cleaned_data)

    def wish_so_far(self, *, default_start: dt.date) -> Wish:
        """What of the form can be read, so that the judgement follows the typing."""
        wish = self._wish({"starts_on": default_start, **self._read()})
        return change_queries.with_facts(wish, self.facts())

    def facts(self) -> dict[str, Any]:
        """What the kind needs besides days and transformers, as the operation takes it."""
        read = self._read()
        found: dict[str, Any] = {
            name: str(read[name])
            for name in self.names
            if name in read and name not in _CHOSEN | {"reason"}
        }
        for name in ("usage_points", "usage_point"):
            if name in read:
                found[name] = read[name]
        return found

    def _read(self) -> dict[str, Any]:
        if not self.is_bound:
            return dict(self.initial)
        self.is_valid()
        return {k: v for k, v in self.cleaned_data.items() if v not in (None, "", [])}

    def _wish(self, read: dict[str, Any]) -> Wish:
        chosen = read.get("transformers") or []
        confirmed = self.data.getlist("confirmed") if isinstance(self.data, QueryDict) else []
        return Wish(
            kind=self.kind,
            starts_on=read["starts_on"],
            ends_on=read.get("ends_on"),
            transformer_ids=tuple(int(key) for key in chosen),
            confirmed=frozenset(confirmed) - _PROVEN_BY_ARCHIVE,
        )


def _transformers(account: CustomerAccount) -> list[tuple[str, str]]:
    """The account's transformers with their state today; removed ones are not offered."""
    today = local_date(timezone.now())
    units = change_queries.running_transformers(account, on=today)
    return [
        (str(key), f"{unit.number} · {unit.capacity_kva:,} kVA · {RunningState(state).label}")
        for key, (unit, state) in units.items()
        if state != RunningState.REMOVED
    ]
