"""Time limits as data, due dates with their why, and the clocks that run."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.api.paging import After, Day, Group, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import (
    Flag,
    Id,
    Moment,
    Sent,
    Sentence,
    Short,
    UnableToTake,
    first_moment,
    in_reach,
    now,
    seen_unit,
)
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock, ClockPause, ClockState, LimitRuleSet, TimeLimit
from busbar.clocks.reckoning import Pause, Reckoning
from busbar.clocks.rulebook import LimitFacts
from busbar.kit.periods import local_date

rule_sets = Router()
limits = Router()
clocks = Router()

MOST_PAUSES = 50


class LimitRuleSetOut(Schema):
    """时限规则集."""

    code: str
    name: str
    document: str
    level: str
    valid_from: dt.date
    valid_until: dt.date | None
    certainty: str
    note: str


class RungOut(Schema):
    """One step of a limit's ladder: when, whom."""

    order: int
    moment: str
    amount: Decimal
    audience: str


class LimitOut(Schema):
    """办理时限, with its source and certainty."""

    code: str
    name: str
    rule_set: str
    rule_set_name: str
    unit_name: str
    stage: str
    amount: Decimal
    amount_unit: str
    sense: str
    direction: str
    binds: str
    words: str
    source: str
    certainty: str
    note: str
    valid_from: dt.date
    valid_until: dt.date | None
    applies_when: dict[str, Any]
    inside_of: list[str]
    pause_reasons: list[str]
    starts_on: list[str]
    stops_on: list[str]
    ladder: list[RungOut]


class PauseIn(Sent):
    """A stretch `[start, end)` in which the limit stands still."""

    start: Moment
    end: Moment
    reason: Sentence = ""


class ReckonIn(Sent):
    """From when a limit is reckoned; without a rule set by what the unit follows."""

    start: Moment
    pauses: Annotated[list[PauseIn], Field(max_length=MOST_PAUSES)] = []
    rule_set: Short | None = None
    unit_code: Short = ""


class DayOut(Schema):
    """One day of a limit and what it did."""

    date: dt.date
    counted: bool
    kind: str
    reason: str
    is_provisional: bool


class ReckoningOut(Schema):
    """When a limit ends and why, day by day."""

    code: str
    name: str
    words: str
    rule_set: str
    source: str
    certainty: str
    start: dt.datetime
    due_at: dt.datetime
    due_on: dt.date
    provisional: bool
    counted: int
    days: list[DayOut]


class ClockOut(Schema):
    """计时."""

    id: int
    code: str
    name: str
    state: ClockState
    subject_type: str
    subject_id: int
    subject_label: str
    unit_code: str
    parent_id: int | None
    started_at: dt.datetime
    stopped_at: dt.datetime | None
    due_at: dt.datetime
    extended_until: dt.date | None
    is_provisional: bool
    is_late: bool


class ClockPauseOut(Schema):
    """A lawful pause with its reason and evidence."""

    reason: str
    party: str
    evidence: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    paused_by: str


class DueChangeOut(Schema):
    """The due moment as it was and as it became."""

    cause: str
    old_due_at: dt.datetime
    new_due_at: dt.datetime | None
    at: dt.datetime


class NestedOut(Schema):
    """A limit inside this one and its share of it, 0 to 1."""

    clock_id: int
    name: str
    state: str
    share: Decimal
    elapsed_share: Decimal


class ClockDetailOut(ClockOut):
    """A clock with every day, pause and change of its due moment."""

    reckoning: ReckoningOut
    pauses: list[ClockPauseOut]
    due_changes: list[DueChangeOut]
    nested: list[NestedOut]


class PauseClockIn(Sent):
    """A code of a lawful reason, and what proves it."""

    reason: Short
    evidence: Annotated[Sentence, Field(max_length=300)] = ""


@rule_sets.get("", response=answers(list[LimitRuleSetOut]), operation_id="list_limit_rule_sets")
def list_rule_sets(request: HttpRequest) -> list[LimitRuleSet]:
    """时限规则集：种子制度、法规、电网企业的承诺。"""
    return clocks_queries.list_rule_sets()


