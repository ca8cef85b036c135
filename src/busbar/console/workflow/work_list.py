"""工作台: my tasks, my department's, what I finished; narrowed, by due time, read on by keyset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from busbar.access.models import Employee
from busbar.access.visibility import NotPermitted, Viewer
from busbar.connections.subjects import STAGES
from busbar.console import refusals
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, is_part, page_number
from busbar.console.workflow.answering import do, notice
from busbar.console.workflow.due import Due, DueWords
from busbar.customers.models import Customer
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA, local_date
from busbar.workflow import operations as workflow_operations
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import UserTask
from busbar.workflow.queries import TaskCounts, TaskFilter, TaskPage

PAGE = 50
DUE_CHOICES: tuple[tuple[str, str | Promise], ...] = (
    ("late", gettext_lazy("已超期")),
    ("today", gettext_lazy("今日到期")),
    ("week", gettext_lazy("本周到期")),
)
TABS: tuple[tuple[str, str | Promise], ...] = (
    ("mine", gettext_lazy("我的任务")),
    ("department", gettext_lazy("本部门未办")),
    ("done", gettext_lazy("我办结的")),
)
_LISTS = {
    "mine": workflow_queries.list_my_tasks,
    "department": workflow_queries.list_department_tasks,
    "done": workflow_queries.list_done_tasks,
}


@dataclass(frozen=True)
class Line:
    """A row of the list: the task, how far its due time is, whether it can be claimed here.

    `customer` is named where the viewer sees it and the matter's label does not say it.
    """

    task: UserTask
    due: Due
    may_claim: bool
    customer: Customer | None


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; anything odd in it asks for nothing."""

    tab: str
    due: str
    process: str
    stage: int | None

    @property
    def is_narrowed(self) -> bool:
        """Whether any filter is set."""
        return bool(self.due or self.process or self.stage)


@require_safe
@by_group
def work_list(request: StaffRequest) -> HttpResponse:
    """A page of tasks, or the rows after a key."""
    at, wanted = timezone.now(), _wanted(request)
    narrowed = _filter(wanted, at)
    after = request.GET.get("after") or None
    found = _LISTS[wanted.tab](request.viewer, narrowed=narrowed, after=after, limit=PAGE)
    context: dict[str, object] = {
        "lines": lines_of(request.viewer, found, at=at),
        "next_after": found.after,
        "wanted": wanted,
    }
    if is_part(request) and after:
        return render(request, "console/workflow/_rows.html", context)
    context |= _around(request, at)
    name = "_results" if is_part(request) else "list"
    return render(request, f"console/workflow/{name}.html", context)


@require_POST
def claim(request: StaffRequest, task_id: int) -> HttpResponse:
    """Take a task; in the list the row answers with itself, whoever has the task now."""

    def take() -> UserTask:
        return workflow_operations.claim_task(
            task_id=task_id, viewer=request.viewer, at=timezone.now()
        )

    done = _("任务已在您名下")
    if not is_part(request) or request.POST.get("from") != "list":
        return do(request, take, done=done, to=reverse("work_task", args=[task_id]))
    said, kind = done, "success"
    try:
        take()
    except NotPermitted:
        raise
    except Refusal as refusal:
        said, kind = refusals.said(refusal), "error"
    return notice(_row(request, task_id), said, kind=kind)


def _row(request: StaffRequest, task_id: int) -> HttpResponse:
    at = timezone.now()
    task = workflow_queries.get_task(request.viewer, task_id)
    page = TaskPage([task] if task else [], None)
    context = {"lines": lines_of(request.viewer, page, at=at), "next_after": None}
    return render(request, "console/workflow/_rows.html", context)


def lines_of(viewer: Viewer, page: TaskPage, *, at: dt.datetime) -> list[Line]:
    """The rows of a page; three queries however many there are."""
    words = DueWords((task.due_at for task in page.tasks), at=at)
    me = Employee.objects.filter(pk=viewer.employee_id or 0).first()
    ids = {task.customer_id for task in page.tasks} - {None}
    customers = Customer.objects.visible_to(viewer).in_bulk(ids) if ids else {}
    return [
        Line(task, words.of_task(task), _is_free_for(me, task), _unsaid(task, customers))
        for task in page.tasks
    ]


def _unsaid(task: UserTask, customers: Mapping[int, Customer]) -> Customer | None:
    found = customers.get(task.customer_id or 0)
    return None if found is None or found.name in task.instance.subject_label else found


def _is_free_for(me: Employee | None, task: UserTask) -> bool:
    if me is None or task.owner_id is not None or not task.is_open:
        return False
    return task.unit_id == me.unit_id and task.role in me.roles


def _around(request: StaffRequest, at: dt.datetime) -> dict[str, object]:
    viewer = request.viewer
    counts = count(viewer, at)
    sizes = {
        "mine": counts.mine + counts.to_claim,
        "department": counts.department,
        "done": workflow_queries.count_done_tasks(viewer),
    }
    return {
        "tabs": [(key, label, sizes[key]) for key, label in TABS],
        "counts": counts,
        "consultations": list(workflow_queries.list_consultations(viewer)[:PAGE]),
        "processes": workflow_queries.list_open_processes(viewer),
        "stages": STAGES.items(),
        "due_choices": DUE_CHOICES,
    }


def count(viewer: Viewer, at: dt.datetime) -> TaskCounts:
    """The figures of the person's work on the day of `at`."""
    end = _midnight(local_date(at) + dt.timedelta(days=1))
    return workflow_queries.count_tasks(viewer, at=at, day_ends_at=end)


def _wanted(request: StaffRequest) -> Wanted:
    tab, due = request.GET.get("tab", "mine"), request.GET.get("due", "")
    stage = page_number(request, "stage", 0)
    return Wanted(
        tab=tab if tab in _LISTS else "mine",
        due=due if due in dict(DUE_CHOICES) else "",
        process=request.GET.get("process", "")[:60],
        stage=stage if stage in STAGES else None,
    )


def _filter(wanted: Wanted, at: dt.datetime) -> TaskFilter:
    today = local_date(at)
    end_of_day = _midnight(today + dt.timedelta(days=1))
    end_of_week = _midnight(today + dt.timedelta(days=7 - today.weekday()))
    since = {"today": at, "week": at}.get(wanted.due)
    until = {"today": end_of_day, "week": end_of_week}.get(wanted.due)
    return TaskFilter(
        process=wanted.process,
        stage=wanted.stage,
        late_at=at if wanted.due == "late" else None,
        due_since=since,
        due_until=until,
    )


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), CHINA)


urlpatterns = [
    path("work/", work_list, name="work_list"),
    path("work/tasks/<int:task_id>/claim/", claim, name="work_claim"),
]
