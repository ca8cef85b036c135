"""Papers that were issued: by matter, by application, one to download."""

from __future__ import annotations

from pathlib import Path

from django.db.models import QuerySet

from busbar.access.visibility import Viewer
from busbar.connections.models import ConnectionApplication, IssuedPaper, PaperKind
from busbar.connections.sent_files import kept_path

_OURS = (PaperKind.REGISTRATION,)
"""Kinds that record how we worked, with the departments' opinions of each other."""


def list_papers(viewer: Viewer, subject_type: str, subject_id: int) -> list[IssuedPaper]:
    """The papers about a matter, oldest first. One query."""
    papers = IssuedPaper.objects.visible_to(viewer).filter(
        subject_type=subject_type, subject_id=subject_id
    )
    return list(papers.select_related("unit").order_by("issued_at", "pk"))


def list_application_papers(
    viewer: Viewer, application: ConnectionApplication
) -> list[IssuedPaper]:
    """All papers on an application, oldest first. One query."""
    papers = IssuedPaper.objects.visible_to(viewer).filter(application=application)
    return list(papers.select_related("unit").order_by("issued_at", "pk"))


def get_paper(viewer: Viewer, number: str) -> IssuedPaper:
    """One paper by its number; DoesNotExist when there is none the viewer sees."""
    papers = IssuedPaper.objects.visible_to(viewer).select_related("unit", "application")
    found: IssuedPaper = papers.get(number=number)
    return found


def list_applicant_papers(application: ConnectionApplication) -> list[IssuedPaper]:
    """What the applicant is shown of his papers, oldest first: no record of our own."""
    return list(_of_applicant(application).order_by("issued_at", "pk"))


def find_applicant_paper(application: ConnectionApplication, number: str) -> IssuedPaper | None:
    """A paper of an application whose applicant was checked by number and query code."""
    return _of_applicant(application).filter(number=number).first()


def _of_applicant(application: ConnectionApplication) -> QuerySet[IssuedPaper]:
    return application.papers.filter(revoked_at=None).exclude(kind__in=_OURS)


def is_for_customer(paper: IssuedPaper) -> bool:
    """Whether the customer may see the paper: one in force, and no record of our own."""
    return paper.revoked_at is None and paper.kind not in _OURS


def paper_path(paper: IssuedPaper) -> Path:
    """Where the bytes of a paper lie whose visibility was checked."""
    return kept_path({"sha256": paper.sha256})
