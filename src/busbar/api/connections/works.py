"""The register of firms and the neutral list; inspections with findings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import (
    After,
    Day,
    Limit,
    Page,
    Text,
    answers,
    page_by,
    page_by_moment,
)
from busbar.api.sign_in import viewer_of
from busbar.api.values import Flag, Id, in_reach, now
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    Contractor,
    ContractorRole,
    FindingState,
    Inspection,
    InspectionFinding,
    InspectionKind,
    Qualification,
    QualificationKind,
    Severity,
)
from busbar.kit.periods import local_date

contractors = Router()
of_application = Router()
inspections = Router()
findings = Router()


class QualificationOut(Schema):
    """资质, over `[valid_from, valid_until)` unless revoked before."""

    kind: QualificationKind
    grade: str
    certificate_number: str
    issued_by: str
    valid_from: dt.date
    valid_until: dt.date
    revoked_on: dt.date | None


class ContractorOut(Schema):
    """设计、施工、试验单位."""

    code: str
    name: str
    credit_code: str
    contact_name: str
    contact_phone: str
    address: str
    struck_off_on: dt.date | None
    qualifications: list[QualificationOut]

    @staticmethod
    def resolve_qualifications(firm: Contractor) -> list[Qualification]:
        """Its certificates, prefetched."""
        return list(firm.qualifications.all())


class OfferedOut(Schema):
    """A firm on the list with the certificates that qualify it."""

    code: str
    name: str
    certificates: list[str]


class OfferOut(Schema):
    """The whole list for an application and day, in an order that anybody can reckon again."""

    role: ContractorRole
    voltage_kv: Decimal
    on: dt.date
    seed: str
    rule: str
    entries: list[OfferedOut]


class WorksFindingOut(Schema):
    """检查问题, with its rectification."""

    id: int
    number: int
    severity: Severity
    clause: str
    description: str
    notice_number: str
    rectify_by: dt.date
    state: FindingState
    rectified_at: dt.datetime | None
    rectified_by: str
    measure: str


class OpenFindingOut(WorksFindingOut):
    """A finding not closed, with the application it stands on."""

    application_number: str

    @staticmethod
    def resolve_application_number(finding: InspectionFinding) -> str:
        """Number of the application."""
        return finding.inspection.application.number


class MeasurementOut(Schema):
    """A measured value against the limits of the day."""

    item_code: str
    title: str
    measured: Decimal
    unit: str
    minimum: Decimal | None
    maximum: Decimal | None
    is_passed: bool


class InspectionOut(Schema):
    """中间检查或竣工检验."""

    id: int
    application_number: str
    kind: InspectionKind
    round: int
    part: str
    requested_by: str
    requested_at: dt.datetime
    held_at: dt.datetime | None
    witness: str
    verdict: str
    opinion: str

    @staticmethod
    def resolve_application_number(inspection: Inspection) -> str:
        """Number of the application."""
        return inspection.application.number


class InspectionDetailOut(InspectionOut):
    """An inspection with who held it, what was found and what was measured."""

    inspectors: list[str]
    findings: list[WorksFindingOut]
    measurements: list[MeasurementOut]

    @staticmethod
    def resolve_inspectors(inspection: Inspection) -> list[str]:
        """Their names, prefetched."""
        return sorted(person.name for person in inspection.inspectors.all())

    @staticmethod
    def resolve_findings(inspection: Inspection) -> list[Any]:
        """Prefetched in their order."""
        return list(inspection.findings.all())

    @staticmethod
    def resolve_measurements(inspection: Inspection) -> list[Any]:
        """Prefetched in their order."""
        return list(inspection.measurements.all())


@contractors.get("", response=answers(Page[ContractorOut]), operation_id="list_contractors")
def list_contractors(
    request: HttpRequest,
    on: Day | None = None,
    text: Text = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """某日在名录上的单位及资质，按编码；`text` 为名称、编码或信用代码。"""
    found = connections_queries.list_contractors(on=on or local_date(now()), text=text)
    return page_by(found, "code", after=after, limit=limit)


@contractors.get("/{code}", response=answers(ContractorOut, 404), operation_id="get_contractor")
def get_contractor(request: HttpRequest, code: Text) -> Contractor:
    """一个单位及其资质。"""
    return connections_queries.get_contractor(Contractor.objects.get(code=code).pk)


@of_application.get(
    "/{number}/contractor-offer",
    response=answers(OfferOut, 404, 409),
    operation_id="offer_contractors",
)
def offer_contractors(
    request: HttpRequest, number: Text, role: ContractorRole, on: Day | None = None
) -> dict[str, Any]:
    """供客户自主选择的全部有资质单位；顺序中立，任何人可复算。"""
    application = connections_queries.get_application(viewer_of(request), number)
    day = on or local_date(now())
    in_reach(day, "日期")
    offer = connections_queries.offer_contractors(application, role=role, on=day)
    names = ("role", "voltage_kv", "on", "seed", "rule")
    return {**{name: getattr(offer, name) for name in names}, "entries": offer.as_shown()}


@inspections.get("", response=answers(Page[InspectionOut], 409), operation_id="list_inspections")
def list_inspections(
    request: HttpRequest,
    *,
    application: Text = "",
    kind: InspectionKind | None = None,
    is_open: Flag = False,
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """可见的检查，新的在前；`is_open` 只要尚未检查的。"""
    found = Inspection.objects.visible_to(viewer_of(request)).select_related("application")
    if application:
        found = found.filter(application__number=application)
    if kind:
        found = found.filter(kind=kind)
    if is_open:
        found = found.filter(verdict="")
    return page_by_moment(found, "requested_at", after=after, limit=limit)


@inspections.get(
    "/{inspection_id}", response=answers(InspectionDetailOut, 404), operation_id="get_inspection"
)
def get_inspection(request: HttpRequest, inspection_id: Id) -> Inspection:
    """一次检查：检查人、问题与整改、试验记录。"""
    return connections_queries.get_inspection(viewer_of(request), inspection_id)


@findings.get(
    "", response=answers(Page[OpenFindingOut], 409), operation_id="list_inspection_findings"
)
def list_findings(
    request: HttpRequest, *, overdue: Flag = False, after: After = "", limit: Limit = 50
) -> dict[str, Any]:
    """未销号的检查问题，应先整改的在前；`overdue` 只要逾期未整改的。"""
    found = connections_queries.list_open_findings(
        viewer_of(request), overdue_on=local_date(now()) if overdue else None
    )
    return page_by_moment(found, "rectify_by", after=after, limit=limit, newest_first=False)
