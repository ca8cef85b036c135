"""What can be done with a stop on its page, and the form by which one is planned."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from busbar.access.permissions import Permission
from busbar.console.acts import Act, ActForm, Doing, MomentField, paragraph
from busbar.console.money_forms import ReasonForm, UnitForm
from busbar.outages import operations as outages_operations
from busbar.outages.models import OutageKind
from busbar.outages.queries import Scope

_MAY = (Permission.MANAGE_OUTAGES,)
_BETWEEN = re.compile(r"[\s,，、;；]+")
_MOST = 200


class NumbersField(forms.CharField):
    """Several numbers of a register, with spaces, commas or lines between them."""

    def clean(self, value: Any) -> list[str]:
        """Each once, as written."""
        words = [word for word in _BETWEEN.split(super().clean(value) or "") if word]
        if len(words) > _MOST:
            raise forms.ValidationError(_("一次至多 %(most)s 个编号") % {"most": _MOST})
        return list(dict.fromkeys(words))


def _numbers(label: Any) -> NumbersField:
    return NumbersField(label=label, required=False, max_length=5000)


class PlanForm(UnitForm):
    """What stops, why, from when until when; any of the registers' numbers together."""

    kind = forms.ChoiceField(
        label=_("类别"), choices=[c for c in OutageKind.choices if c[0] != OutageKind.ARREARS]
    )
    planned_from = MomentField(label=_("停电时间"))
    planned_until = MomentField(label=_("预计恢复"), required=False)
    substations = _numbers(_("变电站"))
    feeders = _numbers(_("馈线"))
    transformers = _numbers(_("受电变压器"))
    usage_points = _numbers(_("用电点"))
    accounts = _numbers(_("户号"))
    reason = forms.CharField(label=_("停电原因"), max_length=300, widget=paragraph(2))
    authority_report = forms.CharField(label=_("抄报文号"), max_length=60, required=False)
    field_order = (
        "kind", "unit", "planned_from", "planned_until", "substations", "feeders", "transformers",
        "usage_points", "accounts", "authority_report", "reason",
    )  # fmt: skip

    def scope(self) -> Scope:
        """What the checked form says stops."""
        names = ("substations", "feeders", "transformers", "usage_points", "accounts")
        return Scope(**{name: self.cleaned_data[name] for name in names})


class ReportForm(ActForm):
    """The number under which the authority was told."""

    report = forms.CharField(label=_("抄报文号"), max_length=60)


class MomentForm(ActForm):
    """When it was, where that was before now."""

    moment = MomentField(label=_("实际时间"), required=False, help_text=_("不填即现在"))


class ServeForm(ActForm):
    """Who took the notice, by what means, when."""

    person = forms.CharField(label=_("签收人"), max_length=100)
    means = forms.CharField(label=_("送达方式"), max_length=100, initial="当面送达")
    received_at = MomentField(label=_("送达时间"), required=False, help_text=_("不填即现在"))


def _common(doing: Doing) -> dict[str, Any]:
    return {"number": doing.subject.number, "by": doing.viewer, "at": doing.at}


def _plain(doing: Doing, *, act: Any) -> None:
    """Announce, or note that the cause is gone."""
    act(**_common(doing))


def _begin(doing: Doing) -> None:
    outages_operations.begin_outage(begun_at=_moment(doing), **_common(doing))


def _restore(doing: Doing) -> None:
    outages_operations.restore_outage(restored_at=_moment(doing), **_common(doing))


def _moment(doing: Doing) -> dt.datetime | None:
    found: dt.datetime | None = doing.data.get("moment")
    return found


def _serve(doing: Doing) -> None:
    numbers = doing.subject.customer_numbers
    outages_operations.serve_notice(
        customer_number=numbers.get(doing.row_id, ""), **doing.data, **_common(doing)
    )


def _with(doing: Doing, *, act: Any) -> None:
    """What its form asks for, handed on."""
    act(**doing.data, **_common(doing))


OUTAGE_ACTS: dict[str, Act] = {
    "announce": Act(
        _("通知用户"), partial(_plain, act=outages_operations.announce_outage), _MAY,
        said=_("已通知；没有联系方式的客户须书面送达"), icon="speakerphone", is_first=True,
        note=_("向每个受影响客户的首要联系人发出短信和邮件；计划检修须按规定天数提前"),
    ),
    "report": Act(
        _("登记抄报"), partial(_with, act=outages_operations.report_to_authority), _MAY, ReportForm,
        icon="file-certificate",
    ),
    "begin": Act(_("开始停电"), _begin, _MAY, MomentForm, said=_("已停电"), icon="bolt-off"),
    "cause": Act(
        _("原因已消除"), partial(_plain, act=outages_operations.remove_cause), _MAY,
        said=_("已登记；恢复供电的时限开始计时"), icon="tool",
    ),
    "restore": Act(
        _("恢复供电"), _restore, _MAY, MomentForm, said=_("已恢复供电，并告知客户"), icon="bolt",
        is_first=True,
    ),
    "cancel": Act(
        _("取消停电"), partial(_with, act=outages_operations.cancel_outage), _MAY, ReasonForm,
        said=_("已取消"), icon="x",
    ),
    "serve": Act(
        _("登记送达"), _serve, _MAY, ServeForm, said=_("送达已登记"), icon="mail-check",
    ),
}  # fmt: skip
