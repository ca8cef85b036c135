"""Supply schemes: rounds, the alternatives compared, countersign, validity, extensions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import After, Limit, Page, Text, answers, page_by_moment
from busbar.api.sign_in import viewer_of
from busbar.api.values import Id
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ExtensionState,
    SchemeAlternative,
    SchemeState,
    SupplyScheme,
)

router = Router()


class SchemeOut(Schema):
    """One round of the scheme."""

    id: int
    number: str
    application_number: str
    round: int
    state: SchemeState
    author_name: str
    chosen_name: str | None
    submitted_at: dt.datetime | None
    approved_at: dt.datetime | None
    replied_at: dt.datetime | None
    valid_from: dt.date | None
    valid_until: dt.date | None
    created_at: dt.datetime

    @staticmethod
    def resolve_application_number(scheme: SupplyScheme) -> str:
        """Number of the application."""
        return scheme.application.number

    @staticmethod
    def resolve_chosen_name(scheme: SupplyScheme) -> str | None:
        """Name of the alternative that was chosen."""
        return scheme.chosen.name if scheme.chosen else None


class AlternativeOut(Schema):
    """比选方案: what it builds, carries and costs; yuan, kVA, kV, %."""

    id: int
    ordinal: int
    name: str
    is_chosen: bool
    is_computed: bool
    voltage_kv: Decimal
    capacity_kva: int
    sources: list[Any]
    transformers: list[Any]
    investment: list[Any]
    investment_yuan: Decimal | None
    yearly_costs: list[Any]
    cheapest_yearly_yuan: Decimal | None
    loading_percent: Decimal | None
    voltage_deviation_percent: Decimal | None
    n_minus_one: bool | None
    availability_percent: Decimal | None
    construction_days: int | None
    checks: list[Any]
    obstacles: list[Any]
    score: Decimal | None


class OpinionOut(Schema):
    """What a department said of the round; null where it has not."""

    department: str
    label: str
    agrees: bool | None
    remark: str
    is_silent: bool
    signer_name: str
    given_at: dt.datetime | None


class ExceptionOut(Schema):
    """A failed check let pass, by whom and why."""

    check_code: str
    clause: str
    reason: str
    granted_by_name: str
    granted_at: dt.datetime


class ExtensionOut(Schema):
    """方案延期: asked for, and the answer with its clause."""

    state: ExtensionState
    requested_on: dt.date
    last_request_on: dt.date
    asked_until: dt.date
    reason: str
    granted_until: dt.date | None
    clause: str
    answer: str
    decided_by_name: str
    decided_at: dt.datetime | None


class SchemeDetailOut(SchemeOut):
    """A round with its alternatives, opinions, exceptions and extensions."""

    choice_reason: str
    returned_reason: str
    approval_remark: str
    objection: str
    objection_until: dt.date | None
    validity_code: str
    first_valid_until: dt.date | None
    studied_at: dt.datetime | None
    assumptions: dict[str, Any]
    comparison: dict[str, Any]
    alternatives: list[AlternativeOut]
    opinions: list[OpinionOut]
    exceptions: list[ExceptionOut]
    extensions: list[ExtensionOut]

    @staticmethod
    def resolve_alternatives(scheme: SupplyScheme) -> list[dict[str, Any]]:
        """In their order, prefetched."""
        rows = sorted(scheme.alternatives.all(), key=lambda row: row.ordinal)
        return [_alternative(row, scheme) for row in rows]

    @staticmethod
    def resolve_opinions(scheme: SupplyScheme) -> list[dict[str, Any]]:
        """The four departments, prefetched."""
        return [_opinion(row) for row in connections_queries.list_opinions(scheme)]

    @staticmethod
    def resolve_exceptions(scheme: SupplyScheme) -> list[Any]:
        """Prefetched."""
        return sorted(scheme.exceptions.all(), key=lambda row: row.pk)

    @staticmethod
    def resolve_extensions(scheme: SupplyScheme) -> list[Any]:
        """Prefetched."""
        return sorted(scheme.extensions.all(), key=lambda row: row.pk)


@router.get("", response=answers(Page[SchemeOut], 404, 409), operation_id="list_schemes")
def list_schemes(
    request: HttpRequest,
    application: Text = "",
    state: SchemeState | None = None,
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的供电方案（每轮一条），新的在前；`application` 为申请编号。"""
    viewer = viewer_of(request)
    found = connections_queries.list_schemes(viewer, state=state or "")
    if application:
        found = found.filter(application__number=application)
    lean = found.defer("study_inputs", "assumptions", "comparison", "chosen__result")
    return page_by_moment(lean, "created_at", after=after, limit=limit)


@router.get("/{scheme_id}", response=answers(SchemeDetailOut, 404), operation_id="get_scheme")
def get_scheme(request: HttpRequest, scheme_id: Id) -> SupplyScheme:
    """一轮供电方案：比选、潮流与校验、投资、年电费、会签、有效期与延期。"""
    scheme = connections_queries.get_scheme(viewer_of(request), scheme_id)
    if scheme is None:
        raise SupplyScheme.DoesNotExist
    return scheme


def _alternative(row: SchemeAlternative, scheme: SupplyScheme) -> dict[str, Any]:
    names = set(AlternativeOut.model_fields) - {"is_chosen"}
    plain = {name: getattr(row, name) for name in names}
    return {**plain, "is_chosen": row.pk == scheme.chosen_id}


def _opinion(row: connections_queries.DepartmentOpinion) -> dict[str, Any]:
    given = row.opinion
    return {
        "department": row.department,
        "label": row.label,
        "agrees": given.agrees if given else None,
        "remark": given.remark if given else "",
        "is_silent": given.is_silent if given else False,
        "signer_name": given.signer_name if given else "",
        "given_at": given.given_at if given else None,
    }
