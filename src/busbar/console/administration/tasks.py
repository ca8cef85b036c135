"""后台任务: the timetable, what ran last, what waits, who works."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django_q.models import OrmQ, Schedule, Task

from busbar.access.permissions import Permission
from busbar.console.requests import StaffRequest
from busbar.console.workers import list_workers

LATEST = 50
NAMES: dict[str, Promise] = {
    "busbar.jobs.imports.run_import": _("导入数据"),
    "busbar.jobs.billing.bill_month": _("核算一个月"),
    "busbar.jobs.billing.release_month": _("发行一个月的账单"),
    "busbar.jobs.payments.raise_receivables": _("账单转为应收"),
    "busbar.jobs.arrears.run_day": _("催费日常办理"),
    "busbar.jobs.basic_services.raise_due": _("基本业务到期"),
    "busbar.jobs.billing.study_savings": _("测算节费机会"),
    "busbar.jobs.billing.queue_comparisons": _("安排账单与档案的核对"),
    "busbar.jobs.billing.compare_bills": _("核对账单与档案"),
    "busbar.jobs.consolidation.run_consolidation": _("归并客户档案"),
    "busbar.jobs.key_accounts.run_day": _("大客户日常评定"),
    "busbar.jobs.key_accounts.renew_assessments": _("更新关系阶段与预警"),
    "busbar.jobs.key_accounts.evaluate": _("评定一个月的大客户"),
    "busbar.jobs.service_desk.score_all": _("计算满意度"),
    "busbar.jobs.handovers.return_handovers": _("临时代管到期交还"),
    "busbar.jobs.payments.charge_late_payments": _("计收违约金"),
    "busbar.jobs.payments.talk_to_bank": _("收取银行流水"),
    "busbar.jobs.lake.compact_month": _("整理一个月的曲线"),
    "busbar.jobs.lake.tidy_lake": _("整理曲线库"),
    "busbar.jobs.vee.validate_commit": _("校验一批曲线"),
    "busbar.jobs.vee.validate_facts": _("按新示数与事件校验曲线"),
    "busbar.jobs.vee.finish_checks": _("续完曲线校验"),
    "busbar.jobs.outbox.work_off": _("处理日志发件箱"),
    "busbar.jobs.calendar.keep_calendar": _("维护工作日历"),
    "busbar.jobs.journal.verify_journal": _("核验日志链"),
    "busbar.jobs.sessions.clear_expired": _("清理过期登录"),
    "busbar.jobs.notifications.deliver": _("发送短信与邮件"),
    "busbar.jobs.workflow.tend_processes": _("照看流程：期限、超期、视同同意"),
    "busbar.jobs.clocks.climb_ladders": _("发出时限预警与升级"),
    "busbar.jobs.connections.lapse_schemes": _("供电方案到期失效"),
    "busbar.jobs.connections.end_changes": _("变更用电与临时用电到期"),
    "busbar.jobs.demonstration.tell_matters": _("演示区域：生成其余事项"),
}


@dataclass(frozen=True)
class Planned:
    """A line of the timetable with how it went last."""

    schedule: Schedule
    name: str
    last: Task | None


@require_safe
def task_list(request: StaffRequest) -> HttpResponse:
    """The timetable with last results, the queue, the workers; four queries."""
    request.viewer.require(Permission.ADMINISTER)
    results = list(Task.objects.order_by("-started")[:LATEST])
    context = {
        "workers": list_workers(),
        "waiting": OrmQ.objects.count(),
        "timetable": _timetable(results),
        "results": [(name_job(task.func, task.name), task, _said(task)) for task in results],
    }
    return render(request, "console/administration/tasks.html", context)


def _said(task: Task) -> str:
    """Why a job failed: the sentence it ended with, without the trace that the log keeps."""
    return "" if task.success else str(task.result or "").partition(" : Traceback")[0]


def name_job(function: str, given: str = "") -> str:
    """What a job is called on the screen."""
    return str(NAMES.get(function) or given or function)


def _timetable(results: list[Task]) -> list[Planned]:
    last = {task.id: task for task in results}
    return [
        Planned(schedule, name_job(schedule.func, schedule.name or ""), last.get(schedule.task))
        for schedule in Schedule.objects.order_by("next_run")
    ]


urlpatterns = [path("tasks/", task_list, name="task_list")]
