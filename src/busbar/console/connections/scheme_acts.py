"""What can be done on the page of a scheme: compute, choose, except, extend, object."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from busbar.access.permissions import Permission
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import ConnectionApplication, ExtensionState, SchemeAlternative
from busbar.connections.operations import DescribedAlternative
from busbar.connections.scheme_facts import Assumptions, Way, surveyed_ways
from busbar.console.acts import Act, ActForm, DayField, Doing, blank_or, paragraph
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month

WAYS = (("feeder", _("馈线")), ("substation", _("变电站（专线）")))
_DEFAULTS = Assumptions()


class StudyForm(ActForm):
    """What the officer adds to the registers."""

    horizon_years = forms.IntegerField(label=_("规划年限（年）"), min_value=0, max_value=30)
    simultaneity = forms.DecimalField(
        label=_("同时系数"), min_value=Decimal("0.1"), max_value=1, decimal_places=3
    )
    target_power_factor = forms.DecimalField(
        label=_("补偿后功率因数"), min_value=Decimal("0.5"), max_value=1, decimal_places=3
    )
    power_factor_standard = forms.ChoiceField(
        label=_("功率因数标准"),
        required=False,
        choices=[("", _("不考核")), ("0.90", "0.90"), ("0.85", "0.85"), ("0.80", "0.80")],
    )
    region = forms.CharField(
        label=_("电价地区"), required=False, max_length=50, help_text=_("不填则取本单位合同的地区")
    )
    first_month = forms.CharField(
        label=_("测算起始月"),
        required=False,
        widget=forms.TextInput(attrs={"type": "month"}),
        help_text=_("不填则从本月起算一年"),
    )

    def fit(self, doing: Doing) -> None:
        """Begin with what the last study assumed."""
        last = _last_assumptions(doing.subject)
        for name in self.fields:
            value = last.get(name, getattr(_DEFAULTS, name))
            self.initial.setdefault(name, "" if value is None else value)

    def clean_first_month(self) -> Month | None:
        """A month, or nothing."""
        try:
            return Month.parse(text) if (text := self.cleaned_data["first_month"]) else None
        except ValueError:
            raise forms.ValidationError(str(_("月份应为 YYYY-MM"))) from None


class WayRow(forms.Form):
    """A feeder or substation from which the site could be supplied."""

    kind = forms.ChoiceField(label=_("来源"), choices=blank_or(WAYS))
    code = forms.CharField(label=_("编码"), max_length=40)
    km = forms.DecimalField(label=_("距离 km"), min_value=0, max_digits=8, decimal_places=3)
    at_km = forms.DecimalField(
        label=_("T 接点在主干 km"), min_value=0, max_digits=8, decimal_places=3, required=False
    )


class DescribedRow(forms.Form):
    """An alternative written down by hand: low voltage and temporary supply."""

    name = forms.CharField(label=_("方案名称"), max_length=100)
    voltage_kv = forms.DecimalField(label=_("电压 kV"), min_value=Decimal("0.1"), decimal_places=2)
    capacity_kva = forms.IntegerField(label=_("容量 kVA"), min_value=1)
    source = forms.CharField(label=_("馈线编码或接入点"), max_length=100)
    investment_yuan = forms.DecimalField(label=_("投资 元"), min_value=0, decimal_places=2)
    construction_days = forms.IntegerField(label=_("工期 天"), min_value=1, max_value=2000)


class ChooseForm(ActForm):
    """One of the alternatives, and why."""

    alternative = forms.ChoiceField(label=_("选定的方案"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("选定理由"), max_length=1000, widget=paragraph())

    def fit(self, doing: Doing) -> None:
        """The alternatives of the round in hand; the recommended one first marked."""
        rows = _alternatives(doing.subject)
        self.fields["alternative"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (str(row.pk), f"{row.ordinal} {row.name}") for row in rows
        ]
        if rows:
            scheme = rows[0].scheme
            best = scheme.comparison.get("recommended")
            marked = scheme.chosen_id or next((r.pk for r in rows if r.ordinal == best), None)
            self.initial.setdefault("alternative", str(marked or ""))


class ExceptionForm(ActForm):
    """A check that failed, let pass for a reason."""

    check = forms.ChoiceField(label=_("不合格的校核项"))
    reason = forms.CharField(label=_("批准理由"), max_length=1000, widget=paragraph())

    def fit(self, doing: Doing) -> None:
        """Every failed mandatory check that was not excepted yet."""
        self.fields["check"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (f"{row.pk}|{check['code']}", f"{row.ordinal} {row.name}：{check['name']}")
            for row in _alternatives(doing.subject)
            for check in row.checks
            if check["verdict"] == "fail"
            and check["is_mandatory"]
            and check["code"] not in {e.check_code for e in row.exceptions.all()}
        ]


class ExtensionForm(ActForm):
    """The customer asks for more time."""

    reason = forms.CharField(label=_("延期理由"), max_length=500, widget=paragraph())
    until = DayField(
        label=_("延长到（最后一日）"),
        required=False,
        help_text=_("不填则延长到规定的最长期限"),
    )


class GrantForm(ActForm):
    """The extension is granted."""

    remark = forms.CharField(label=_("答复意见"), max_length=500, widget=paragraph())


class RefuseForm(ActForm):
    """The extension is refused, by a clause."""

    reason = forms.CharField(label=_("不予延期的理由"), max_length=500, widget=paragraph())
    clause = forms.CharField(label=_("依据的条款"), max_length=300)


class ObjectionForm(ActForm):
    """What the customer objects to."""

    objection = forms.CharField(label=_("异议内容"), max_length=1000, widget=paragraph())


def _alternatives(application: ConnectionApplication) -> list[SchemeAlternative]:
    rows = SchemeAlternative.objects.filter(scheme__application=application, scheme__state="draft")
    return list(rows.select_related("scheme").prefetch_related("exceptions").order_by("ordinal"))


def _last_assumptions(application: ConnectionApplication) -> dict[str, Any]:
    latest = application.schemes.exclude(assumptions={}).order_by("-round").first()
    return dict(latest.assumptions) if latest else {}


def _first_ways(doing: Doing) -> list[dict[str, Any]]:
    """The ways of the last study, else the feeders that the joint survey found."""
    last = _last_assumptions(doing.subject)
    if last:
        return [
            {"kind": kind, **way}
            for kind, name in (("feeder", "feeders"), ("substation", "substations"))
            for way in last.get(name, [])
        ]
    return [
        {"kind": "feeder", "code": w.code, "km": w.km, "at_km": w.at_km}
        for w in surveyed_ways(doing.subject)
    ]


def _ways(doing: Doing, kind: str) -> tuple[Way, ...]:
    return tuple(
        Way(row["code"].strip(), row["km"], row["at_km"])
        for row in doing.rows
        if row["kind"] == kind
    )


def _study(doing: Doing) -> None:
    data = doing.data
    standard = data["power_factor_standard"]
    connections_operations.study_alternatives(
        application_id=doing.subject.pk,
        assumptions=Assumptions(
            feeders=_ways(doing, "feeder"),
            substations=_ways(doing, "substation"),
            horizon_years=data["horizon_years"],
            simultaneity=data["simultaneity"],
            target_power_factor=data["target_power_factor"],
            power_factor_standard=Decimal(standard) if standard else None,
            region=data["region"],
            first_month=data["first_month"],
        ),
        by=doing.viewer,
        at=doing.at,
    )


def _describe(doing: Doing) -> None:
    rows = [
        DescribedAlternative(
            name=row["name"],
            voltage_kv=row["voltage_kv"],
            capacity_kva=row["capacity_kva"],
            sources=[{"role": "main", "feeder_code": row["source"], "feeder_name": row["source"]}],
            investment_yuan=row["investment_yuan"],
            construction_days=row["construction_days"],
        )
        for row in doing.rows
    ]
    connections_operations.describe_alternatives(
        application_id=doing.subject.pk, alternatives=rows, by=doing.viewer, at=doing.at
    )


def _choose(doing: Doing) -> None:
    connections_operations.choose_alternative(
        alternative_id=int(doing.data["alternative"]),
        reason=doing.data["reason"],
        by=doing.viewer,
        at=doing.at,
    )


def _except(doing: Doing) -> None:
    key, _bar, code = doing.data["check"].partition("|")
    connections_operations.grant_exception(
        alternative_id=int(key),
        check_code=code,
        reason=doing.data["reason"],
        by=doing.viewer,
        at=doing.at,
    )


def _request_extension(doing: Doing) -> str:
    """A request that came too late is entered and refused at once: the page says so."""
    extension = connections_operations.request_extension(
        scheme_id=_current(doing), **doing.data, by=doing.viewer, at=doing.at
    )
    if extension.state == ExtensionState.REFUSED:
        return _g("延期申请已登记，不予延期：%(answer)s") % {"answer": extension.answer}
    return _g("延期申请已登记，待答复")


def _grant(doing: Doing) -> None:
    connections_operations.grant_extension(
        extension_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _refuse(doing: Doing) -> None:
    connections_operations.refuse_extension(
        extension_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _object(doing: Doing) -> None:
    connections_operations.object_to_scheme(
        scheme_id=_current(doing), **doing.data, by=doing.viewer, at=doing.at
    )


class NoSchemeInForce(Refusal):
    """There is no round that this could be about."""


def _current(doing: Doing) -> int:
    scheme = connections_queries.get_current_scheme(doing.viewer, doing.subject.pk)
    if scheme is None:
        raise NoSchemeInForce(str(_("没有正在执行的供电方案")))
    return scheme.pk


_DESIGN, _APPROVE = (Permission.DESIGN_SCHEMES,), (Permission.APPROVE_SCHEMES,)
_TAKE_IN = (Permission.ACCEPT_APPLICATIONS,)

ACTS: dict[str, Act] = {
    "study": Act(
        _("比选"),
        _study,
        _DESIGN,
        StudyForm,
        rows=WayRow,
        rows_label=_("可用的馈线和变电站（都不填则取现场勘察的候选线路）"),
        first_rows=_first_ways,
        said=_("比选已完成"),
        icon="calculator",
        slow=_("正在计算潮流、N-1 和电费，约需几秒…"),
        is_first=True,
    ),
    "describe": Act(
        _("手工填写方案"),
        _describe,
        _DESIGN,
        rows=DescribedRow,
        rows_label=_("低压和临时用电不做潮流比选，逐个写明"),
        said=_("方案已填写"),
    ),
    "choose": Act(
        _("选定方案"), _choose, _DESIGN, ChooseForm, said=_("方案已选定"), icon="check",
        is_first=True,
    ),
    "except": Act(
        _("批准例外"), _except, _APPROVE, ExceptionForm, said=_("例外已批准"), icon="shield-check"
    ),
    "extend": Act(
        _("申请延期"), _request_extension, _TAKE_IN, ExtensionForm, said=_("延期申请已登记"),
        icon="calendar-plus",
    ),
    "grant": Act(_("同意延期"), _grant, _APPROVE, GrantForm, said=_("延期已同意"), icon="check"),
    "refuse": Act(_("不予延期"), _refuse, _APPROVE, RefuseForm, said=_("已答复不予延期"), icon="x"),
    "object": Act(
        _("登记客户异议"), _object, _TAKE_IN, ObjectionForm, said=_("异议已登记"), icon="message"
    ),
}  # fmt: skip
