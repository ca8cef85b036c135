"""What can be done with the works of an application where no process leads it there."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from busbar.access.permissions import Permission
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import ContractorRole, InspectionKind, Verdict
from busbar.connections.operations import AsBuilt, DesignRemark, RecheckAnswer
from busbar.connections.steps.answers import employee_ids
from busbar.console.acts import (
    Act,
    ActForm,
    DayField,
    Doing,
    FilesField,
    PhotosField,
    paragraph,
)
from busbar.kit.periods import local_date


class ChoiceForm(ActForm):
    """The customer's choice, recorded for it with its signed statement."""

    role = forms.ChoiceField(label=_("作为"), choices=ContractorRole.choices)
    contractor = forms.ChoiceField(
        label=_("单位"), help_text=_("当日具备资质的单位全部列出，按中立顺序排列")
    )
    chosen_by = forms.CharField(label=_("客户方选择人"), max_length=50)
    free_choice_confirmed = forms.BooleanField(label=_("客户确认系自主选择，供电企业未指定"))
    declaration = FilesField(label=_("客户签字的自主选择声明"))

    def fit(self, doing: Doing) -> None:
        """Every firm that may do any of the works, in the neutral order of its role."""
        on = local_date(doing.at)
        offers = [
            connections_queries.offer_contractors(doing.subject, role=role, on=on)
            for role in ContractorRole
        ]
        self.fields["contractor"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (str(entry.contractor.pk), f"{offer.role.label}：{entry.contractor.name}")
            for offer in offers
            for entry in offer.entries
        ]


class DesignForm(ActForm):
    """The designer's papers."""

    title = forms.CharField(label=_("设计文件名称"), max_length=200)
    submitted_by = forms.CharField(label=_("送审人"), max_length=50)
    papers = FilesField(label=_("设计文件"))


class VerdictForm(ActForm):
    """Whether the design holds."""

    verdict = forms.ChoiceField(
        label=_("审查结论"), choices=Verdict.choices, widget=forms.RadioSelect
    )
    opinion = forms.CharField(label=_("审查意见"), widget=paragraph())


class RemarkRow(forms.Form):
    """What the design lacks."""

    clause = forms.CharField(label=_("依据条款"), max_length=200)
    description = forms.CharField(label=_("问题"), max_length=500)


class StartForm(ActForm):
    """开工报告."""

    started_on = DayField(label=_("开工日期"))
    planned_until = DayField(label=_("计划竣工"), required=False)
    supervisor_name = forms.CharField(label=_("现场负责人"), max_length=50)
    supervisor_phone = forms.CharField(label=_("电话"), max_length=30)
    papers = FilesField(label=_("开工资料"), required=False)


class RequestForm(ActForm):
    """The customer asks for an inspection."""

    kind = forms.ChoiceField(label=_("检查类别"), choices=InspectionKind.choices)
    part = forms.CharField(label=_("部位"), max_length=200, required=False)
    requested_by = forms.CharField(label=_("申请人"), max_length=50)


class RectifyForm(ActForm):
    """What was done about a finding."""

    measure = forms.CharField(label=_("整改措施"), max_length=500, widget=paragraph(2))
    rectified_by = forms.CharField(label=_("整改人"), max_length=50)
    evidence = FilesField(label=_("整改后的照片或资料"))


class RecheckForm(ActForm):
    """Another look at what is said to be right."""

    is_passed = forms.ChoiceField(
        label=_("复查结论"),
        choices=[("yes", _("合格")), ("no", _("仍不合格"))],
        widget=forms.RadioSelect,
    )
    inspectors = forms.CharField(label=_("复查人员工号"), help_text=_("不少于两人，用顿号分开"))
    note = forms.CharField(label=_("复查意见"), required=False, widget=paragraph(2))
    rectify_by = DayField(label=_("新的整改期限（仍不合格时）"), required=False)
    photos = PhotosField(label=_("复查照片"), required=False)


class CompletionForm(ActForm):
    """竣工报验."""

    finished_on = DayField(label=_("竣工日期"))
    reported_by = forms.CharField(label=_("报验人"), max_length=50)
    summary = forms.CharField(label=_("工程概况"), required=False, widget=paragraph())
    report = FilesField(label=_("竣工报告"))


