"""Stages 6 and 7: agreement, metering, energising, registration, training (R37, R38)."""

from __future__ import annotations

from busbar.connections import operations
from busbar.connections.models import MeteringPlan
from busbar.connections.operations.agreement import AgreementTerms
from busbar.connections.operations.closing import Trainee
from busbar.connections.operations.energize import Switching
from busbar.connections.operations.metering_plan import FittedMeter, PlannedPoint
from busbar.connections.steps.answers import Facts, UnableToAnswer, files, keyed, rows, text
from busbar.workflow.registry import TaskCompletion


def sign_agreement(completion: TaskCompletion) -> Facts:
    """Draw up the agreement from the scheme and enter both signatures."""
    pk, data = completion.instance.subject_id, completion.data
    operations.draft_agreement(
        application_id=pk,
        terms=AgreementTerms(
            tariff_code=text(completion, "tariff_code"),
            tariff_category=text(completion, "tariff_category"),
            basic_charge_mode=text(completion, "basic_charge_mode"),
            contract_demand_kw=data.get("contract_demand_kw"),
            power_factor_standard=text(completion, "power_factor_standard"),
        ),
        by=completion.viewer,
        at=completion.at,
    )
    operations.sign_supply_agreement(
        application_id=pk,
        signed_on=data["signed_on"],
        customer_signatory=text(completion, "customer_signatory"),
        company_signatory=text(completion, "company_signatory"),
        files=files(completion, "agreement"),
        by=completion.viewer,
        at=completion.at,
    )
    operations.issue_agreement_paper(application_id=pk, by=completion.viewer, at=completion.at)
    return {}


def plan_metering(completion: TaskCompletion) -> Facts:
    """计量方案: a point a row."""
    points = [
        PlannedPoint(
            name=str(row["name"]),
            metering_side=str(row["metering_side"]),
            voltage_kv=row["voltage_kv"],
            ct_ratio=row["ct_ratio"],
            pt_ratio=row["pt_ratio"],
            usage_point_number=str(row.get("usage_point") or ""),
        )
        for row in rows(completion, "points")
    ]
    operations.plan_metering(
        application_id=completion.instance.subject_id,
        points=points,
        by=completion.viewer,
        at=completion.at,
    )
    return {"meters_left": True}


def fit_meter(completion: TaskCompletion) -> Facts:
    """Hang the next planned meter; says whether more are to come."""
    waiting = _waiting(completion)
    if not waiting:
        raise UnableToAnswer("计量方案中没有待装的计量点")
    data = completion.data
    ends = keyed(rows(completion, "end_registers"), "reading_type", "value")
    operations.fit_meter(
        plan_id=waiting[0].pk,
        meter=FittedMeter(
            serial=text(completion, "serial"),
            model=text(completion, "model"),
            ct_ratio=data["ct_ratio"],
            pt_ratio=data["pt_ratio"],
            seals=text(completion, "seals").replace("、", " ").split(),
            start_registers=keyed(rows(completion, "start_registers"), "reading_type", "value"),
            end_registers=ends or None,
            fitted_on=data["fitted_on"],
            fitted_by=completion.viewer.name,
            files=files(completion, "photos"),
        ),
        by=completion.viewer,
        at=completion.at,
    )
    return {"meters_left": len(waiting) > 1}


def energize(completion: TaskCompletion) -> Facts:
    """送电: the archive follows in the same transaction."""
    operations.energize_supply(
        application_id=completion.instance.subject_id,
        switching=Switching(
            permit_number=text(completion, "permit_number"),
            switched_at=completion.data["switched_at"],
            operator=text(completion, "operator"),
            supervisor=text(completion, "supervisor"),
            note=text(completion, "note"),
        ),
        by=completion.viewer,
        at=completion.at,
    )
    operations.issue_energization_paper(
        application_id=completion.instance.subject_id, by=completion.viewer, at=completion.at
    )
    return {}


def register_supply(completion: TaskCompletion) -> Facts:
    """接入注册."""
    operations.register_supply(
        application_id=completion.instance.subject_id,
        contact_name=text(completion, "contact_name"),
        contact_phone=text(completion, "contact_phone"),
        note=text(completion, "note"),
        by=completion.viewer,
        at=completion.at,
    )
    return {}


def record_training(completion: TaskCompletion) -> Facts:
    """用电培训 with its sign-in sheet and scores."""
    attendees = [
        Trainee(
            name=str(row["name"]),
            signed_in=bool(row.get("signed_in")),
            position=str(row.get("position") or ""),
            score=int(row["score"]) if row.get("score") is not None else None,
        )
        for row in rows(completion, "attendees")
    ]
    operations.record_training(
        application_id=completion.instance.subject_id,
        topic=text(completion, "topic"),
        held_on=completion.data["held_on"],
        attendees=attendees,
        sign_in_sheet=files(completion, "sign_in_sheet"),
        place=text(completion, "place"),
        by=completion.viewer,
        at=completion.at,
    )
    return {}


def close_application(completion: TaskCompletion) -> Facts:
    """归档."""
    operations.close_application(
        application_id=completion.instance.subject_id, by=completion.viewer, at=completion.at
    )
    return {}


def _waiting(completion: TaskCompletion) -> list[MeteringPlan]:
    plans = MeteringPlan.objects.filter(
        application=completion.instance.subject_id, fitting__isnull=True
    )
    return list(plans.order_by("ordinal"))
