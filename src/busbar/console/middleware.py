"""Around every request: who looks, in which language, and what becomes of a refusal.

Every screen of the console is behind sign-in without saying so: a view must be named in
`OPEN_VIEWS` to be reached without.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext

from busbar.access import queries as access_queries
from busbar.access.visibility import NotPermitted
from busbar.console.refusals import said
from busbar.kit.errors import Refusal

OPEN_VIEWS = frozenset(
    {
        "choose_language",
        "forgotten_password",
        "progress",
        "progress_contractors",
        "progress_corrected",
        "progress_document",
        "progress_extension",
        "progress_leave",
        "progress_paper",
        "progress_receipt",
        "published_bill",
        "published_bill_paper",
        "published_promises",
    }
)
"""Views of the console that may be used before sign-in."""

_BEFORE_NEW_PASSWORD = frozenset({"account_change_password", "account_logout", "choose_language"})


class ViewerMiddleware:
    """Sets `request.viewer`, asks for sign-in, and answers refusals with their sentence."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Django hands in the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Attach the viewer, looked up only when asked for, and go on."""
        viewer = SimpleLazyObject(lambda: access_queries.get_viewer(request.user))
        request.viewer = viewer  # type: ignore[attr-defined] # typed in console.requests
        request.chosen_group = None  # type: ignore[attr-defined] # typed in console.requests
        _speak_chosen_language(request)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Ask for sign-in before any console view, and for a new password where one is due."""
        if not _is_screen(view):
            return None
        name = request.resolver_match.url_name if request.resolver_match else None
        if request.user.is_anonymous:
            return None if not _is_console(view) or name in OPEN_VIEWS else _sign_in(request)
        if request.user.must_change_password and name not in _BEFORE_NEW_PASSWORD:
            return redirect("account_change_password")
        if _has_nul(request):
            return _answer(request, 409, gettext("地址或表单里有不能保存的空字符（NUL）"))
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a refusal into its sentence and a row that may not be seen into 404."""
        if request.path.startswith("/api/"):
            return None
        if isinstance(error, ObjectDoesNotExist):
            return _answer(request, 404, "")
        if isinstance(error, NotPermitted):
            return _answer(request, 403, said(error))
        return _answer(request, 409, said(error)) if isinstance(error, Refusal) else None


def _is_console(view: Callable[..., Any]) -> bool:
    return view.__module__.startswith("busbar.console.")


def _is_screen(view: Callable[..., Any]) -> bool:
    return view.__module__.startswith(("busbar.console.", "allauth."))


def _has_nul(request: HttpRequest) -> bool:
    """Whether the address or the form holds a NUL, which PostgreSQL refuses as text."""
    given = (*request.GET.lists(), *request.POST.lists())
    return "\0" in request.path or any("\0" in value for _name, got in given for value in got)


def _sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back; an htmx request must move the whole page."""
    if request.headers.get("HX-Request"):
        page = request.headers.get("HX-Current-URL", "/")
        response = HttpResponse(status=204)
        response["HX-Redirect"] = redirect_to_login(page).url
        return response
    return redirect_to_login(request.get_full_path(), login_url=reverse("account_login"))


def _answer(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=status)
        notice = {"busbar:notice": {"kind": "error", "text": sentence or str(status)}}
        response["HX-Trigger"] = json.dumps(notice)
        return response
    return render(request, f"{status}.html", {"sentence": sentence}, status=status)


def _speak_chosen_language(request: HttpRequest) -> None:
    """Chinese unless the person chose otherwise; a browser's own language is no choice.

    Programs are always answered in Chinese, whoever's session they use: a refusal's text is, and
    names of states within it must not be English.
    """
    if request.path.startswith("/api/"):
        translation.activate(settings.LANGUAGE_CODE)
        return
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return
    user = request.user if hasattr(request, "session") and request.session.session_key else None
    chosen = user.language if user is not None and user.is_authenticated else ""
    translation.activate(chosen or settings.LANGUAGE_CODE)
    request.LANGUAGE_CODE = translation.get_language()
