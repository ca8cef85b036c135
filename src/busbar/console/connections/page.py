"""The page of an application: its head, which every tab shares, and the tabs by key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from busbar.access.permissions import Permission
from busbar.clocks import queries as clocks_queries
from busbar.connections import queries as connections_queries
from busbar.connections.models import ConnectionApplication
from busbar.connections.queries.applications import OPEN_STATES
from busbar.connections.subjects import APPLICATION
from busbar.console.answers import url_or_nothing
from busbar.console.requests import StaffRequest, is_part

ENDED_EARLY = frozenset({"withdrawn", "refused", "lapsed"})

Load = Callable[[StaffRequest, ConnectionApplication], dict[str, Any]]


@dataclass(frozen=True)
class Tab:
    """A tab: its address part, its label, its template, what it adds to the context."""

    key: str
    label: str | Promise
    template: str
    load: Load


@dataclass(frozen=True)
class Neighbor:
    """A page of another part of the same matter, where the console has it."""

    label: str | Promise
    url: str


_TABS: dict[str, Tab] = {}
_ORDER = ("overview", "documents", "survey", "papers", "green", "timeline")
_NEIGHBORS = (
    ("scheme_page", _("供电方案")),
    ("scheme_list", _("供电方案")),
    ("application_scheme", _("供电方案")),
    ("application_schemes", _("供电方案")),
    ("application_fees", _("业务费用")),
    ("fee_page", _("业务费用")),
    ("application_works", _("受电工程")),
    ("works_page", _("受电工程")),
    ("application_commissioning", _("装表送电")),
)
"""URL names by number of the application; those that are not there are left out."""


def register(tab: Tab) -> None:
    """Called once for each tab by the file that shows it."""
    _TABS[tab.key] = tab


def list_tabs() -> list[Tab]:
    """The tabs in the order of the page."""
    return [_TABS[key] for key in _ORDER if key in _TABS]


def render_tab(
    request: StaffRequest,
    application: ConnectionApplication,
    key: str,
    *,
    extra: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The application's page with one tab open; `extra` takes the place of what the tab loads."""
    if key not in _TABS:
        raise Http404
    tab = _TABS[key]
    context = {
        **_head(request, application),
        "tab": tab,
        "tabs": list_tabs(),
        **tab.load(request, application),
        **(extra or {}),
    }
    name = "_body" if is_part(request) else "page"
    template = f"console/connections/applications/{name}.html"
    return render(request, template, context, status=status)


def _head(request: StaffRequest, application: ConnectionApplication) -> dict[str, Any]:
    viewer, at = request.viewer, timezone.now()
    clocks = clocks_queries.list_subject_clocks(viewer, APPLICATION, application.pk)
    return {
        "application": application,
        "stages": connections_queries.list_stages(application),
        "tasks": list(connections_queries.list_waiting_tasks(viewer, application)),
        "clocks": [(clock, clock.is_late(at)) for clock in clocks],
        "neighbors": _neighbors(application),
        "process_url": url_or_nothing("process_page", application.process_id),
        "may_accept": viewer.may(Permission.ACCEPT_APPLICATIONS),
        "may_grant": viewer.may(Permission.GRANT_GREEN_CHANNEL),
        "is_open": application.state in OPEN_STATES,
        "ended_early": application.state in ENDED_EARLY,
        "now": at,
    }


def _neighbors(application: ConnectionApplication) -> list[Neighbor]:
    found: dict[str, Neighbor] = {}
    for name, label in _NEIGHBORS:
        url = url_or_nothing(name, application.number)
        if url and str(label) not in found:
            found[str(label)] = Neighbor(label, url)
    return list(found.values())
