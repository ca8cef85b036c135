"""Interim and completion inspections: requested, held by two, with findings and test values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction

from busbar.access.models import Employee
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    DraftState,
    Inspection,
    InspectionFinding,
    InspectionItem,
    InspectionKind,
    InspectionMeasurement,
    Severity,
    Verdict,
)
from busbar.connections.numbering import paper_number
from busbar.connections.queries.works import list_blocking_findings, list_inspection_items
from busbar.connections.recording import record_step, tell_ready
from busbar.connections.sent_files import PHOTOS, SentFile, keep_files
from busbar.connections.subjects import advance
from busbar.connections.works_ground import find_employees, hold_visible, names_of
from busbar.kit.errors import Listing, Refusal
from busbar.kit.periods import local_date

LEAST_INSPECTORS = 2
"""现场检查不少于两人（用电检查的惯例；原《用电检查管理办法》，已废止，B 级转载）."""

_STATE_OF = {
    InspectionKind.INTERIM: ApplicationState.WORKS,
    InspectionKind.COMPLETION: ApplicationState.COMPLETED,
}


class UnableToInspect(Refusal):
    """The inspection cannot be requested or held so."""


@dataclass(frozen=True)
class SeenFinding:
    """One problem found on site."""

    severity: Severity | str
    clause: str
    description: str
    rectify_by: dt.date
    photos: Sequence[SentFile] = ()


@dataclass(frozen=True)
class InspectionOutcome:
    """What the inspectors bring home. `measured` is by item code, in the item's unit."""

    inspector_ids: Sequence[int]
    held_at: dt.datetime
    opinion: str
    witness: str = ""
    findings: Sequence[SeenFinding] = ()
    measured: dict[str, Decimal] = field(default_factory=dict)
    files: Sequence[SentFile] = ()


@transaction.atomic
def request_inspection(
    *,
    application_id: int,
    kind: InspectionKind | str,
    requested_by: str,
    part: str = "",
    by: Viewer,
    at: dt.datetime,
) -> Inspection:
    """Enter the customer's request; the limit of the inspection runs from here."""
    by.require(Permission.ACCEPT_APPLICATIONS)
    kind = InspectionKind(kind)
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToInspect,
        states=(_STATE_OF[kind],),
        what="申请检查",
    )
    if not requested_by.strip():
        raise UnableToInspect("应写明申请检查的人")
    if kind == InspectionKind.INTERIM and not part.strip():
        raise UnableToInspect("中间检查应写明检查部位，如接地网、电缆沟")
    rounds = application.inspections.filter(kind=kind)
    if rounds.filter(verdict="").exists():
        raise UnableToInspect("已有一次%(label)s等待进行", label=kind.label)
    inspection = Inspection.objects.create(
        application=application,
        kind=kind,
        round=rounds.count() + 1,
        part=part.strip(),
        requested_by=requested_by.strip(),
        requested_at=at,
    )
    record_step(
        event="connections.inspection.requested",
        application=application,
        actor=by.actor,
        at=at,
        changes={"kind": kind, "round": inspection.round, "part": inspection.part},
        facts={"inspection_kind": str(kind)},
    )
    return inspection


@transaction.atomic
def hold_inspection(
    *, inspection_id: int, outcome: InspectionOutcome, by: Viewer, at: dt.datetime
) -> Inspection:
    """Enter what was found; the verdict follows from it.

    Any finding, or a test value outside its limits, returns the works for rectification; a
    completion inspection needs every test of the list, and passes only with all findings of
    earlier inspections closed. Passing it accepts the works.
    """
    by.require(Permission.INSPECT_WORKS)
    inspection = _find(inspection_id, by)
    kind = InspectionKind(inspection.kind)
    application = hold_visible(
        inspection.application_id,
        by=by,
        refusal=UnableToInspect,
        states=(_STATE_OF[kind],),
        what=str(kind.label),
    )
    inspection.refresh_from_db()
    if inspection.verdict:
        raise UnableToInspect(
            "第 %(round)s 次%(label)s已有结论", round=inspection.round, label=kind.label
        )
    people = _check(inspection, outcome, at)
    values = _measure(application, inspection, outcome)
    _enter_findings(application, inspection, outcome, at)
    inspection.verdict = _judge(application, inspection, outcome, values)
    _close(inspection, outcome, people)
    if kind == InspectionKind.COMPLETION and inspection.verdict == Verdict.PASSED:
        advance(application, ApplicationState.PASSED, 6)
    _tell(application, inspection, people, by=by, at=at)
    return inspection


def _find(inspection_id: int, by: Viewer) -> Inspection:
    found: Inspection | None = Inspection.objects.visible_to(by).filter(pk=inspection_id).first()
    if found is None:
        raise UnableToInspect("该检查不存在，或不在您的管辖范围内")
    return found


