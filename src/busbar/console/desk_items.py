"""今日: promises, complaints, call-backs, visits, improvements, surveys that are due, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from busbar.access.visibility import Viewer
from busbar.clocks.models import Clock
from busbar.console.looking import read_day
from busbar.console.work_kinds import Rank, WorkItem, WorkKind
from busbar.kit.periods import CHINA, local_date
from busbar.service_desk import queries
from busbar.service_desk.models import (
    ComplaintState,
    ImprovementTask,
    Interaction,
    InteractionState,
    Promise,
    SurveyInvitation,
)
from busbar.service_desk.queries import DueComplaint, DueScope
from busbar.service_desk.queries.due import Key


def count_desk(viewer: Viewer, *, at: dt.datetime, scope: DueScope) -> dict[WorkKind, int]:
    """How many of each kind; one query a kind."""
    return {kind: rows(viewer, at=at, scope=scope).count() for kind, rows in _ROWS.items()}


def list_desk(
    viewer: Viewer,
    kind: WorkKind,
    *,
    at: dt.datetime,
    scope: DueScope,
    after: tuple[str, int] | None,
    limit: int,
) -> list[WorkItem]:
    """A page of one kind, the earliest due first."""
    key = read_day(after) if kind == WorkKind.SURVEYS else read_due_key(after)
    rows = queries.page_of(_ROWS[kind](viewer, at=at, scope=scope), after=key, limit=limit)
    return _WORDS[kind](rows, at, viewer)


def read_due_key(after: tuple[str, int] | None) -> Key | None:
    """The key as the page's address carries it; None for anything else."""
    try:
        moment = dt.datetime.fromisoformat(after[0]) if after else None
    except ValueError:
        return None
    return (moment, after[1]) if after and moment is not None and moment.tzinfo else None


def _promises(rows: Sequence[Promise], at: dt.datetime, viewer: Viewer) -> list[WorkItem]:
    items = []
    for row in rows:
        due_at = row.clock.due_at if row.clock else row.made_at
        late = due_at < at
        title = (_("承诺已超期：%(text)s") if late else _("承诺将到期：%(text)s")) % {
            "text": row.text
        }
        reason = _("%(due)s 到期：承诺 %(days)s 个工作日内兑现，%(owner)s 负责") % {
            "due": _say(due_at),
            "days": row.due_days,
            "owner": row.owner.name,
        }
        url = reverse("promise", args=[row.pk])
        words = title, reason, _("登记兑现")
        items.append(_item(row, WorkKind.PROMISES, words, url, due_at, at, late=late))
    return items


def _complaints(rows: Sequence[Any], at: dt.datetime, viewer: Viewer) -> list[WorkItem]:
    return [_complaint(one, at) for one in queries.with_clocks(list(rows))]


def _call_backs(rows: Sequence[Any], at: dt.datetime, viewer: Viewer) -> list[WorkItem]:
    found = queries.with_clocks(list(rows))
    return [_call_back(one, at, is_own=viewer.is_employee(one.complaint.owner_id)) for one in found]


def _complaint(one: DueComplaint, at: dt.datetime) -> WorkItem:
    row, clock = one.complaint, one.clock
    accepted = row.state == ComplaintState.ACCEPTED
    action = _("联系客户") if accepted else _("答复")
    title = _("投诉 %(kind)s：%(state)s") % {
        "kind": row.get_kind_display(),
        "state": row.get_state_display(),
    }
    reason = _rule(clock, at) if clock else _("没有生效的时限，仍须办结")
    late = clock is not None and clock.due_at < at
    url, words = reverse("complaint", args=[row.number]), (title, reason, action)
    due_at = clock.due_at if clock else row.received_at
    return _item(row, WorkKind.COMPLAINTS, words, url, due_at, at, late=late, key=row.received_at)


def _call_back(one: DueComplaint, at: dt.datetime, *, is_own: bool) -> WorkItem:
    """Whoever handled it has another one call, which is said where the action would be refused."""
    row, clock = one.complaint, one.clock
    title = _("投诉 %(kind)s 已答复，须回访客户") % {"kind": row.get_kind_display()}
    reason = _rule(clock, at) if clock else _("没有生效的时限，仍须办结")
    reason += _("；承办人 %(owner)s 以外的人回访") % {"owner": row.owner.name}
    answered_at = row.answered_at or at
    due_at = clock.due_at if clock else answered_at
    late = clock is not None and clock.due_at < at
    words = title, reason, _("请他人回访") if is_own else _("回访")
    url = reverse("complaint", args=[row.number])
    return _item(row, WorkKind.CALL_BACKS, words, url, due_at, at, late=late, key=answered_at)


