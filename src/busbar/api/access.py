"""The organisation tree, as far as the caller sees it."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit
from busbar.api.paging import answers
from busbar.api.sign_in import viewer_of

router = Router()


class UnitOut(Schema):
    """单位."""

    code: str
    name: str
    kind: str
    parent_code: str | None
    is_active: bool

    @staticmethod
    def resolve_parent_code(unit: OrganizationUnit) -> str | None:
        """Code of the unit above."""
        return unit.parent.code if unit.parent else None


@router.get("", response=answers(list[UnitOut]), operation_id="list_units")
def list_units(request: HttpRequest) -> list[OrganizationUnit]:
    """可见范围内的单位，按树的次序。"""
    return access_queries.list_branch(viewer_of(request))