@limits.get("", response=answers(list[LimitOut], 409), operation_id="list_time_limits")
def list_limits(request: HttpRequest, rule_set: Text = "") -> list[dict[str, Any]]:
    """时限及其出处与可信度；`rule_set` 为规则集的编码或名称。"""
    rows = clocks_queries.list_limits(viewer_of(request), rule_set=rule_set or None)
    return [limit_of(row) for row in rows]


@limits.get(
    "/in-force", response=answers(list[LimitOut], 404), operation_id="list_time_limits_in_force"
)
def list_in_force(
    request: HttpRequest, on: Day | None = None, unit: Text = "", code: Text = ""
) -> list[dict[str, Any]]:
    """某单位某日执行的时限，按编码；不写单位即本单位，不写日期即今日。"""
    rows = clocks_queries.limits_in_force(
        on=on or local_date(now()), unit_path=_path(viewer_of(request), unit), code=code or None
    )
    return [limit_of(rows[name]) for name in sorted(rows)]


@limits.post(
    "/{code}/reckon", response=answers(ReckoningOut, 400, 404, 409), operation_id="reckon_due_date"
)
def reckon(request: HttpRequest, code: Text, asked: Annotated[ReckonIn, Body()]) -> dict[str, Any]:
    """推算到期日并逐日说明为什么；不读写任何业务数据。"""
    in_reach(asked.start, "起算时刻")
    found = clocks_queries.reckon(
        code,
        start=asked.start,
        pauses=[_pause(pause) for pause in asked.pauses],
        rule_set=asked.rule_set,
        unit_path=_path(viewer_of(request), asked.unit_code),
    )
    return reckoning_of(found)


