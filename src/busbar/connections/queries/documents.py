"""What has to be handed in for an application, and how far that has come (R36, R60)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Q

from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationDocument,
    CompletenessNotice,
    ConnectionApplication,
    DocumentPhase,
    DocumentRequirement,
    DocumentVerdict,
)
from busbar.connections.sent_files import kept_path
from busbar.kit.periods import local_date


@dataclass(frozen=True)
class DocumentLine:
    """One requirement and the latest file handed in for it."""

    requirement: DocumentRequirement
    document: ApplicationDocument | None

    @property
    def state(self) -> str:
        """`missing`, `pending`, `rejected` or `accepted`."""
        return self.document.verdict if self.document else "missing"

    @property
    def is_open(self) -> bool:
        """Whether a required document still stands in the way."""
        is_due = self.requirement.is_required or self.state == DocumentVerdict.REJECTED
        return is_due and self.state != DocumentVerdict.ACCEPTED


@dataclass(frozen=True)
class DocumentList:
    """The list of a phase; `extras` are files that answer no requirement of it."""

    lines: tuple[DocumentLine, ...]
    extras: tuple[ApplicationDocument, ...]

    @property
    def missing(self) -> list[DocumentLine]:
        """What has to be said to be missing: required and absent, or rejected."""
        wanting = ("missing", DocumentVerdict.REJECTED)
        return [line for line in self.lines if line.is_open and line.state in wanting]

    @property
    def pending(self) -> list[DocumentLine]:
        """Handed in and not judged yet."""
        return [line for line in self.lines if line.state == DocumentVerdict.PENDING]

    @property
    def is_complete(self) -> bool:
        """Whether nothing stands in the way any more (缺件不能通过)."""
        return not any(line.is_open for line in self.lines)


def list_requirements(
    application: ConnectionApplication, phase: DocumentPhase | str, *, on: dt.date
) -> list[DocumentRequirement]:
    """What the application has to hand in in this phase, by the list in force. One query."""
    in_force = DocumentRequirement.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=on), phase=phase, valid_from__lte=on
    )
    return [r for r in in_force.order_by("position", "code") if _applies(r, application)]


def get_document_list(
    application: ConnectionApplication, phase: DocumentPhase | str = DocumentPhase.APPLICATION
) -> DocumentList:
    """The phase's list with what was handed in, by the list in force at submission. Two queries.

    For an application whose visibility was checked.
    """
    requirements = list_requirements(application, phase, on=local_date(application.submitted_at))
    handed_in = application.documents.filter(phase=phase).order_by("uploaded_at", "pk")
    latest: dict[int, ApplicationDocument] = {}
    extras: list[ApplicationDocument] = []
    known = {requirement.pk for requirement in requirements}
    for document in handed_in:
        if document.requirement_id in known:
            latest[document.requirement_id] = document
        else:
            extras.append(document)
    lines = tuple(DocumentLine(r, latest.get(r.pk)) for r in requirements)
    return DocumentList(lines, tuple(extras))


def list_notices(viewer: Viewer, application: ConnectionApplication) -> list[CompletenessNotice]:
    """The application's notices with their items, oldest first. Two queries."""
    notices = CompletenessNotice.objects.visible_to(viewer).filter(application=application)
    return list(notices.prefetch_related("items").order_by("phase", "serial"))


def get_document(viewer: Viewer, document_id: int) -> ApplicationDocument:
    """One file of an application that the viewer sees; DoesNotExist otherwise."""
    documents = ApplicationDocument.objects.visible_to(viewer).select_related("application")
    found: ApplicationDocument = documents.get(pk=document_id)
    return found


def document_path(document: ApplicationDocument) -> Path:
    """Where the bytes of a file lie whose visibility was checked."""
    return kept_path({"sha256": document.sha256})


def _applies(requirement: DocumentRequirement, application: ConnectionApplication) -> bool:
    asked = (
        (requirement.kinds, application.kind),
        (requirement.supply_kinds, application.supply_kind),
        (requirement.customer_kinds, application.customer_kind),
        (requirement.importances, application.importance),
    )
    return all(not values or value in values for values, value in asked)
