"""Substations and feeders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import After, Limit, Page, Text, answers, page_by
from busbar.api.sign_in import viewer_of
from busbar.network.models import Feeder, Substation

substations = Router()
feeders = Router()


class SubstationOut(Schema):
    """变电站."""

    code: str
    name: str
    unit_code: str
    voltage_kv: Decimal
    capacity_kva: int

    @staticmethod
    def resolve_unit_code(substation: Substation) -> str:
        """Code of the unit that runs it."""
        return substation.unit.code


class FeederOut(Schema):
    """馈线."""

    code: str
    name: str
    substation_code: str
    voltage_kv: Decimal
    capacity_kva: int

    @staticmethod
    def resolve_substation_code(feeder: Feeder) -> str:
        """Code of its substation."""
        return feeder.substation.code


@substations.get("", response=answers(Page[SubstationOut]), operation_id="list_substations")
def list_substations(request: HttpRequest, after: After = "", limit: Limit = 50) -> dict[str, Any]:
    """可见的变电站。"""
    found = Substation.objects.visible_to(viewer_of(request)).select_related("unit")
    return page_by(found, "code", after=after, limit=limit)


@feeders.get("", response=answers(Page[FeederOut]), operation_id="list_feeders")
def list_feeders(
    request: HttpRequest, substation: Text = "", after: After = "", limit: Limit = 50
) -> dict[str, Any]:
    """可见的馈线；`substation` 为变电站编码。"""
    found = Feeder.objects.visible_to(viewer_of(request)).select_related("substation")
    if substation:
        found = found.filter(substation__code=substation)
    return page_by(found, "code", after=after, limit=limit)
