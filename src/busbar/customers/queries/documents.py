"""A customer's documents and where their bytes lie."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from busbar.access.visibility import Viewer
from busbar.customers.models import Document


def get_document(viewer: Viewer, document_id: int) -> Document:
    """The document if the viewer may see its customer; `Document.DoesNotExist` otherwise."""
    visible = Document.objects.visible_to(viewer).select_related("customer")
    document: Document = visible.get(pk=document_id)
    return document


def get_document_path(document: Document) -> Path:
    """Where the document's bytes lie, by their digest."""
    return Path(settings.FILES_ROOT) / "documents" / document.sha256[:2] / document.sha256