class BuiltRow(forms.Form):
    """A transformer as built."""

    label = forms.CharField(label=_("编号"), max_length=20)
    capacity_kva = forms.IntegerField(label=_("容量 kVA"), min_value=1)
    model = forms.CharField(label=_("型号"), max_length=50, required=False)
    interlock_group = forms.CharField(label=_("联锁组"), max_length=20, required=False)


def _choose(doing: Doing) -> None:
    data = dict(doing.data)
    contractor = int(data.pop("contractor"))
    connections_operations.choose_contractor(
        application_id=doing.subject.pk,
        contractor_id=contractor,
        **data,
        by=doing.viewer,
        at=doing.at,
    )


def _submit_design(doing: Doing) -> None:
    data = dict(doing.data)
    papers = data.pop("papers")
    connections_operations.submit_design(
        application_id=doing.subject.pk, files=papers, **data, by=doing.viewer, at=doing.at
    )


def _review_design(doing: Doing) -> None:
    review = connections_operations.review_design(
        review_id=doing.row_id,
        **doing.data,
        findings=[DesignRemark(**row) for row in doing.rows],
        by=doing.viewer,
        at=doing.at,
    )
    connections_operations.issue_design_review_paper(
        review_id=review.pk, by=doing.viewer, at=doing.at
    )


def _start(doing: Doing) -> None:
    data = dict(doing.data)
    papers = data.pop("papers")
    connections_operations.report_work_start(
        application_id=doing.subject.pk, files=papers, **data, by=doing.viewer, at=doing.at
    )


def _request(doing: Doing) -> None:
    connections_operations.request_inspection(
        application_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


def _rectify(doing: Doing) -> None:
    connections_operations.rectify_finding(
        finding_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _recheck(doing: Doing) -> None:
    data = doing.data
    connections_operations.recheck_finding(
        finding_id=doing.row_id,
        answer=RecheckAnswer(
            data["is_passed"] == "yes", data["note"], data["rectify_by"], data["photos"]
        ),
        inspector_ids=employee_ids(data["inspectors"]),
        by=doing.viewer,
        at=doing.at,
    )


def _complete(doing: Doing) -> None:
    connections_operations.report_completion(
        application_id=doing.subject.pk,
        **doing.data,
        transformers=[AsBuilt(**row) for row in doing.rows],
        by=doing.viewer,
        at=doing.at,
    )


_ACCEPT, _INSPECT = (Permission.ACCEPT_APPLICATIONS,), (Permission.INSPECT_WORKS,)

WORKS_ACTS: dict[str, Act] = {
    "contractor": Act(
        _("登记客户选择的单位"), _choose, _ACCEPT, ChoiceForm, said=_("选择已登记"),
        icon="users-plus",
    ),
    "submit_design": Act(
        _("设计送审"), _submit_design, _ACCEPT, DesignForm, said=_("设计文件已送审"),
        icon="file-upload",
    ),
    "review_design": Act(
        _("审查设计"), _review_design, _INSPECT, VerdictForm, rows=RemarkRow,
        rows_label=_("审查发现的问题（一次提出）"), said=_("审查意见已出具"), icon="file-check",
        is_first=True,
    ),
    "start": Act(_("报开工"), _start, _ACCEPT, StartForm, said=_("开工已登记"), icon="crane"),
    "request": Act(
        _("申请检查"), _request, _ACCEPT, RequestForm, said=_("检查申请已登记"),
        icon="calendar-plus",
    ),
    "rectify": Act(
        _("登记整改"), _rectify, _ACCEPT, RectifyForm, said=_("整改已登记，待复查"), icon="tool"
    ),
    "recheck": Act(
        _("复查"), _recheck, _INSPECT, RecheckForm, said=_("复查已登记"), icon="eye-check"
    ),
    "complete": Act(
        _("竣工报验"), _complete, _ACCEPT, CompletionForm, rows=BuiltRow,
        rows_label=_("竣工的受电变压器"), said=_("竣工报验已登记"), icon="flag",
    ),
}  # fmt: skip
