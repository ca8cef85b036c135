"""Pages narrowed to a group: `?group=CODE` means the customers of its whole branch (U1).

The viewer is narrowed, not each query: lists, counts, sums, charts and exports of a page all ask
`visible_to` and so speak of the same customers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpResponse

from busbar.access.visibility import Viewer
from busbar.console.requests import StaffRequest
from busbar.customers.queries import groups as groups_queries

_READING = ("GET", "HEAD")


@dataclass(frozen=True)
class GroupChoice:
    """The group of the address with its whole branch; nothing where it is not seen."""

    code: str
    name: str
    ids: frozenset[int]


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
    code = request.GET.get("group") or request.POST.get("group") or ""
    chosen = choose_group(request.viewer, code.strip()[:40])
    request.chosen_group = chosen
    if chosen is not None:
        request.viewer = request.viewer.narrowed_to(chosen.ids)


def choose_group(viewer: Viewer, code: str) -> GroupChoice | None:
    """None where no group is asked for; three queries where one is."""
    if not code:
        return None
    lines = groups_queries.list_group_lines(viewer, top=code)
    name = lines[0].group.name if lines else code
    return GroupChoice(code, name, frozenset(line.group.pk for line in lines))
