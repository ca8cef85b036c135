"""What a request carries inside the console: who looks, and how htmx asked."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from busbar.access.models import User
from busbar.access.visibility import Viewer
from busbar.customers.queries.groups import GroupBranch
from busbar.kit.periods import parse_day


class StaffRequest(HttpRequest):
    """A request behind sign-in, as `ViewerMiddleware` and `HtmxMiddleware` leave it."""

    viewer: Viewer
    htmx: HtmxDetails
    user: User
    chosen_group: GroupBranch | None
    """The group that `by_group` narrowed the viewer to, for the page's chip; mostly none."""


def given_day(text: str) -> dt.date | None:
    """A day of an address; None where it is none, so that a page shows its usual day."""
    try:
        return parse_day(text)
    except ValueError:
        return None


def page_number(request: HttpRequest, name: str, default: int) -> int:
    """A whole number of the query string, or the default when it is anything else."""
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else default  # noqa: PLR2004 - bigint


def is_part(request: StaffRequest) -> bool:
    """Whether htmx asked for a part of the page; going back in history asks for all of it."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def asks_for_more(request: StaffRequest) -> bool:
    """Whether htmx asks only for the rows after those it has: nothing around them is counted."""
    return is_part(request) and bool(request.GET.get("after"))
