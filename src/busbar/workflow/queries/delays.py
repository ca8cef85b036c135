"""Whose the time of finished processes was, summed by what supervision asks (N3, R46)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from busbar.access.visibility import Viewer
from busbar.clocks.attribution import Attribution, Part, PartyName
from busbar.clocks.queries import oversight
from busbar.kit.periods import CHINA, Period
from busbar.workflow.clocking import TASK
from busbar.workflow.models import InstanceState, ProcessInstance, UserTask

MOST = 2000
"""Processes looked at; more than that are said to be left out."""
Measure = Literal["overdue", "elapsed"]
DelayGroup = Literal["period", "process", "unit"]
_NOTHING = dt.timedelta()


@dataclass(frozen=True)
class FinishedProcess:
    """A finished process and whose its time was."""

    instance: ProcessInstance
    whole: Attribution


@dataclass(frozen=True)
class FinishedProcesses:
    """Those that ended in a period, newest first; how many could not be attributed yet."""

    processes: list[FinishedProcess]
    unattributed: int
    more: bool


@dataclass(frozen=True)
class DelaySum:
    """The time of a group by kind of party; the parts add up to `whole` exactly."""

    key: str
    label: str
    processes: int
    by_kind: dict[str, dt.timedelta]

    @property
    def whole(self) -> dt.timedelta:
        """The time of all kinds together."""
        return sum(self.by_kind.values(), _NOTHING)


@dataclass(frozen=True)
class PartySum:
    """What one party took over all processes, and of how many."""

    party: PartyName
    processes: int
    elapsed: dt.timedelta
    overdue: dt.timedelta


def list_finished(viewer: Viewer, *, period: Period, process: str = "") -> FinishedProcesses:
    """Processes completed in the period (days of China), each with its attribution.

    A subject with several finished processes counts once, with its latest. A constant number
    of queries, however many processes there are.
    """
    start, end = (
        dt.datetime.combine(day, dt.time(), tzinfo=CHINA) for day in (period.start, period.end)
    )
    rows = ProcessInstance.objects.visible_to(viewer).filter(
        state=InstanceState.COMPLETED, ended_at__gte=start, ended_at__lt=end
    )
    if process:
        rows = rows.filter(definition__key=process)
    rows = rows.select_related("definition", "unit").defer("state_blob", "facts")
    read = list(rows.order_by("-ended_at", "-pk")[: MOST + 1])
    latest = {(row.subject_type, row.subject_id): row for row in reversed(read[:MOST])}
    wholes = oversight.attribute_many(list(latest))
    found = [FinishedProcess(row, wholes[key]) for key, row in latest.items() if key in wholes]
    found.sort(key=lambda one: (one.instance.ended_at, one.instance.pk), reverse=True)
    return FinishedProcesses(found, len(latest) - len(found), len(read) > MOST)


def sum_delays(
    processes: Sequence[FinishedProcess], *, group_by: DelayGroup, measure: Measure
) -> list[DelaySum]:
    """The time of every group by kind of party: periods in order, others longest first."""
    groups: dict[str, list[FinishedProcess]] = {}
    for one in processes:
        groups.setdefault(_key(one, group_by), []).append(one)
    sums = [
        DelaySum(key, _label(rows[0], group_by), len(rows), _by_kind(rows, measure))
        for key, rows in groups.items()
    ]
    if group_by == "period":
        return sorted(sums, key=lambda one: one.key)
    return sorted(sums, key=lambda one: (-one.whole, one.label))


def sum_parties(processes: Iterable[FinishedProcess]) -> list[PartySum]:
    """What each party took, the most overdue first."""
    parts: dict[PartyName, list[Part]] = {}
    for one in processes:
        for part in one.whole.parts:
            parts.setdefault(part.party, []).append(part)
    sums = [
        PartySum(
            party,
            len(rows),
            sum((row.elapsed for row in rows), _NOTHING),
            sum((row.overdue for row in rows), _NOTHING),
        )
        for party, rows in parts.items()
    ]
    return sorted(sums, key=lambda one: (-one.overdue, -one.elapsed, one.party))


def find_processes(
    viewer: Viewer, keys: Iterable[oversight.SubjectKey]
) -> dict[oversight.SubjectKey, int]:
    """The latest process of each subject that the viewer sees; one query a type of subject.

    A clock of a task is about the task; its process is the task's.
    """
    by_type: dict[str, set[int]] = {}
    for subject_type, subject_id in keys:
        by_type.setdefault(subject_type, set()).add(subject_id)
    found: dict[oversight.SubjectKey, int] = {}
    tasks = UserTask.objects.visible_to(viewer).filter(pk__in=by_type.pop(TASK, ()))
    found.update({(TASK, pk): of for pk, of in tasks.values_list("pk", "instance_id")})
    for subject_type, ids in by_type.items():
        rows = ProcessInstance.objects.visible_to(viewer).filter(
            subject_type=subject_type, subject_id__in=ids
        )
        for number, subject_id in rows.order_by("started_at", "pk").values_list("pk", "subject_id"):
            found[(subject_type, subject_id)] = number
    return found


def _by_kind(rows: Iterable[FinishedProcess], measure: Measure) -> dict[str, dt.timedelta]:
    found: dict[str, dt.timedelta] = {}
    for one in rows:
        for part in one.whole.parts:
            took = part.overdue if measure == "overdue" else part.elapsed
            found[part.party.kind] = found.get(part.party.kind, _NOTHING) + took
    return found


def _key(one: FinishedProcess, group_by: DelayGroup) -> str:
    if group_by == "process":
        return one.instance.definition.key
    if group_by == "unit":
        return one.instance.unit.path
    assert one.instance.ended_at is not None  # noqa: S101 - completed processes have ended
    return f"{one.instance.ended_at.astimezone(CHINA):%Y-%m}"


def _label(one: FinishedProcess, group_by: DelayGroup) -> str:
    if group_by == "process":
        return one.instance.definition.name
    if group_by == "unit":
        return one.instance.unit.name
    return _key(one, group_by)
