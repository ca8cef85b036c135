"""Pages narrowed to a group: `?group=CODE` means the customers of its whole branch (U1).

The viewer is narrowed, not each query: lists, counts, sums, charts and exports of a page all ask
`visible_to` and so speak of the same customers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse

from busbar.console.requests import StaffRequest
from busbar.customers.queries import groups as groups_queries

_READING = ("GET", "HEAD")
_LONGEST = 40


def by_group(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that looks at the group of its address only; what is done from it is not narrowed."""

    @wraps(view)
    def narrowed(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in _READING:
            look_at_group(request)
        return view(request, *args, **kwargs)

    return narrowed


def look_at_group(request: StaffRequest) -> None:
    """Narrow the request's viewer to the group it names, if any; an export calls it itself."""
    code = (request.GET.get("group") or request.POST.get("group") or "").strip()[:_LONGEST]
    if not code:
        return
    request.chosen_group = groups_queries.get_branch(request.viewer, code)
    request.viewer = request.viewer.narrowed_to(request.chosen_group.ids)
