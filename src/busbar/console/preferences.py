"""What a person chooses for the screens: the language."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from busbar.access import operations as access_operations
from busbar.console.requests import StaffRequest


@require_POST
def choose_language(request: StaffRequest) -> HttpResponse:
    """Keep the language with the person, or in the browser before sign-in."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    if request.user.is_authenticated:
        access_operations.choose_language(user=request.user, language=language)
    page = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure())
    response = redirect(page if safe else "/")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=31_536_000, samesite="Lax", httponly=True
    )
    return response


urlpatterns = [path("language/", choose_language, name="choose_language")]
