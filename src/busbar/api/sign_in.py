"""Who asks: a program by its token, or a person by the session of the console."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth

from busbar.access import queries as access_queries
from busbar.access.visibility import Viewer
from busbar.customers.queries import groups as groups_queries


class _Token(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Viewer | None:
        viewer = access_queries.get_viewer_for_token(token, at=dt.datetime.now(dt.UTC))
        return viewer if viewer is not None and viewer.unit_path else None


class _Session(SessionAuth):
    """Ninja checks the CSRF token of every unsafe request that comes by cookie."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Viewer | None:
        user = request.user
        if user.is_anonymous or user.must_change_password:
            return None  # a first password opens nothing but the page that changes it
        viewer = access_queries.get_viewer(user)
        return viewer if viewer.unit_path else None


token_sign_in = _Token()
session_sign_in = _Session()


def viewer_of(request: HttpRequest, group: str = "") -> Viewer:
    """Who asks, as row visibility knows it; looking at a group's branch only where one is named."""
    viewer: Viewer = request.auth  # type: ignore[attr-defined] # set by ninja after sign-in
    if not group:
        return viewer
    return viewer.narrowed_to(groups_queries.get_branch(viewer, group).ids)
