"""The list of key accounts with its reasons, its sums by unit, its export, and a new evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_q.tasks import async_task

from busbar.access import queries as access_queries
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing import queries as billing_queries
from busbar.console.answers import one_of, whole
from busbar.console.exporting import answer_export
from busbar.console.group_choice import by_group, look_at_group
from busbar.console.key_accounts.words import CategoryLines, Industries, lines_of
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, is_part
from busbar.customers.models import CustomerKind
from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts.models import Category, Recognition, RecognitionRun
from busbar.key_accounts.queries import recognition as recognition_queries
from busbar.key_accounts.queries import rules as rules_queries
from busbar.key_accounts.queries.recognition import RecognitionFilter
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month, local_date

PAGE = 50
EVALUATE_JOB = "busbar.jobs.key_accounts.evaluate"
MOST_EXPORTED = 100_000


@dataclass(frozen=True)
class Line:
    """One customer of the list with what speaks for it."""

    row: Recognition
    categories: list[CategoryLines]
    industry: str


@require_safe
@by_group
def key_account_list(request: StaffRequest) -> HttpResponse:
    """Who is a key account, the highest revenue first, and why."""
    run = _run(request.GET)
    if run is None:
        return render(request, "console/key_accounts/list.html", _nothing(request))
    narrowed = _filter(request.viewer, request.GET)
    rows = recognition_queries.list_recognitions(
        request.viewer, run, narrowed, after=_after(request.GET), limit=PAGE + 1
    )
    industries = rules_queries.map_industries(local_date(timezone.now()))
    shown = rows[:PAGE]
    context: dict[str, object] = {
        "run": run,
        "lines": [_line(row, run, industries) for row in shown],
        "next_after": _key(shown[-1]) if len(rows) > PAGE else "",
    }
    if is_part(request) and request.GET.get("after"):
        return render(request, "console/key_accounts/_rows.html", context)
    context |= _around(request, run, narrowed, industries)
    name = "_results" if is_part(request) else "list"
    return render(request, f"console/key_accounts/{name}.html", context)


@require_POST
def key_account_export(request: StaffRequest) -> HttpResponse:
    """The narrowed list as CSV or Excel."""
    run = _run(request.POST)
    if run is None:
        messages.error(request, _("还没有完成过评定"))
        return redirect("key_account_list")
    look_at_group(request)
    narrowed = _filter(request.viewer, request.POST)
    rows = recognition_queries.list_recognitions(request.viewer, run, narrowed, limit=MOST_EXPORTED)
    industries = rules_queries.map_industries(local_date(timezone.now()))
    return answer_export(
        viewer=request.viewer,
        name=_("大客户名单"),
        kind="xlsx" if request.POST.get("format") == "xlsx" else "csv",
        header=[
            _("评定月份"), _("客户编号"), _("客户名称"), _("类别"), _("行业"), _("管理单位"),
            _("年电量 kWh"), _("年电费 元"), _("最大需量 kW"), _("增长 %"), _("理由"),
        ],
        rows=_exported(rows, run, industries),
        at=timezone.now(),
    )  # fmt: skip


def _exported(
    rows: list[Recognition], run: RecognitionRun, industries: Industries
) -> Iterator[list[object]]:
    for row in rows:
        line = _line(row, run, industries)
        reasons = [
            f"{met.reason.criterion.name} {met.value}{met.unit}"
            for category in line.categories
            if category.explained.holds
            for met in category.met
        ]
        yield [
            run.month,
            row.customer.number,
            row.customer.name,
            "、".join(str(c.label) for c in row.categories),
            line.industry,
            row.customer.unit.name,
            row.annual_energy_kwh,
            row.annual_revenue_yuan,
            row.max_demand_kw,
            row.growth_percent,
            "；".join(reasons),
        ]


@require_POST
def key_account_evaluate(request: StaffRequest) -> HttpResponse:
    """Queue the evaluation of a month; the worker does it in the person's name."""
    request.viewer.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    try:
        month = Month.parse(request.POST.get("month", ""))
        key_accounts_operations.require_bills(month)
    except ValueError:
        messages.error(request, _("月份应为 YYYY-MM"))
        return redirect("key_account_list")
    except Refusal as refusal:
        messages.error(request, said(refusal))
        return redirect("key_account_list")
    async_task(EVALUATE_JOB, str(month), request.user.pk, task_name=f"{_('大客户评定')} {month}")
    messages.success(request, _("%(month)s 的评定已排入后台任务") % {"month": month})
    return redirect("key_account_list")


