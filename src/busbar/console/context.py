"""What the shell around every page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from busbar.access.models import Employee, Role
from busbar.access.visibility import Viewer
from busbar.console.navigation import Section, sections_for
from busbar.notifications import queries as notifications_queries


def shell(request: HttpRequest) -> dict[str, object]:
    """The viewer, the navigation he may use, and whether this is the demonstration."""
    return {
        "viewer": getattr(request, "viewer", None),
        "navigation": SimpleLazyObject(lambda: _navigation(request)),
        "employee": SimpleLazyObject(lambda: _employee(request)),
        "is_demo": settings.BUSBAR_DEMO,
        "demo_accounts": SimpleLazyObject(_demo_accounts),
        "unread_messages": SimpleLazyObject(lambda: _unread(request)),
    }


def _unread(request: HttpRequest) -> int:
    """What the bell shows."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined] # typed in console.requests
    return notifications_queries.count_unread(viewer)


def _demo_accounts() -> list[dict[str, str]]:
    """What the sign-in page proposes, in the demonstration and nowhere else."""
    if not settings.BUSBAR_DEMO:
        return []
    from busbar.demo.sign_ins import DEMO_PASSWORD, list_sign_ins

    return [
        {"username": s.username, "role": f"{s.name} · {s.post}", "password": DEMO_PASSWORD}
        for s in list_sign_ins()
    ]


def _navigation(request: HttpRequest) -> list[Section]:
    viewer: Viewer = request.viewer  # type: ignore[attr-defined] # typed in console.requests
    match = request.resolver_match
    return sections_for(viewer, match.url_name or "" if match else "")


def _employee(request: HttpRequest) -> dict[str, Any]:
    """Name, unit and roles for the user menu."""
    found = Employee.objects.select_related("unit").filter(user_id=request.user.pk or 0).first()
    if found is None:
        return {"name": request.user.get_username(), "unit": "", "roles": []}
    roles = [Role(role).label for role in found.roles if role in Role.values]
    return {"name": found.name, "unit": found.unit.name, "roles": roles}
