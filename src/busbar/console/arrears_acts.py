"""What can be done with a dunning case beside the steps of its process: pause, go on, report."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from busbar.access.permissions import Permission
from busbar.arrears import operations as arrears_operations
from busbar.arrears.models import PauseKind
from busbar.console.acts import Act, ActForm, DayField, Doing, paragraph
from busbar.console.money_forms import ReasonForm
from busbar.console.outage_acts import ReportForm

_MAY = (Permission.COLLECT_ARREARS,)


class PauseForm(ActForm):
    """Why and until when a case stands still."""

    kind = forms.ChoiceField(label=_("类别"), choices=PauseKind.choices)
    until = DayField(
        label=_("约定缴清之日"), required=False, help_text=_("分期缴费协议必填；异议至答复为止")
    )
    reason = forms.CharField(label=_("原因"), max_length=300, widget=paragraph(2))


def _do(doing: Doing, *, act: Any) -> None:
    act(number=doing.subject.number, by=doing.viewer, at=doing.at, **doing.data)


CASE_ACTS: dict[str, Act] = {
    "pause": Act(
        _("暂缓"), partial(_do, act=arrears_operations.pause_case), _MAY, PauseForm,
        said=_("已暂缓"), icon="player-pause", note=_("暂缓期间不停电；协议到期次日自动恢复催费"),
    ),
    "resume": Act(
        _("结束暂缓"), partial(_do, act=arrears_operations.end_pause), _MAY, ReasonForm,
        said=_("催费继续"), icon="player-play", is_first=True,
    ),
    "report": Act(
        _("登记抄报"), partial(_do, act=arrears_operations.report_to_authority), _MAY, ReportForm,
        icon="file-certificate",
    ),
}  # fmt: skip
