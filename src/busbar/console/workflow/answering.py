"""How an action answers: a notice and the way on, for htmx and for a plain form alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from busbar.access.visibility import NotPermitted
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, is_part
from busbar.kit.errors import Refusal


def do(request: StaffRequest, act: Callable[[], object], *, done: str, to: str) -> HttpResponse:
    """Carry out one operation, say that it is done or why not, and go on to `to`.

    What may not be done at all (NotPermitted) goes its own way through the middleware.
    """
    try:
        act()
    except NotPermitted:
        raise
    except Refusal as refusal:
        messages.error(request, said(refusal), extra_tags="error")
        return go(request, to)
    messages.success(request, done)
    return go(request, to)


def go(request: StaffRequest, to: str) -> HttpResponse:
    """To an address: htmx must be told to move the whole page."""
    if not is_part(request):
        return redirect(to)
    response = HttpResponse(status=HTTPStatus.NO_CONTENT)
    response["HX-Redirect"] = to
    return response


def notice(response: HttpResponse, text: str, *, kind: str = "success") -> HttpResponse:
    """A notice that the shell shows beside the swapped part."""
    response["HX-Trigger"] = json.dumps({"busbar:notice": {"kind": kind, "text": text}})
    return response
