"""The conversation of a process: saying something, and calling a colleague's attention to it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.http import Http404, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from busbar.access.models import Employee
from busbar.access.permissions import Permission
from busbar.access.visibility import NotPermitted
from busbar.console.requests import StaffRequest
from busbar.console.workflow.answering import do
from busbar.console.workflow.consultations import named_colleague
from busbar.kit.errors import Refusal
from busbar.notifications import operations as notifications_operations
from busbar.notifications.operations import About, Recipient
from busbar.workflow import operations as workflow_operations
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import ProcessInstance

MENTIONED = "workflow.process.mentioned"
_EXCERPT = 200


class NoSuchColleague(Refusal):
    """Nobody, or several people, are called so."""


@require_POST
def comment(request: StaffRequest, process_id: int) -> HttpResponse:
    """Say something; a named colleague is told of it."""
    instance = workflow_queries.get_process(request.viewer, process_id)
    if instance is None:
        raise Http404
    if request.viewer.permissions == frozenset({Permission.READ_JOURNAL}):
        raise NotPermitted(_("监管人员只能查看，不能留言"))

    def act() -> None:
        _say(request, instance, timezone.now())

    to = reverse("process_page", args=[process_id])
    return do(request, act, done=_("留言已发出"), to=f"{to}#talk")


@transaction.atomic
def _say(request: StaffRequest, instance: ProcessInstance, at: dt.datetime) -> None:
    """The comment and the message to whom it names, both or neither."""
    text, named = request.POST.get("text", "").strip(), request.POST.get("colleague", "").strip()
    person = named_colleague(named) if named else None
    if named and person is None:
        raise NoSuchColleague(
            _("没有找到同事“%(name)s”，请从候选中选择或填写工号") % {"name": named[:60]}
        )
    said = f"@{person.name} {text}" if person and text else text
    workflow_operations.comment_on_process(
        instance_id=instance.pk, text=said, viewer=request.viewer, at=at
    )
    if person is not None:
        _tell(request, instance, person, text, at)


def _tell(
    request: StaffRequest, instance: ProcessInstance, person: Employee, text: str, at: dt.datetime
) -> None:
    notifications_operations.send_message(
        kind=MENTIONED,
        to=Recipient(employee_id=person.pk),
        about=About(
            subject_type="workflow.process",
            subject_id=instance.pk,
            unit_id=instance.unit_id,
            label=instance.subject_label,
            customer_id=instance.customer_id,
        ),
        facts={
            "actor": request.viewer.name,
            "label": instance.subject_label,
            "text": text[:_EXCERPT],
        },
        actor=request.viewer.actor,
        at=at,
    )


urlpatterns = [
    path("work/processes/<int:process_id>/comment/", comment, name="process_comment"),
]
