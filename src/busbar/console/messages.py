"""消息: what one was told; read, and followed to what it is about. And the bell in the top bar."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from busbar.console.requests import StaffRequest, is_part, page_number
from busbar.console.workflow.links import page_of
from busbar.notifications import operations as notifications_operations
from busbar.notifications import queries as notifications_queries
from busbar.notifications.models import Message

PAGE = 50


@require_safe
def message_list(request: StaffRequest) -> HttpResponse:
    """The inbox, newest first, or what of it waits to be read; or the rows after a key."""
    unread_only = request.GET.get("show") != "all"
    after = page_number(request, "after", 0) or None
    page = notifications_queries.list_inbox(
        request.viewer, after=after, unread_only=unread_only, limit=PAGE
    )
    context = {"page": page, "unread_only": unread_only}
    if is_part(request) and after:
        return render(request, "console/messages/_rows.html", context)
    context["unread"] = notifications_queries.count_unread(request.viewer)
    name = "_results" if is_part(request) else "list"
    return render(request, f"console/messages/{name}.html", context)


@require_POST
def message_open(request: StaffRequest, message_id: int) -> HttpResponse:
    """Note that it was read and go to what it is about, or back where that has no page."""
    message = _mark(request, message_id)
    address = page_of(message.subject_type, message.subject_id)
    return redirect(address or "message_list")


@require_POST
def message_read(request: StaffRequest, message_id: int) -> HttpResponse:
    """Note that it was read; its row answers with itself."""
    message = _mark(request, message_id)
    if not is_part(request):
        return redirect("message_list")
    response = render(request, "console/messages/_row.html", {"message": message})
    response["HX-Trigger"] = "busbar:messages-read"
    return response


@require_POST
def message_read_all(request: StaffRequest) -> HttpResponse:
    """Note that everything was read."""
    notifications_operations.mark_all_read(viewer=request.viewer, at=timezone.now())
    return redirect("message_list")


@require_safe
def message_bell(request: StaffRequest) -> HttpResponse:
    """The bell alone, asked for now and then by every page."""
    unread = notifications_queries.count_unread(request.viewer)
    return render(request, "console/messages/_bell.html", {"unread_messages": unread})


def _mark(request: StaffRequest, message_id: int) -> Message:
    own = Message.objects.inbox_of(request.viewer.employee_id or 0)
    if not own.filter(pk=message_id).exists():
        raise Http404
    return notifications_operations.mark_read(
        message_id=message_id, viewer=request.viewer, at=timezone.now()
    )


urlpatterns = [
    path("messages/", message_list, name="message_list"),
    path("messages/bell/", message_bell, name="message_bell"),
    path("messages/read/", message_read_all, name="message_read_all"),
    path("messages/<int:message_id>/open/", message_open, name="message_open"),
    path("messages/<int:message_id>/read/", message_read, name="message_read"),
]
