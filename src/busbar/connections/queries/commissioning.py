"""What stands between an application and its supply; and what came of it (R37, R38)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from busbar.access.visibility import Viewer
from busbar.connections.models import (
    AgreementDraft,
    ApplicationKind,
    ApplicationState,
    ConnectionApplication,
    CustomerRegistration,
    DraftState,
    Energization,
    InspectionKind,
    MeteringPlan,
    SupplyKind,
    TemporarySupply,
    TrainingAttendee,
    TrainingSession,
    Verdict,
)
from busbar.connections.queries.works import list_blocking_findings, list_unpaid_notices
from busbar.connections.works_ground import chosen_alternative, planned_sources
from busbar.kit.errors import Listing, Refusal
from busbar.metering.models import MeterInstallation

_HIGH_VOLTAGE = (SupplyKind.HV_SINGLE, SupplyKind.HV_DUAL)


@dataclass(frozen=True)
class CommissioningFile:
    """Agreement, metering, switching, registration and training of one application."""

    agreement: AgreementDraft | None
    metering: list[MeteringPlan]
    energizations: list[Energization]
    registration: CustomerRegistration | None
    trainings: list[TrainingSession]


def get_commissioning(viewer: Viewer, application: ConnectionApplication) -> CommissioningFile:
    """All that is known of commissioning, for the page of an application."""
    return CommissioningFile(
        agreement=AgreementDraft.objects.visible_to(viewer)
        .filter(application=application)
        .exclude(state=DraftState.VOID)
        .first(),
        metering=list(
            MeteringPlan.objects.visible_to(viewer)
            .filter(application=application)
            .select_related("fitting", "usage_point")
            .order_by("ordinal")
        ),
        energizations=list(
            Energization.objects.visible_to(viewer)
            .filter(application=application)
            .select_related("account", "site")
            .order_by("id")
        ),
        registration=CustomerRegistration.objects.visible_to(viewer)
        .filter(application=application)
        .first(),
        trainings=list(_trainings(viewer, application)),
    )


def list_obstacles(application: ConnectionApplication, *, on: dt.date) -> list[Refusal]:
    """Everything that bars energising on the day, each a phrase; empty when nothing does.

    For an application whose visibility was checked.
    """
    return [
        *_against_works(application),
        *(
            Refusal("费用未缴清：%(number)s", number=number)
            for number in list_unpaid_notices(application)
        ),
        *_against_agreement(application, on),
        *_against_metering(application, on),
        *_against_archive(application),
    ]


def list_ending_temporary_supplies(
    viewer: Viewer, *, before: dt.date
) -> QuerySet[TemporarySupply, TemporarySupply]:
    """Temporary supplies not taken down that end before a day, the earliest first."""
    rows: QuerySet[TemporarySupply, TemporarySupply] = TemporarySupply.objects.visible_to(
        viewer
    ).filter(terminated_on=None, ends_on__lt=before)
    return rows.select_related("application__unit", "account").order_by("ends_on", "id")


def list_closing_obstacles(application: ConnectionApplication) -> list[Refusal]:
    """What is left to do after energising before the application is closed (R38)."""
    left = []
    if not CustomerRegistration.objects.filter(application=application).exists():
        left.append(Refusal("尚未办理接入注册"))
    if not has_passed_training(application):
        left.append(Refusal("尚未完成用电培训（至少一人签到并考核合格）"))
    return left


def has_passed_training(application: ConnectionApplication) -> bool:
    """Whether somebody of the customer's signed in and reached the score of the session."""
    rows = TrainingAttendee.objects.filter(training__application=application, signed_in=True)
    marks = rows.values_list("score", "training__pass_score")
    return any(score is not None and score >= least for score, least in marks)


def _against_works(application: ConnectionApplication) -> list[Refusal]:
    reasons = []
    inspections = application.inspections.filter(kind=InspectionKind.COMPLETION)
    passed = inspections.filter(verdict=Verdict.PASSED).exists()
    if application.state != ApplicationState.PASSED or not passed:
        reasons.append(Refusal("竣工检验未合格"))
    reasons += [
        Refusal(
            "检查问题未复查合格：%(notice_number)s第%(number)s项",
            notice_number=finding.notice_number,
            number=finding.number,
        )
        for finding in list_blocking_findings(application)
    ]
    needs = application.supply_kind in _HIGH_VOLTAGE
    if needs and not application.built_transformers.exists():
        reasons.append(Refusal("没有竣工变压器记录"))
    return reasons


def _against_agreement(application: ConnectionApplication, on: dt.date) -> list[Refusal]:
    draft = application.agreement_drafts.exclude(state=DraftState.VOID).first()
    if draft is None or draft.state != DraftState.SIGNED:
        return [Refusal("供用电合同未签订")]
    if draft.signed_on is not None and draft.signed_on > on:
        return [Refusal("供用电合同签订日 %(signed_on)s 在送电之后", signed_on=draft.signed_on)]
    if draft.valid_until is not None and draft.valid_until <= on:
        return [Refusal("供用电合同到 %(valid_until)s 已失效", valid_until=draft.valid_until)]
    return []


def _against_metering(application: ConnectionApplication, on: dt.date) -> list[Refusal]:
    plans = list(application.metering_plans.select_related("fitting").order_by("ordinal"))
    if not plans:
        keeps = application.kind == ApplicationKind.INCREASE and _has_meter(application)
        return [] if keeps else [Refusal("没有计量方案")]
    bare = [plan.name for plan in plans if not hasattr(plan, "fitting")]
    late = [p.name for p in plans if hasattr(p, "fitting") and p.fitting.fitted_on > on]
    reasons = [Refusal("未装表：%(bare)s", bare=Listing(bare))] if bare else []
    return reasons + ([Refusal("装表日期在送电之后：%(late)s", late=Listing(late))] if late else [])


def _has_meter(application: ConnectionApplication) -> bool:
    rows = MeterInstallation.objects.filter(
        usage_point__account=application.account, removed_on=None
    )
    return rows.exists()


def _against_archive(application: ConnectionApplication) -> list[Refusal]:
    reasons = []
    if application.customer_id is None:
        reasons.append(Refusal("客户尚未建档"))
    chosen = chosen_alternative(application)
    if chosen is None:
        reasons.append(Refusal("没有有效的供电方案"))
    elif application.supply_kind in _HIGH_VOLTAGE:
        least = 2 if application.supply_kind == SupplyKind.HV_DUAL else 1
        known: Sequence[object] = planned_sources(chosen)
        if len(known) < least:
            reasons.append(
                Refusal(
                    "供电方案应有 %(least)s 路电源，台账中能找到馈线的只有 %(found)s 路",
                    least=least,
                    found=len(known),
                )
            )
    return reasons


def _trainings(
    viewer: Viewer, application: ConnectionApplication
) -> QuerySet[TrainingSession, TrainingSession]:
    attendees = Prefetch("attendees", queryset=TrainingAttendee.objects.order_by("name"))
    rows: QuerySet[TrainingSession, TrainingSession] = TrainingSession.objects.visible_to(viewer)
    return (
        rows.filter(application=application)
        .select_related("trainer")
        .prefetch_related(attendees)
        .order_by("held_on", "id")
    )
