"""节费机会: what customers could save a year, the largest first, each with its advice sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing import savings
from busbar.billing.models import Saving, SavingKind
from busbar.billing.savings import Key, SavingFilter
from busbar.console.exporting import answer_export
from busbar.console.group_choice import by_group
from busbar.console.requests import StaffRequest, is_part, page_number
from busbar.console.saving_words import say_saving

PAGE = 50


@require_safe
@by_group
def saving_list(request: StaffRequest) -> HttpResponse:
    """A page of savings, narrowed by kind, to one's own customers, or to a group's."""
    narrowed = _filter(request)
    page = savings.list_savings(request.viewer, narrowed, after=_after(request), limit=PAGE)
    context: dict[str, object] = {
        "lines": [(saving, say_saving(saving)) for saving in page.savings],
        "next_after": page.next_after,
    }
    if is_part(request) and request.GET.get("after"):
        return render(request, "console/billing/_saving_rows.html", context)
    counts = savings.count_savings(request.viewer, narrowed)
    context |= {
        "kind": narrowed.kind,
        "mine": narrowed.mine,
        "kinds": [(one, counts.get(one.value, 0)) for one in SavingKind],
        "total": sum(counts.values()),
        "may_export": request.viewer.may(Permission.EXPORT),
    }
    return render(request, "console/billing/savings.html", context)


@require_safe
@by_group
def saving_export(request: StaffRequest) -> HttpResponse:
    """The narrowed list as a file."""
    header = [_("客户"), _("户号"), _("类别"), _("办法"), _("每年元"), _("测算至")]
    return answer_export(
        viewer=request.viewer,
        name=_("节费机会"),
        kind="xlsx" if request.GET.get("format") == "xlsx" else "csv",
        header=header,
        rows=_rows(request.viewer, _filter(request)),
        at=timezone.now(),
    )


def _rows(viewer: Viewer, narrowed: SavingFilter) -> Iterator[Sequence[object]]:
    after: Key | None = None
    while True:
        page = savings.list_savings(viewer, narrowed, after=after, limit=500)
        yield from (_row(saving) for saving in page.savings)
        if (after := page.next_after) is None:
            return


def _row(saving: Saving) -> Sequence[object]:
    account = saving.account
    return (
        account.customer.name,
        account.number,
        saving.get_kind_display(),
        say_saving(saving),
        saving.yearly_yuan,
        saving.study.month,
    )


def _filter(request: StaffRequest) -> SavingFilter:
    chosen = request.GET.get("kind", "")
    return SavingFilter(
        kind=chosen if chosen in SavingKind.values else "",
        mine=request.GET.get("of") == "mine",
    )


def _after(request: StaffRequest) -> Key | None:
    last = page_number(request, "after", 0)
    try:
        yuan = Decimal(request.GET.get("after_value", ""))
    except InvalidOperation:
        return None
    return (yuan, last) if last and yuan.is_finite() and 0 < yuan < Decimal(10) ** 12 else None


urlpatterns = [
    path("savings/", saving_list, name="saving_list"),
    path("savings/export/", saving_export, name="saving_export"),
]
