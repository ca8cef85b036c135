"""装表送电: agreement, metering, energising, registration, training, as acts of the works page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from busbar.access.permissions import Permission
from busbar.connections import operations as connections_operations
from busbar.connections.operations import (
    AgreementTerms,
    FittedMeter,
    PlannedPoint,
    Switching,
)
from busbar.connections.operations.closing import Trainee
from busbar.console.acts import (
    Act,
    ActForm,
    DayField,
    Doing,
    FilesField,
    MomentField,
    PhotosField,
    blank_or,
    paragraph,
)
from busbar.pricing.models import PowerFactorStandard, TariffCategory
from busbar.supply.models import BasicChargeMode, MeteringSide


class TermsForm(ActForm):
    """What the parties agree."""

    tariff_code = forms.CharField(label=_("电价编码"), max_length=40)
    tariff_category = forms.ChoiceField(label=_("用电类别"), choices=TariffCategory.choices)
    basic_charge_mode = forms.ChoiceField(
        label=_("基本电费计收方式"), choices=BasicChargeMode.choices
    )
    contract_demand_kw = forms.IntegerField(label=_("合同最大需量 kW"), min_value=1, required=False)
    power_factor_standard = forms.ChoiceField(
        label=_("功率因数标准"), required=False,
        choices=[("", _("不考核")), *PowerFactorStandard.choices],
    )  # fmt: skip


class SignForm(ActForm):
    """Both signatures."""

    signed_on = DayField(label=_("签订日期"))
    customer_signatory = forms.CharField(label=_("用电方签字人"), max_length=50)
    company_signatory = forms.CharField(label=_("供电方签字人"), max_length=50)
    papers = FilesField(label=_("签字的合同"))


class PointRow(forms.Form):
    """A point of the metering plan."""

    name = forms.CharField(label=_("计量点"), max_length=100)
    metering_side = forms.ChoiceField(label=_("计量方式"), choices=blank_or(MeteringSide.choices))
    voltage_kv = forms.DecimalField(label=_("电压 kV"), decimal_places=2)
    ct_ratio = forms.DecimalField(label=_("CT 变比"), min_value=Decimal("0.0001"))
    pt_ratio = forms.DecimalField(label=_("PT 变比"), min_value=Decimal("0.0001"))
    accuracy_class = forms.CharField(label=_("准确度等级"), max_length=10, required=False)
    usage_point_number = forms.CharField(label=_("已有用电点编号"), max_length=40, required=False)


class MeterForm(ActForm):
    """The meter as hung."""

    serial = forms.CharField(label=_("电能表编号"), max_length=30)
    model = forms.CharField(label=_("型号"), max_length=50, required=False)
    ct_ratio = forms.DecimalField(label=_("CT 变比"), min_value=Decimal("0.0001"))
    pt_ratio = forms.DecimalField(label=_("PT 变比"), min_value=Decimal("0.0001"))
    seals = forms.CharField(label=_("封印编号"), help_text=_("用顿号分开"))
    fitted_on = DayField(label=_("装表日期"))
    photos = PhotosField(label=_("照片"), required=False)


class RegisterRow(forms.Form):
    """A register from which the meter starts."""

    reading_type = forms.CharField(label=_("数据项"), max_length=40)
    value = forms.DecimalField(label=_("起始示数"), min_value=0, decimal_places=4)


class SwitchForm(ActForm):
    """The switching as it was done."""

    permit_number = forms.CharField(label=_("送电许可编号"), max_length=40)
    switched_at = MomentField(label=_("操作时间"))
    operator = forms.CharField(label=_("操作人"), max_length=50)
    supervisor = forms.CharField(label=_("监护人"), max_length=50)
    note = forms.CharField(label=_("说明"), max_length=500, required=False, widget=paragraph(2))


class NoticeForm(ActForm):
    """When it is meant to be."""

    energize_at = MomentField(label=_("计划送电时间"))


class RegistrationForm(ActForm):
    """The customer's own contact after energising."""

    contact_name = forms.CharField(label=_("联系人"), max_length=50)
    contact_phone = forms.CharField(label=_("电话"), max_length=30)
    note = forms.CharField(label=_("说明"), max_length=500, required=False)


class TrainingForm(ActForm):
    """A training with its sign-in sheet."""

    topic = forms.CharField(label=_("培训内容"), max_length=200)
    held_on = DayField(label=_("培训日期"))
    place = forms.CharField(label=_("地点"), max_length=200, required=False)
    sign_in_sheet = FilesField(label=_("签到表"))


class AttendeeRow(forms.Form):
    """One person who came."""

    name = forms.CharField(label=_("姓名"), max_length=50)
    position = forms.CharField(label=_("职务"), max_length=50, required=False)
    signed_in = forms.BooleanField(label=_("已签到"), required=False)
    score = forms.IntegerField(label=_("成绩"), min_value=0, max_value=100, required=False)


