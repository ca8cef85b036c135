"""日志: what happened, filtered; one entry's changes; whether the chain holds."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.console.requests import StaffRequest, page_number
from busbar.console.templatetags.work import sides
from busbar.journal import queries as journal_queries
from busbar.journal.queries import EntryFilter
from busbar.kit.periods import CHINA, parse_day

PAGE = 50


@require_safe
def journal(request: StaffRequest) -> HttpResponse:
    """Entries of the viewer's branch, newest first."""
    request.viewer.require(Permission.READ_JOURNAL)
    narrowed = _filter(request)
    entries = journal_queries.list_entries(
        branch=_branch(request),
        narrowed=narrowed,
        before_id=page_number(request, "before", 0) or None,
        limit=PAGE + 1,
    )
    context = {
        "entries": entries[:PAGE],
        "more": len(entries) > PAGE,
        "narrowed": narrowed,
        "events": journal_queries.list_events(),
        "since": request.GET.get("since", ""),
        "until": request.GET.get("until", ""),
    }
    return render(request, "console/journal/list.html", context)


@require_safe
def journal_entry(request: StaffRequest, entry_id: int) -> HttpResponse:
    """One entry: what changed, before and after, and its place in the chain."""
    request.viewer.require(Permission.READ_JOURNAL)
    entry = journal_queries.get_entry(branch=_branch(request), entry_id=entry_id)
    context = {
        "entry": entry,
        "changes": [(k, *sides(v, entry.event, k)) for k, v in entry.changes.items()],
    }
    return render(request, "console/journal/entry.html", context)


@require_POST
def journal_verify(request: StaffRequest) -> HttpResponse:
    """Recompute the whole chain now and say whether it holds."""
    request.viewer.require(Permission.READ_JOURNAL)
    context = {"verification": journal_queries.verify_chain()}
    return render(request, "console/journal/_verification.html", context)


def _branch(request: StaffRequest) -> str | None:
    """The path whose branch the viewer sees; None for all of it."""
    return None if request.viewer.sees_all else request.viewer.unit_path


def _filter(request: StaffRequest) -> EntryFilter:
    until = _midnight(request.GET.get("until", ""))
    return EntryFilter(
        event=request.GET.get("event", ""),
        subject=request.GET.get("subject", "").strip(),
        actor=request.GET.get("actor", "").strip(),
        since=_midnight(request.GET.get("since", "")),
        until=until + dt.timedelta(days=1) if until else None,
    )


def _midnight(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.combine(parse_day(text), dt.time(), CHINA)
    except ValueError:
        return None


urlpatterns = [
    path("journal/", journal, name="journal"),
    path("journal/verify/", journal_verify, name="journal_verify"),
    path("journal/<int:entry_id>/", journal_entry, name="journal_entry"),
]