def _check(inspection: Inspection, outcome: InspectionOutcome, at: dt.datetime) -> list[Employee]:
    if not outcome.opinion.strip():
        raise UnableToInspect("应写明检查意见")
    if outcome.held_at < inspection.requested_at or outcome.held_at > at:
        raise UnableToInspect("检查时间应在申请之后、登记之前")
    held_on = local_date(outcome.held_at)
    for number, finding in enumerate(outcome.findings, start=1):
        if not finding.clause.strip() or not finding.description.strip():
            raise UnableToInspect("第 %(number)s 个问题应写明内容和依据条款", number=number)
        if finding.rectify_by < held_on:
            raise UnableToInspect(
                "第 %(number)s 个问题的整改期限早于检查日 %(held_on)s",
                number=number,
                held_on=held_on,
            )
        if Severity(finding.severity) == Severity.SEVERE and not finding.photos:
            raise UnableToInspect("第 %(number)s 个问题为严重问题，应附现场照片", number=number)
    return find_employees(outcome.inspector_ids, least=LEAST_INSPECTORS, refusal=UnableToInspect)


def _measure(
    application: ConnectionApplication, inspection: Inspection, outcome: InspectionOutcome
) -> list[InspectionMeasurement]:
    items = list_inspection_items(
        kind=inspection.kind,
        supply_kind=application.supply_kind,
        on=local_date(outcome.held_at),
    )
    tests = {item.code: item for item in items if item.is_test}
    lacking = [tests[code].title for code in tests if code not in outcome.measured]
    if lacking:
        raise UnableToInspect("缺少试验数据：%(lacking)s", lacking=Listing(lacking))
    if strange := sorted(set(outcome.measured) - set(tests)):
        raise UnableToInspect("试验项目不在本次检验清单中：%(strange)s", strange=Listing(strange))
    rows = [_value(inspection, item, outcome.measured[code]) for code, item in tests.items()]
    return InspectionMeasurement.objects.bulk_create(rows)


def _value(
    inspection: Inspection, item: InspectionItem, measured: Decimal
) -> InspectionMeasurement:
    low, high = item.minimum, item.maximum
    return InspectionMeasurement(
        inspection=inspection,
        item_code=item.code,
        title=item.title,
        measured=measured,
        unit=item.unit,
        minimum=low,
        maximum=high,
        is_passed=(low is None or measured >= low) and (high is None or measured <= high),
    )


def _enter_findings(
    application: ConnectionApplication,
    inspection: Inspection,
    outcome: InspectionOutcome,
    at: dt.datetime,
) -> None:
    if not outcome.findings:
        return
    notice = paper_number("整改通知", application.unit.code, at)
    InspectionFinding.objects.bulk_create(
        InspectionFinding(
            inspection=inspection,
            number=number,
            severity=Severity(finding.severity),
            clause=finding.clause.strip(),
            description=finding.description.strip(),
            photos=keep_files(finding.photos, refusal=UnableToInspect, allowed=PHOTOS),
            notice_number=notice,
            rectify_by=finding.rectify_by,
        )
        for number, finding in enumerate(outcome.findings, start=1)
    )


def _judge(
    application: ConnectionApplication,
    inspection: Inspection,
    outcome: InspectionOutcome,
    values: Sequence[InspectionMeasurement],
) -> Verdict:
    if outcome.findings or any(not value.is_passed for value in values):
        return Verdict.RETURNED
    is_last = inspection.kind == InspectionKind.COMPLETION
    if is_last and (blocking := list_blocking_findings(application)):
        found = [
            Refusal("%(notice)s第%(number)s项", notice=f.notice_number, number=f.number)
            for f in blocking
        ]
        raise UnableToInspect("还有问题未复查合格：%(numbers)s", numbers=Listing(found))
    return Verdict.PASSED


def _close(inspection: Inspection, outcome: InspectionOutcome, people: Sequence[Employee]) -> None:
    inspection.held_at, inspection.opinion = outcome.held_at, outcome.opinion.strip()
    inspection.witness = outcome.witness
    inspection.files = keep_files(outcome.files, refusal=UnableToInspect)
    inspection.save(update_fields=["verdict", "held_at", "opinion", "witness", "files"])
    inspection.inspectors.set(people)


def _tell(
    application: ConnectionApplication,
    inspection: Inspection,
    people: Sequence[Employee],
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    facts = {"inspection_kind": inspection.kind, "verdict": inspection.verdict}
    record_step(
        event="connections.inspection.held",
        application=application,
        actor=by.actor,
        at=at,
        changes={
            **facts,
            "round": inspection.round,
            "inspectors": names_of(people),
            "findings": inspection.findings.count(),
        },
        facts=facts,
    )
    if application.state == ApplicationState.PASSED:
        record_step(
            event="connections.acceptance.passed",
            application=application,
            actor=by.actor,
            at=at,
            changes={"inspection": inspection.round},
        )
        if application.agreement_drafts.filter(state=DraftState.SIGNED).exists():
            tell_ready(application, actor=by.actor, at=at)
