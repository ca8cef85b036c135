"""What an applicant does himself, known by 受理号 and query code: no sign-in, no employee.

The face has checked number and code. The journal names the applicant; the room's own operations
ask for a clerk's permission, which the applicant's proof stands in for in his own matter only.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ConnectionApplication,
    ContractorChoice,
    ContractorRole,
    SchemeExtension,
)
from busbar.connections.operations.contractor_choice import choose_contractor
from busbar.connections.operations.corrections import answer_corrections
from busbar.connections.operations.validity import UnableToExtendScheme, request_extension
from busbar.connections.works_ground import standing_scheme
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import UserTask

CORRECTING_TASK = "correct_documents"
"""The customer's own step in the processes of a connection."""


def as_applicant(application: ConnectionApplication) -> Viewer:
    """The applicant as operations on his own application see him; for those calls only."""
    return Viewer(
        user_id=None,
        employee_id=None,
        name=f"申请人 {application.applicant_name}",
        unit_path="",
        permissions=frozenset({Permission.ACCEPT_APPLICATIONS}),
        sees_all=True,
    )


@transaction.atomic
def answer_corrections_as_applicant(
    *, application: ConnectionApplication, note: str, at: dt.datetime
) -> None:
    """Everything asked for has been put right: the step of the process is the applicant's.

    An application without a process goes back to the officer by the operation alone. Refused
    while anything named is untouched.
    """
    waiting = UserTask.objects.open().filter(
        instance=application.process_id or 0, element=CORRECTING_TASK
    )
    task = waiting.first()
    if task is None:
        answer_corrections(application_id=application.pk, by=None, at=at)
        return
    workflow_operations.complete_task(
        task_id=task.pk,
        data={"correction_note": note.strip()},
        viewer=as_applicant(application),
        at=at,
    )


@transaction.atomic
def choose_contractor_as_applicant(
    *,
    application: ConnectionApplication,
    role: ContractorRole | str,
    contractor_id: int,
    chosen_by: str,
    free_choice_confirmed: bool,
    at: dt.datetime,
) -> ContractorChoice:
    """The applicant's own choice from the whole list (R58)."""
    nobody = Viewer(None, None, f"申请人 {application.applicant_name}", "")
    return choose_contractor(
        application_id=application.pk,
        role=role,
        contractor_id=contractor_id,
        chosen_by=chosen_by,
        free_choice_confirmed=free_choice_confirmed,
        query_code=application.query_code,
        by=nobody,
        at=at,
    )


@transaction.atomic
def request_extension_as_applicant(
    *, application: ConnectionApplication, until: dt.date | None, reason: str, at: dt.datetime
) -> SchemeExtension:
    """Ask for a longer validity; what the rules refuse is answered at once, with the clause."""
    scheme = standing_scheme(application)
    if scheme is None:
        raise UnableToExtendScheme("供电方案尚未答复，没有可延期的有效期")
    return request_extension(
        scheme_id=scheme.pk, reason=reason, until=until, by=as_applicant(application), at=at
    )