@clocks.get("", response=answers(Page[ClockOut], 404, 409), operation_id="list_clocks")
def list_clocks(
    request: HttpRequest,
    *,
    state: ClockState | None = None,
    code: Text = "",
    subject_type: Text = "",
    subject_id: Id | None = None,
    unit: Text = "",
    mine: Flag = False,
    late: Flag = False,
    due_since: Day | None = None,
    due_until: Day | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的计时，先到期的在前；`late` 只要已超期的，`[due_since, due_until)` 为到期日。"""
    viewer, at = viewer_of(request, group), now()
    wanted: dict[str, Any] = {
        "state": ClockState.RUNNING if late else state,
        "code": code,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "unit": seen_unit(viewer, unit) if unit else None,
        "due_at__gte": first_moment(due_since) if due_since else None,
        "due_at__lt": first_moment(due_until) if due_until else None,
    }
    found = Clock.objects.visible_to(viewer).filter(**{n: v for n, v in wanted.items() if v})
    if mine:
        found = found.filter(owner_id=viewer.employee_id or 0)
    if late:
        found = found.filter(due_at__lt=at.replace(microsecond=0))
    rows = found.select_related("limit", "unit")
    page = page_by_moment(rows, "due_at", after=after, limit=limit, newest_first=False)
    return {**page, "items": [clock_of(clock, at) for clock in page["items"]]}


@clocks.get("/{clock_id}", response=answers(ClockDetailOut, 404), operation_id="get_clock")
def get_clock(request: HttpRequest, clock_id: Id) -> dict[str, Any]:
    """一个计时：为什么在这一天到期，暂停与改期的经过。"""
    clock, at = clocks_queries.get_clock(viewer_of(request), clock_id), now()
    return {
        **clock_of(clock, at),
        "reckoning": reckoning_of(clocks_queries.explain_clock(clock, at=at)),
        "pauses": [_kept_pause(pause) for pause in clock.pauses.all()],
        "due_changes": clocks_queries.list_due_changes(clock),
        "nested": [
            {
                "clock_id": nested.clock.pk,
                "name": nested.clock.limit.name,
                "state": nested.clock.state,
                "share": nested.share,
                "elapsed_share": nested.elapsed_share,
            }
            for nested in clocks_queries.list_nested(clock)
        ],
    }


@clocks.post(
    "/{clock_id}/pause", response=answers(ClockOut, 400, 403, 404, 409), operation_id="pause_clock"
)
def pause_clock(
    request: HttpRequest, clock_id: Id, asked: Annotated[PauseClockIn, Body()]
) -> dict[str, Any]:
    """依法暂停计时；`reason` 为该时限允许的原因编码，须有佐证。需“督办”权限。"""
    viewer, at = viewer_of(request), now()
    _require_keeping(viewer, clock_id)
    clocks_operations.pause_clock(
        clock_id=clock_id,
        reason=asked.reason,
        evidence=asked.evidence,
        actor=viewer.actor,
        at=at,
    )
    return clock_of(clocks_queries.get_clock(viewer, clock_id), at)


@clocks.post(
    "/{clock_id}/resume", response=answers(ClockOut, 403, 404, 409), operation_id="resume_clock"
)
def resume_clock(request: HttpRequest, clock_id: Id) -> dict[str, Any]:
    """恢复计时，到期日顺延；原到期日留存。需“督办”权限。"""
    viewer, at = viewer_of(request), now()
    _require_keeping(viewer, clock_id)
    clocks_operations.resume_clock(clock_id=clock_id, actor=viewer.actor, at=at)
    return clock_of(clocks_queries.get_clock(viewer, clock_id), at)


def clock_of(clock: Clock, at: dt.datetime) -> dict[str, Any]:
    """The clock as it stands at the moment; its limit and unit are at hand."""
    names = set(ClockOut.model_fields) - {"name", "unit_code", "is_late"}
    plain = {name: getattr(clock, name) for name in names}
    words = {"name": clock.limit.name, "unit_code": clock.unit.code}
    return {**plain, **words, "is_late": clock.is_late(at)}


def limit_of(row: TimeLimit) -> dict[str, Any]:
    """The limit with its events and its ladder, prefetched."""
    facts = clocks_queries.facts_of(row)
    names = set(LimitOut.model_fields) - {"starts_on", "stops_on", "ladder", "inside_of", "source"}
    plain = {name: getattr(facts, name) for name in names}
    return {
        **plain,
        "source": _source(facts),
        "inside_of": facts.parent_codes,
        "starts_on": row.starts_on,
        "stops_on": row.stops_on,
        "ladder": list(row.rungs.all()),
    }


def reckoning_of(found: Reckoning) -> dict[str, Any]:
    """The reckoning with the rule that it stands on."""
    limit = found.limit
    rule = {name: getattr(limit, name) for name in ("code", "name", "words", "rule_set")}
    names = ("start", "due_at", "due_on", "provisional", "counted", "days")
    plain = {name: getattr(found, name) for name in names}
    return {**rule, "source": _source(limit), "certainty": limit.certainty, **plain}


def _source(limit: LimitFacts) -> str:
    return f"《{limit.document}》{limit.source}"


def _kept_pause(pause: ClockPause) -> dict[str, Any]:
    names = ("evidence", "started_at", "ended_at", "paused_by")
    plain = {name: getattr(pause, name) for name in names}
    return {**plain, "reason": pause.reason.name, "party": pause.reason.party_name}


def _pause(asked: PauseIn) -> Pause:
    in_reach(asked.start, "暂停的开始")
    in_reach(asked.end, "暂停的结束")
    if asked.end < asked.start:
        raise UnableToTake("暂停止于开始之前")
    return Pause(asked.start, asked.end, asked.reason)


def _path(viewer: Viewer, unit_code: str) -> str:
    return seen_unit(viewer, unit_code).path if unit_code else viewer.unit_path


def _require_keeping(viewer: Viewer, clock_id: int) -> None:
    clock = clocks_queries.get_clock(viewer, clock_id)
    viewer.require(Permission.SUPERVISE)
    viewer.require_unit(clock.unit.path)
