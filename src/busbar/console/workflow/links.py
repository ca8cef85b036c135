"""Where things that other rooms name in plain values have their page."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse

from busbar.service_desk.models import Complaint
from busbar.workflow import queries as workflow_queries

SPECIAL_PAGES = {"design_scheme": "scheme_design"}
"""Elements whose work is done on a page of its own: element to URL name, by the subject's id."""

_PAGES = {
    "workflow.task": "work_task",
    "workflow.process": "process_page",
    "service_desk.interaction": "interaction",
    "service_desk.promise": "promise",
    "service_desk.improvement": "improvement",
}


def page_of(subject_type: str, subject_id: int) -> str:
    """The address of what a message or clock is about; empty where it has no page.

    What has no page of its own is shown on that of its latest process.
    """
    if subject_type in _PAGES:
        return reverse(_PAGES[subject_type], args=[subject_id])
    if subject_type == "service_desk.complaint":
        number = Complaint.objects.values_list("number", flat=True).get(pk=subject_id)
        return reverse("complaint", args=[number])
    process = workflow_queries.get_process_of(subject_type, subject_id)
    return reverse("process_page", args=[process.pk]) if process else ""


def special_page_of(element: str, subject_id: int) -> str:
    """The element's own page about the subject, where the console has one."""
    name = SPECIAL_PAGES.get(element)
    if name is None:
        return ""
    try:
        return reverse(name, args=[subject_id])
    except NoReverseMatch:
        return ""
