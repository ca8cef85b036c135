"""Reading schemes: rounds, alternatives, opinions, validity and extensions (R45, R51–R56)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from busbar.access.models import UnitKind
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    COUNTERSIGNING_DEPARTMENTS,
    ENDED_STATES,
    SchemeExtension,
    SchemeOpinion,
    SupplyScheme,
    UnitCost,
)


@dataclass(frozen=True)
class DepartmentOpinion:
    """One department and what it said of a round; None while it has not."""

    department: str
    opinion: SchemeOpinion | None

    @property
    def label(self) -> str:
        """The department's Chinese name."""
        return str(UnitKind(self.department).label)


def list_schemes(
    viewer: Viewer, *, state: str = "", application_id: int | None = None
) -> QuerySet[SupplyScheme, SupplyScheme]:
    """Visible rounds, newest first, with application and choice."""
    schemes: QuerySet[SupplyScheme, SupplyScheme] = SupplyScheme.objects.visible_to(viewer)
    if state:
        schemes = schemes.filter(state=state)
    if application_id is not None:
        schemes = schemes.filter(application_id=application_id)
    return schemes.select_related("application", "chosen").order_by("-created_at", "-id")


def get_scheme(viewer: Viewer, scheme_id: int) -> SupplyScheme | None:
    """A visible round with alternatives, opinions, exceptions and extensions at hand."""
    parts = ("alternatives", "opinions", "exceptions", "extensions", "fee_notices__lines")
    return list_schemes(viewer).prefetch_related(*parts).filter(pk=scheme_id).first()


def get_current_scheme(viewer: Viewer, application_id: int) -> SupplyScheme | None:
    """The round that is open or in force; None between rounds."""
    rounds = list_schemes(viewer, application_id=application_id)
    return rounds.exclude(state__in=ENDED_STATES).first()


def list_opinions(scheme: SupplyScheme) -> list[DepartmentOpinion]:
    """The four departments in their order, with what each said of this round."""
    given = {opinion.department: opinion for opinion in scheme.opinions.all()}
    return [DepartmentOpinion(str(d), given.get(str(d))) for d in COUNTERSIGNING_DEPARTMENTS]


def list_extensions(
    viewer: Viewer, *, state: str = ""
) -> QuerySet[SchemeExtension, SchemeExtension]:
    """Visible requests to extend, newest first, with their schemes."""
    found: QuerySet[SchemeExtension, SchemeExtension] = SchemeExtension.objects.visible_to(viewer)
    if state:
        found = found.filter(state=state)
    return found.select_related("scheme__application").order_by("-requested_at", "-id")


def list_unit_costs() -> QuerySet[UnitCost, UnitCost]:
    """All unit costs by code, the newest first."""
    return UnitCost.objects.order_by("code", "-valid_from")