def _surveys(rows: Sequence[SurveyInvitation], at: dt.datetime, viewer: Viewer) -> list[WorkItem]:
    today = local_date(at)
    return [
        WorkItem(
            kind=WorkKind.SURVEYS,
            rank=Rank.NOW if row.survey.closes_on < today else Rank.LOOK,
            title=_("问卷待回收：%(survey)s") % {"survey": row.survey.name},
            reason=_("%(unit)s调查 %(code)s，%(day)s 截止")
            % {
                "unit": row.survey.unit.name,
                "code": row.survey.code,
                "day": f"{row.survey.closes_on}",
            },
            action=_("登记回答"),
            url=reverse("survey_answer", args=[row.pk]),
            customer=row.customer,
            due_on=row.survey.closes_on,
            key=(f"{row.survey.closes_on}", row.pk),
        )
        for row in rows
    ]


def _improvements(
    rows: Sequence[ImprovementTask], at: dt.datetime, viewer: Viewer
) -> list[WorkItem]:
    items = []
    for row in rows:
        due_at = row.clock.due_at if row.clock else row.opened_at
        title = _("满意度由 %(before)s 降到 %(now)s") % {
            "before": f"{row.score_before:.1f}",
            "now": f"{row.score_now:.1f}",
        }
        causes = _("、").join(str(name) for name, *_rest in row.reasons)
        reason = _("%(due)s 前整改；拉低的是：%(causes)s") % {
            "due": _say(due_at),
            "causes": causes or "—",
        }
        url, words = reverse("improvement", args=[row.pk]), (title, reason, _("整改"))
        items.append(_item(row, WorkKind.IMPROVEMENTS, words, url, due_at, at, late=True))
    return items


def _visits(rows: Sequence[Interaction], at: dt.datetime, viewer: Viewer) -> list[WorkItem]:
    items = []
    for row in rows:
        planned = row.planned_at or at
        past = planned < at
        title = (_("走访待登记纪要：%(text)s") if past else _("将走访：%(text)s")) % {
            "text": row.subject
        }
        prepared = row.state == InteractionState.PREPARED
        reason = _("计划 %(when)s，%(owner)s%(state)s") % {
            "when": _say(planned),
            "owner": row.owner.name,
            "state": "" if prepared or past else _("，还没有准备"),
        }
        action = _("登记纪要") if past else _("看准备") if prepared else _("准备走访")
        url, words = reverse("interaction", args=[row.pk]), (title, reason, action)
        items.append(_item(row, WorkKind.VISITS, words, url, planned, at, late=past))
    return items


def _item(
    row: Any,
    kind: WorkKind,
    words: tuple[str, str, str],
    url: str,
    due_at: dt.datetime,
    at: dt.datetime,
    *,
    late: bool,
    key: dt.datetime | None = None,
) -> WorkItem:
    """What is late comes first; then the soonest due."""
    title, reason, action = words
    return WorkItem(
        kind=kind,
        rank=Rank.NOW if late else Rank.LOOK,
        title=title,
        reason=reason,
        action=action,
        url=url,
        customer=row.customer,
        due_on=local_date(due_at),
        key=((key or due_at).isoformat(), row.pk),
    )


def _rule(clock: Clock, at: dt.datetime) -> str:
    words = _("%(due)s 前%(limit)s（%(document)s）")
    if clock.due_at < at:
        words = _("%(limit)s已于 %(due)s 超期（%(document)s）")
    return words % {
        "due": _say(clock.due_at),
        "limit": clock.limit.name,
        "document": clock.limit.document or clock.limit.rule_set.document,
    }


def _say(moment: dt.datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"


_ROWS: dict[WorkKind, Callable[..., QuerySet[Any, Any]]] = {
    WorkKind.PROMISES: queries.due_promises,
    WorkKind.COMPLAINTS: queries.due_complaints,
    WorkKind.IMPROVEMENTS: queries.due_improvements,
    WorkKind.VISITS: queries.due_visits,
    WorkKind.CALL_BACKS: queries.due_call_backs,
    WorkKind.SURVEYS: queries.due_surveys,
}
DESK = tuple(_ROWS)
_WORDS: dict[WorkKind, Callable[[Sequence[Any], dt.datetime, Viewer], list[WorkItem]]] = {
    WorkKind.PROMISES: _promises,
    WorkKind.COMPLAINTS: _complaints,
    WorkKind.IMPROVEMENTS: _improvements,
    WorkKind.VISITS: _visits,
    WorkKind.CALL_BACKS: _call_backs,
    WorkKind.SURVEYS: _surveys,
}