def _run(given: QueryDict) -> RecognitionRun | None:
    """The run asked for where it is finished, else the newest."""
    wanted = given.get("month", "")
    runs = recognition_queries.list_runs()
    finished = [run for run in runs if run.finished_at is not None]
    asked = next((run for run in finished if run.month == wanted), None)
    return asked or (finished[0] if finished else None)


def _nothing(request: StaffRequest) -> dict[str, object]:
    return {"run": None, "months": billing_queries.list_months(), **_acts(request)}


def _acts(request: StaffRequest) -> dict[str, object]:
    viewer = request.viewer
    may = viewer.may(Permission.RECOGNIZE_KEY_ACCOUNTS)
    return {
        "may_evaluate": may and viewer.sees_company,
        "may_export": viewer.may(Permission.EXPORT),
    }


def _around(
    request: StaffRequest,
    run: RecognitionRun,
    narrowed: RecognitionFilter,
    industries: Industries,
) -> dict[str, object]:
    """What surrounds the rows: counts, choices, sums by unit."""
    viewer = request.viewer
    counts = recognition_queries.count_categories(viewer, run, narrowed)
    return {
        "narrowed": narrowed,
        "unit_code": request.GET.get("unit", ""),
        "counts": [(c, c.label, counts[c.value]) for c in Category],
        "total": counts["total"],
        "changed": counts["changed"],
        "runs": recognition_queries.list_runs(),
        "months": billing_queries.list_months(),
        "kinds": CustomerKind.choices,
        "categories": Category.choices,
        "divisions": sorted((c, i.name) for c, i in industries.items() if len(c) > 1),
        "units": access_queries.list_branch(viewer),
        "sums": recognition_queries.sum_units(viewer, run),
        **_acts(request),
    }


def _line(row: Recognition, run: RecognitionRun, industries: Industries) -> Line:
    row.run = run
    explained = recognition_queries.explain(row)
    industry = industries.get(row.division)
    return Line(
        row,
        lines_of(explained, industries, row.customer),
        industry.name if industry else "",
    )


def _filter(viewer: Viewer, given: QueryDict) -> RecognitionFilter:
    code = given.get("unit", "")
    paths = {u.code: u.path for u in access_queries.list_branch(viewer)} if code else {}
    division = given.get("division", "")
    return RecognitionFilter(
        category=one_of(given.get("category", ""), Category.values),
        division=division if len(division) == 2 and division.isdecimal() else "",  # noqa: PLR2004 - two digits
        kind=one_of(given.get("kind", ""), CustomerKind.values),
        unit_path=paths.get(code, ""),
        text=given.get("q", "").strip()[:60],
        changed=given.get("changed") == "1",
        everyone=given.get("of") == "everyone",
    )


def _after(given: QueryDict) -> tuple[Decimal, int] | None:
    text, _at, key = given.get("after", "").partition("@")
    place = whole(key)
    try:
        revenue = Decimal(text)
    except InvalidOperation:
        return None
    return None if place is None or not revenue.is_finite() else (revenue, place)


def _key(row: Recognition) -> str:
    return f"{row.annual_revenue_yuan}@{row.pk}"


urlpatterns = [
    path("key-accounts/", key_account_list, name="key_account_list"),
    path("key-accounts/export/", key_account_export, name="key_account_export"),
    path("key-accounts/evaluate/", key_account_evaluate, name="key_account_evaluate"),
]
