"""Reading the company's network."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.network.models import (
    ConductorType,
    Feeder,
    FeederTie,
    PublicTransformer,
    Substation,
    SubstationTransformer,
)


def list_substations(viewer: Viewer) -> QuerySet[Substation, Substation]:
    """Visible substations by code, with their unit."""
    found: QuerySet[Substation, Substation] = Substation.objects.visible_to(viewer)
    return found.select_related("unit").order_by("code")


def list_feeders(viewer: Viewer, *, substation_id: int | None = None) -> QuerySet[Feeder, Feeder]:
    """Visible feeders (of one substation) by code, with their substation."""
    found: QuerySet[Feeder, Feeder] = Feeder.objects.visible_to(viewer)
    if substation_id is not None:
        found = found.filter(substation_id=substation_id)
    return found.select_related("substation", "conductor").order_by("code")


def list_substation_transformers(
    viewer: Viewer, *, substation_ids: Iterable[int]
) -> QuerySet[SubstationTransformer, SubstationTransformer]:
    """Visible main transformers of the substations by code."""
    found: QuerySet[SubstationTransformer, SubstationTransformer] = (
        SubstationTransformer.objects.visible_to(viewer)
    )
    return found.filter(substation__in=list(substation_ids)).order_by("code")


def list_feeder_ties(
    viewer: Viewer, *, feeder_ids: Iterable[int]
) -> QuerySet[FeederTie, FeederTie]:
    """Visible ties with either end on one of the feeders, by code, with both ends."""
    ids = list(feeder_ids)
    found: QuerySet[FeederTie, FeederTie] = FeederTie.objects.visible_to(viewer)
    ends = Q(feeder__in=ids) | Q(other__in=ids)
    return found.filter(ends).select_related("feeder", "other").order_by("code")


def list_conductor_types() -> QuerySet[ConductorType, ConductorType]:
    """All conductor types by code."""
    return ConductorType.objects.order_by("code")


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
