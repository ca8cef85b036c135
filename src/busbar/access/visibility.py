"""The one mechanism of row visibility: every list and every lookup passes `visible_to`.

An employee sees the branch of the tree below the unit; an account team sees its customers
whole, that of a group's head the members too; the regulator sees its branch and may only read
(R2, R33, R73, U1, U2, U3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, ClassVar, Self, TypeAlias

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from busbar.access.models import OrganizationUnit
from busbar.access.paths import branch_end, is_top
from busbar.access.permissions import Permission
from busbar.journal.operations import Actor
from busbar.kit.errors import Refusal

Ids: TypeAlias = "models.QuerySet[Any, Any] | list[int]"
"""Keys for `__in`: named, or a subquery of them."""
_FEW = 200
"""So many keys are named one by one: each query is built and planned more quickly for it."""


class NotPermitted(Refusal):
    """The viewer may not do this."""


@dataclass(frozen=True)
class Viewer:
    """Who looks: what every query needs to know of a person, and no more.

    `unit_path` is empty for somebody without a place in the tree, who sees nothing;
    `sees_all` is for the system's own jobs. `group_ids` are the groups a page looks at: rows of
    other customers are left out of everything it reads; None leaves nothing out.
    """

    user_id: int | None
    employee_id: int | None
    name: str
    unit_path: str
    permissions: frozenset[Permission] = frozenset()
    sees_all: bool = False
    group_ids: frozenset[int] | None = None

    @cached_property
    def sees_company(self) -> bool:
        """Whether no unit lies outside the branch; asked of whoever stands at a top, once."""
        if self.sees_all or not is_top(self.unit_path):
            return self.sees_all
        end = branch_end(self.unit_path)
        outside = OrganizationUnit.objects.exclude(path__gte=self.unit_path, path__lt=end)
        return not outside.exists()

    @cached_property
    def units(self) -> Ids:
        """The branch's units, for `__in`; as they were when first asked for."""
        return _named(units_in_branch(self.unit_path)) if self.unit_path else []

    @cached_property
    def team_customers(self) -> Ids:
        """Customers seen by account teams, for `__in`; as they were when first asked for."""
        return _named(team_sight(self.employee_id)) if self.employee_id else []

    @property
    def actor(self) -> Actor:
        """The viewer as the journal names it."""
        return Actor(self.user_id, self.name)

    def is_employee(self, employee_id: int | None) -> bool:
        """Whether it is this very person: nobody decides on what they asked for themselves.

        The system is nobody, and neither is who left no key.
        """
        return employee_id is not None and self.employee_id == employee_id

    def entitled(self) -> Viewer:
        """The same person, entitled to the act at hand by what they were given to do.

        Whoever holds a task does what it asks for: the workflow has checked unit and role. A
        dispatcher stops supply, a metering team writes the archive of another branch's station,
        and neither holds the counter's permissions. Never for what a person asks of themselves.
        """
        return replace(self, sees_all=True)

    @property
    def sees_everything(self) -> bool:
        """Whether no customer is left out: the whole company, and not one group of it."""
        return self.sees_company and self.group_ids is None

    def narrowed_to(self, group_ids: frozenset[int]) -> Viewer:
        """The same person looking at these groups' customers only: rows go, none come."""
        kept = group_ids if self.group_ids is None else self.group_ids & group_ids
        return replace(self, group_ids=kept)

    def may(self, permission: Permission) -> bool:
        """Whether the act is allowed."""
        return self.sees_all or permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Refuse, with the act's name, what is not allowed."""
        if not self.may(permission):
            raise NotPermitted(_("没有“%(permission)s”的权限") % {"permission": permission.label})

    def covers(self, unit_path: str) -> bool:
        """Whether the unit lies in the viewer's branch."""
        if self.sees_all:
            return True
        return bool(self.unit_path) and self.unit_path <= unit_path < branch_end(self.unit_path)

    def require_unit(self, unit_path: str) -> None:
        """Refuse to act on a unit outside the viewer's branch."""
        if not self.covers(unit_path):
            raise NotPermitted("该单位不在您管理的范围之内")


SYSTEM_VIEWER = Viewer(None, None, "系统", "", frozenset(Permission), sees_all=True)
"""The product itself: jobs, command line."""


def units_in_branch(path: str) -> models.QuerySet[OrganizationUnit, Any]:
    """Ids of the branch's units, as a subquery that is one index range."""
    return OrganizationUnit.objects.in_branch(path).values("pk")


def _named(rows: models.QuerySet[Any, Any]) -> Ids:
    ids = [row["pk"] for row in rows.order_by("pk")[: _FEW + 1]]
    return ids if len(ids) <= _FEW else rows


