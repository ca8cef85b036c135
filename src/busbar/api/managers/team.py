"""How managers and the companies above them stand, for programs."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import Group, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import now
from busbar.key_accounts.queries.team import (
    ManagerStanding,
    Standing,
    Team,
    UnitStanding,
    get_team,
)

router = Router()


class StandingOut(Schema):
    """Figures of customers with an A角; null where there is nothing to divide by."""

    customers: int
    visited: int
    services_late: int
    complaints: int
    promises_in_time: int
    promises_due: int
    satisfaction: Decimal | None
    scored: int
    revenue_yuan: Decimal
    growth_percent: Decimal | None
    margin_yuan: Decimal

    @staticmethod
    def resolve_promises_due(row: Standing) -> int:
        """Kept in time, or late."""
        return row.kept.due


class UnitStandingOut(Schema):
    """A company and all managers below it."""

    unit: str
    name: str
    managers: int
    standing: StandingOut

    @staticmethod
    def resolve_unit(row: UnitStanding) -> str:
        """The unit's code."""
        return row.unit.code

    @staticmethod
    def resolve_name(row: UnitStanding) -> str:
        """In words."""
        return row.unit.name


class ManagerStandingOut(Schema):
    """One manager's customers."""

    employee: str
    name: str
    unit: str
    standing: StandingOut

    @staticmethod
    def resolve_employee(row: ManagerStanding) -> str:
        """The staff number."""
        return row.employee.number

    @staticmethod
    def resolve_name(row: ManagerStanding) -> str:
        """In words."""
        return row.employee.name

    @staticmethod
    def resolve_unit(row: ManagerStanding) -> str:
        """Where the manager works."""
        return row.employee.unit.code


class TeamOut(Schema):
    """`month` is that of revenue, growth and margin; empty before the first evaluation."""

    month: str
    whole: StandingOut
    units: list[UnitStandingOut]
    managers: list[ManagerStandingOut]


@router.get("", response=answers(TeamOut), operation_id="get_team")
def team(request: HttpRequest, group: Group = "") -> Team:
    """团队：各级单位和经理的见面覆盖、兑现、满意度、增长与贡献；给出集团时只计其客户。"""
    return get_team(viewer_of(request, group), at=now())
