"""Reading the company's network."""

from __future__ import annotations

from django.db.models import QuerySet

from busbar.access.visibility import Viewer
from busbar.network.models import Feeder, PublicTransformer, Substation


def list_substations(viewer: Viewer) -> QuerySet[Substation, Substation]:
    """Visible substations by code, with their unit."""
    found: QuerySet[Substation, Substation] = Substation.objects.visible_to(viewer)
    return found.select_related("unit").order_by("code")


def list_feeders(viewer: Viewer, *, substation_id: int | None = None) -> QuerySet[Feeder, Feeder]:
    """Visible feeders (of one substation) by code, with their substation."""
    found: QuerySet[Feeder, Feeder] = Feeder.objects.visible_to(viewer)
    if substation_id is not None:
        found = found.filter(substation_id=substation_id)
    return found.select_related("substation").order_by("code")


def list_public_transformers(
    viewer: Viewer, *, feeder_id: int | None = None
) -> QuerySet[PublicTransformer, PublicTransformer]:
    """Visible transformers of the company's own (on one feeder) by code, with their feeder."""
    found: QuerySet[PublicTransformer, PublicTransformer] = PublicTransformer.objects.visible_to(
        viewer
    )
    if feeder_id is not None:
        found = found.filter(feeder_id=feeder_id)
    return found.select_related("feeder").order_by("code")