@cache
def _never_ends(model: Any, lookup: str) -> bool:
    """Whether a way along foreign keys reaches its end from every row."""
    for name in lookup.split("__"):
        field = model._meta.get_field(name)  # noqa: SLF001 - Django's public API under a private name
        if not isinstance(field, models.ForeignKey) or field.null:
            return False
        model = field.related_model
    return True


_team: list[Callable[[int], models.QuerySet[Any, Any]]] = []
_sight: list[Callable[[int], models.QuerySet[Any, Any]]] = []
_members: list[Callable[[frozenset[int]], models.QuerySet[Any, Any]]] = []


def register_account_team(
    customer_ids_of: Callable[[int], models.QuerySet[Any, Any]],
    seen_ids_of: Callable[[int], models.QuerySet[Any, Any]],
) -> None:
    """Called once by the room that knows account teams: employee id to customer ids subquery.

    The first gives the customers whose team the employee is on, the second also those that the
    team of a group's head sees.
    """
    _team[:], _sight[:] = [customer_ids_of], [seen_ids_of]


def register_group_members(
    customer_ids_in: Callable[[frozenset[int]], models.QuerySet[Any, Any]],
) -> None:
    """Called once by the room that knows groups: group ids to customer ids subquery."""
    _members[:] = [customer_ids_in]


def team_customer_ids(employee_id: int) -> models.QuerySet[Any, Any]:
    """Ids of the customers whose account team the employee is on, as a subquery."""
    return _team[0](employee_id)


def team_sight(employee_id: int) -> models.QuerySet[Any, Any]:
    """Ids of the customers that the employee sees by account teams: the own ones, and the
    members of a group whose head's team the employee is on, as a subquery.

    Who asks what is *mine* to do takes `team_customer_ids`: seeing a member is no duty to it.
    """
    return _sight[0](employee_id)


class VisibleQuerySet(models.QuerySet[Any]):
    """A QuerySet whose rows belong to units and, mostly, to a customer.

    `unit_lookups`: paths to the units that own a row (any of them suffices).
    `customer_lookup`: path to the customer's key, for account teams; None where no team applies.
    """

    unit_lookups: ClassVar[tuple[str, ...]] = ("unit",)
    customer_lookup: ClassVar[str | None] = None

    def visible_to(self, viewer: Viewer) -> Self:
        """Only the rows this viewer may see, of the groups the page looks at."""
        return self.seen_by(viewer).in_groups(viewer.group_ids)

    def in_groups(self, group_ids: frozenset[int] | None) -> Self:
        """Narrowed to the customers of the groups; None, or a noun without customers, is not."""
        if group_ids is None:
            return self
        condition = self.of_customers(_members[0](group_ids))
        return self if condition is None else self.filter(condition)

    def of_customers(self, customers: models.QuerySet[Any, Any]) -> Q | None:
        """Rows that belong to the customers (a subquery of ids); None where rows have none."""
        return Q(**{f"{self.customer_lookup}__in": customers}) if self.customer_lookup else None

    def seen_by(self, viewer: Viewer) -> Self:
        """What the viewer may see at all; a noun may widen it."""
        if viewer.sees_all or (viewer.sees_company and self._always_has_unit()):
            return self
        condition = Q()
        if viewer.unit_path:
            condition |= self.in_units(viewer.units)
        if self.customer_lookup and viewer.team_customers != []:
            condition |= Q(**{f"{self.customer_lookup}__in": viewer.team_customers})
        return self.filter(condition) if condition else self.none()

    def _always_has_unit(self) -> bool:
        """Whether every row has a unit, by one of its ways to it at least."""
        model: Any = self.model
        return any(_never_ends(model, lookup) for lookup in self.unit_lookups)

    def looked_after(
        self, viewer: Viewer, *, mine: bool = False, customer_id: int | None = None
    ) -> Self:
        """Narrowed to the customers whose account team the viewer is on, or to one customer.

        For nouns with a `customer_lookup`; what may be seen `visible_to` decides.
        """
        rows = self
        if mine:
            team = team_customer_ids(viewer.employee_id or 0)
            rows = rows.filter(**{f"{self.customer_lookup}__in": team})
        if customer_id is not None:
            rows = rows.filter(**{f"{self.customer_lookup}": customer_id})
        return rows

    def in_units(self, units: Ids) -> Q:
        """Rows that belong to the units (ids, or a subquery of them); a noun may widen it."""
        condition = Q()
        for lookup in self.unit_lookups:
            condition |= Q(**{f"{lookup}__in": units})
        return condition if condition else Q(pk__in=[])
