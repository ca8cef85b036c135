"""Writing down an inspection on site: it completes the process's task, or stands by itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from busbar.access.permissions import Permission
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import Inspection, Severity, Verdict
from busbar.connections.operations import InspectionOutcome, SeenFinding
from busbar.connections.steps.answers import employee_ids
from busbar.console.acts import (
    Act,
    ActForm,
    DayField,
    Doing,
    MomentField,
    PhotosField,
    blank_or,
    paragraph,
)
from busbar.kit.periods import CHINA, local_date
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import UserTask
from busbar.workflow.operations import FileUpload

_FORMS = {"interim": "interim_inspection", "completion": "completion_inspection"}
_TEST = "test-"


class HoldForm(ActForm):
    """What the inspectors bring home."""

    held_at = MomentField(label=_("检查时间"))
    inspectors = forms.CharField(label=_("检查人员工号"), help_text=_("不少于两人，用顿号分开"))
    witness = forms.CharField(label=_("客户方在场人"), max_length=50, required=False)
    opinion = forms.CharField(label=_("检查意见"), widget=paragraph())
    photos = PhotosField(label=_("现场照片"), required=False)

    def fit(self, doing: Doing) -> None:
        """Now, on the spot, and a field for each test of the list."""
        self.initial.setdefault("held_at", doing.at.astimezone(CHINA).replace(tzinfo=None))
        inspection: Inspection = doing.subject
        for item in connections_queries.list_inspection_items(
            kind=inspection.kind,
            supply_kind=inspection.application.supply_kind,
            on=local_date(doing.at),
        ):
            if item.is_test:
                self.fields[f"{_TEST}{item.code}"] = forms.DecimalField(
                    label=f"{item.title} {item.unit}",
                    required=False,
                    help_text=_limits(item.minimum, item.maximum),
                    decimal_places=4,
                )


class FoundRow(forms.Form):
    """A problem found."""

    severity = forms.ChoiceField(label=_("程度"), choices=blank_or(Severity.choices))
    clause = forms.CharField(label=_("依据条款"), max_length=200)
    description = forms.CharField(label=_("问题"), max_length=500, widget=paragraph(2))
    rectify_by = DayField(label=_("整改期限"))
    photos = PhotosField(label=_("问题照片"), required=False)


def _limits(least: Decimal | None, most: Decimal | None) -> str:
    if least is not None and most is not None:
        return _g("应在 %(least)s 至 %(most)s") % {"least": f"{least:g}", "most": f"{most:g}"}
    if least is not None:
        return _g("不小于 %(least)s") % {"least": f"{least:g}"}
    return _g("不大于 %(most)s") % {"most": f"{most:g}"} if most is not None else ""


def _hold(doing: Doing) -> str:
    task = _waiting_task(doing)
    if task is not None:
        _complete(doing, task)
    else:
        _hold_alone(doing)
    held = Inspection.objects.get(pk=doing.subject.pk)
    return _g("检查已登记：%(verdict)s") % {"verdict": Verdict(held.verdict).label}


def _waiting_task(doing: Doing) -> UserTask | None:
    application = doing.subject.application
    tasks = connections_queries.list_waiting_tasks(doing.viewer, application)
    return tasks.filter(form=_FORMS[doing.subject.kind]).first()


def _measured(doing: Doing) -> dict[str, Decimal]:
    return {
        name.removeprefix(_TEST): value
        for name, value in doing.data.items()
        if name.startswith(_TEST) and value is not None
    }


def _hold_alone(doing: Doing) -> None:
    data = doing.data
    held = connections_operations.hold_inspection(
        inspection_id=doing.subject.pk,
        outcome=InspectionOutcome(
            inspector_ids=employee_ids(data["inspectors"]),
            held_at=data["held_at"],
            opinion=data["opinion"],
            witness=data["witness"],
            findings=[SeenFinding(**row) for row in doing.rows],
            measured=_measured(doing),
            files=data["photos"],
        ),
        by=doing.viewer,
        at=doing.at,
    )
    connections_operations.issue_inspection_paper(
        inspection_id=held.pk, by=doing.viewer, at=doing.at
    )


def _complete(doing: Doing, task: UserTask) -> None:
    """The task's own handler holds the inspection and issues its paper."""
    data = doing.data
    measured = _measured(doing)
    photos = [*data["photos"], *(photo for row in doing.rows for photo in row["photos"])]
    answers: dict[str, Any] = {
        "outcome": _outcome(doing, measured),
        "held_at": f"{data['held_at'].astimezone(CHINA):%Y-%m-%dT%H:%M}",
        "inspectors": data["inspectors"],
        "opinion": data["opinion"],
        "witness": data["witness"],
        "findings": [
            {k: str(row[k]) for k in ("severity", "clause", "description", "rectify_by")}
            for row in doing.rows
        ],
    }
    if measured:
        answers["measured"] = [{"code": k, "value": str(v)} for k, v in measured.items()]
    workflow_operations.complete_task(
        task_id=task.pk,
        data=answers,
        files=[FileUpload("photos", photo.name, [photo.content]) for photo in photos],
        viewer=doing.viewer,
        at=doing.at,
    )


def _outcome(doing: Doing, measured: dict[str, Decimal]) -> str:
    """What follows from the findings and the values; nobody chooses a verdict against them."""
    if doing.rows:
        return str(Verdict.RETURNED)
    items = connections_queries.list_inspection_items(
        kind=doing.subject.kind,
        supply_kind=doing.subject.application.supply_kind,
        on=local_date(doing.data["held_at"]),
    )
    for item in items:
        value = measured.get(item.code)
        low = value is not None and item.minimum is not None and value < item.minimum
        high = value is not None and item.maximum is not None and value > item.maximum
        if item.is_test and (low or high):
            return str(Verdict.RETURNED)
    return str(Verdict.PASSED)


HOLD = Act(
    _("提交检查结果"),
    _hold,
    (Permission.INSPECT_WORKS,),
    HoldForm,
    rows=FoundRow,
    rows_label=_("发现的问题（没有则不填）"),
    icon="clipboard-check",
    is_first=True,
    slow=_("正在上传照片…"),
)
