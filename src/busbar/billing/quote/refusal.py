"""The refusal of quotations; what a fault is, documents of every room share."""

from __future__ import annotations

from busbar.kit.document_faults import DocumentRefused, Fault, faults_of

__all__ = ["Fault", "QuoteRefused", "faults_of"]


class QuoteRefused(DocumentRefused):
    """The document cannot be quoted; `faults` lists every place that has to change."""
