"""Work lists: mine, my department's, what I finished; paged by keyset, ordered by due time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from busbar.access.keyset import beyond
from busbar.access.models import Employee
from busbar.access.visibility import Viewer, units_in_branch
from busbar.workflow.models import Consultation, TaskState, UserTask
from busbar.workflow.models.tasks import ConsultationQuerySet, UserTaskQuerySet

PAGE = 50


@dataclass(frozen=True)
class TaskPage:
    """A page of tasks; `after` asks for the next one, None at the end."""

    tasks: list[UserTask]
    after: str | None


@dataclass(frozen=True)
class TaskFilter:
    """What of a work list is asked for; `[due_since, due_until)` is of the due time."""

    unit_id: int | None = None
    role: str = ""
    element: str = ""
    process: str = ""
    stage: int | None = None
    late_at: dt.datetime | None = None
    due_since: dt.datetime | None = None
    due_until: dt.datetime | None = None
    unclaimed: bool = False


@dataclass(frozen=True)
class TaskCounts:
    """What 今日 shows of somebody's work."""

    mine: int
    to_claim: int
    late: int
    due_today: int
    department: int
    consultations: int


def list_my_tasks(
    viewer: Viewer,
    *,
    narrowed: TaskFilter | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> TaskPage:
    """Open tasks that the viewer owns, or may claim by unit and role; soonest due first."""
    return _page(_narrowed(_mine(viewer), narrowed or TaskFilter()), after, limit)


def list_department_tasks(
    viewer: Viewer,
    *,
    narrowed: TaskFilter | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> TaskPage:
    """Open tasks of the units in the viewer's branch, soonest due first."""
    return _page(_narrowed(_department(viewer), narrowed or TaskFilter()), after, limit)


def list_done_tasks(
    viewer: Viewer,
    *,
    narrowed: TaskFilter | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> TaskPage:
    """Tasks that the viewer completed or returned, the latest first."""
    tasks = _narrowed(_done(viewer), narrowed or TaskFilter())
    cursor = _cursor(after)
    if cursor is not None:
        tasks = tasks.filter(beyond(("-completed_at", "-id"), cursor))
    rows = list(_rows(tasks).order_by("-completed_at", "-pk")[: limit + 1])
    more = len(rows) > limit
    return TaskPage(
        rows[:limit], _key(rows[limit - 1].completed_at, rows[limit - 1]) if more else None
    )


def count_done_tasks(viewer: Viewer) -> int:
    """How many tasks the viewer completed or returned."""
    return _done(viewer).count()


def list_open_processes(viewer: Viewer) -> list[tuple[str, str]]:
    """Key and name of the processes of which the viewer's branch has open tasks, by name."""
    found = {*_of_processes(_mine(viewer)), *_of_processes(_department(viewer))}
    return sorted(found, key=lambda pair: pair[1])


def get_task(viewer: Viewer, task_id: int) -> UserTask | None:
    """One task with its process, if the viewer sees it."""
    return _rows(UserTask.objects.visible_to(viewer)).filter(pk=task_id).first()


def count_tasks(viewer: Viewer, *, at: dt.datetime, day_ends_at: dt.datetime) -> TaskCounts:
    """The figures of 今日 at the moment `at`, on the day that ends at `day_ends_at`."""
    mine = _mine(viewer)
    owned = Q(owner_id=viewer.employee_id or 0)
    return TaskCounts(
        mine=mine.filter(owned).count(),
        to_claim=mine.exclude(owned).count(),
        late=mine.filter(due_at__lt=at).count(),
        due_today=mine.filter(due_at__gte=at, due_at__lt=day_ends_at).count(),
        department=_department(viewer).count(),
        consultations=list_consultations(viewer).count(),
    )


def list_consultations(viewer: Viewer) -> ConsultationQuerySet:
    """Questions put to the viewer and not yet answered, oldest first."""
    asked = Consultation.objects.visible_to(viewer).filter(
        asked_id=viewer.employee_id or 0, answered_at=None
    )
    return asked.select_related("task__instance", "task__unit").order_by("asked_at", "pk")


def may_claim(viewer: Viewer, task: UserTask) -> bool:
    """Whether the task is free and the viewer's to take."""
    return task.owner_id is None and _mine(viewer).filter(pk=task.pk).exists()


def _mine(viewer: Viewer) -> UserTaskQuerySet:
    person = Employee.objects.filter(pk=viewer.employee_id or 0).values("unit_id", "roles").first()
    if person is None:
        return UserTask.objects.none()
    free = Q(state=TaskState.OPEN, unit_id=person["unit_id"], role__in=person["roles"])
    owned = Q(state=TaskState.CLAIMED, owner_id=viewer.employee_id)
    return UserTask.objects.filter(free | owned).in_groups(viewer.group_ids)


def _department(viewer: Viewer) -> UserTaskQuerySet:
    tasks = UserTask.objects.visible_to(viewer).open()
    if viewer.sees_all:
        return tasks
    return (
        tasks.filter(unit__in=units_in_branch(viewer.unit_path))
        if viewer.unit_path
        else tasks.none()
    )


def _done(viewer: Viewer) -> UserTaskQuerySet:
    """By who recorded it; somebody who acts for another has done it too."""
    done = UserTask.objects.filter(state__in=(TaskState.COMPLETED, TaskState.RETURNED))
    if not viewer.user_id:
        return done.none()
    return done.filter(completed_by_id=viewer.user_id).in_groups(viewer.group_ids)


def _of_processes(tasks: UserTaskQuerySet) -> set[tuple[str, str]]:
    names = ("instance__definition__key", "instance__definition__name")
    return set(tasks.order_by().values_list(*names).distinct())


def _narrowed(tasks: UserTaskQuerySet, narrowed: TaskFilter) -> UserTaskQuerySet:
    facts = {
        "unit_id": narrowed.unit_id,
        "role": narrowed.role,
        "element": narrowed.element,
        "instance__definition__key": narrowed.process,
        "stage": narrowed.stage,
        "due_at__gte": narrowed.due_since,
    }
    found = tasks.filter(**{name: value for name, value in facts.items() if value})
    for until in (narrowed.late_at, narrowed.due_until):
        found = found.filter(due_at__lt=until) if until else found
    return found.filter(owner=None) if narrowed.unclaimed else found


def _rows(tasks: UserTaskQuerySet) -> UserTaskQuerySet:
    return tasks.select_related(
        "unit", "owner", "clock__limit", "instance__definition", "instance__unit"
    ).defer("instance__state_blob")


def _page(tasks: UserTaskQuerySet, after: str | None, limit: int) -> TaskPage:
    cursor = _cursor(after)
    if cursor is not None:
        tasks = tasks.filter(beyond(("sort_at", "id"), cursor))
    rows = list(_rows(tasks).order_by("sort_at", "pk")[: limit + 1])
    if len(rows) <= limit:
        return TaskPage(rows, None)
    last = rows[limit - 1]
    return TaskPage(rows[:limit], _key(last.sort_at, last))


def _key(moment: dt.datetime | None, task: UserTask) -> str:
    return f"{moment.isoformat() if moment else ''}_{task.pk}"


def _cursor(after: str | None) -> tuple[dt.datetime, int] | None:
    """The place after which a page begins; a damaged one begins at the beginning."""
    moment, _, number = (after or "").rpartition("_")
    try:
        return dt.datetime.fromisoformat(moment), int(number)
    except ValueError:
        return None