def _draft(doing: Doing) -> None:
    connections_operations.draft_agreement(
        application_id=doing.subject.pk,
        terms=AgreementTerms(**doing.data),
        by=doing.viewer,
        at=doing.at,
    )
    _print_agreement(doing)


def _sign(doing: Doing) -> None:
    data = dict(doing.data)
    papers = data.pop("papers")
    connections_operations.sign_supply_agreement(
        application_id=doing.subject.pk, files=papers, **data, by=doing.viewer, at=doing.at
    )
    _print_agreement(doing)


def _print_agreement(doing: Doing) -> None:
    connections_operations.issue_agreement_paper(
        application_id=doing.subject.pk, by=doing.viewer, at=doing.at
    )


def _plan(doing: Doing) -> None:
    connections_operations.plan_metering(
        application_id=doing.subject.pk,
        points=[PlannedPoint(**row) for row in doing.rows],
        by=doing.viewer,
        at=doing.at,
    )


def _fit(doing: Doing) -> None:
    data = dict(doing.data)
    seals, photos = data.pop("seals"), data.pop("photos")
    connections_operations.fit_meter(
        plan_id=doing.row_id,
        meter=FittedMeter(
            **data,
            seals=seals.replace("、", " ").split(),
            start_registers=_registers(doing.rows),
            fitted_by=doing.viewer.name,
            files=photos,
        ),
        by=doing.viewer,
        at=doing.at,
    )


def _registers(rows: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    return {row["reading_type"].strip(): row["value"] for row in rows}


def _notify(doing: Doing) -> None:
    connections_operations.issue_energization_paper(
        application_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


def _energize(doing: Doing) -> None:
    connections_operations.energize_supply(
        application_id=doing.subject.pk,
        switching=Switching(**doing.data),
        by=doing.viewer,
        at=doing.at,
    )
    connections_operations.issue_energization_paper(
        application_id=doing.subject.pk, by=doing.viewer, at=doing.at
    )


def _abort(doing: Doing) -> None:
    connections_operations.abort_energization(
        application_id=doing.subject.pk,
        switching=Switching(**doing.data),
        by=doing.viewer,
        at=doing.at,
    )


def _register(doing: Doing) -> None:
    connections_operations.register_supply(
        application_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


def _train(doing: Doing) -> None:
    connections_operations.record_training(
        application_id=doing.subject.pk,
        **doing.data,
        attendees=[Trainee(**row) for row in doing.rows],
        by=doing.viewer,
        at=doing.at,
    )


def _close(doing: Doing) -> None:
    connections_operations.close_application(
        application_id=doing.subject.pk, by=doing.viewer, at=doing.at
    )


_ACCEPT, _ENERGIZE = (Permission.ACCEPT_APPLICATIONS,), (Permission.ENERGIZE,)

COMMISSIONING_ACTS: dict[str, Act] = {
    "draft": Act(
        _("起草合同"), _draft, _ACCEPT, TermsForm, said=_("合同已起草"), icon="file-text"
    ),
    "sign": Act(_("登记签订"), _sign, _ACCEPT, SignForm, said=_("合同已签订"), icon="signature"),
    "plan": Act(
        _("计量方案"), _plan, _ENERGIZE, rows=PointRow, rows_label=_("计量点"),
        said=_("计量方案已确定"), icon="gauge",
    ),
    "fit": Act(
        _("登记装表"), _fit, _ENERGIZE, MeterForm, rows=RegisterRow,
        rows_label=_("起始示数（二次侧）"), said=_("装表已登记"), icon="device-desktop-analytics",
    ),
    "notify": Act(
        _("发送电通知"), _notify, (Permission.ENERGIZE, Permission.ACCEPT_APPLICATIONS), NoticeForm,
        said=_("送电通知已制发"), icon="send",
    ),
    "energize": Act(
        _("登记送电"), _energize, _ENERGIZE, SwitchForm, said=_("已送电，档案已更新"), icon="bolt",
        is_first=True,
    ),
    "abort": Act(_("送电中止"), _abort, _ENERGIZE, SwitchForm, said=_("中止已登记"),
                 icon="bolt-off"),
    "register": Act(
        _("接入注册"), _register, _ACCEPT, RegistrationForm, said=_("注册已登记"), icon="user-check"
    ),
    "train": Act(
        _("登记培训"), _train, _ACCEPT, TrainingForm, rows=AttendeeRow, rows_label=_("参加人员"),
        said=_("培训已登记"), icon="school",
    ),
    "close": Act(_("归档"), _close, _ACCEPT, said=_("已归档"), icon="archive"),
}  # fmt: skip
