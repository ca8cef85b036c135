"""The papers of stages 6 and 7: the agreement in short, the notice of energising (R37)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from busbar.access.models import LEVELS, OrganizationUnit
from busbar.access.paths import ancestors
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    AgreementDraft,
    ApplicationState,
    ConnectionApplication,
    DraftState,
    EnergizationResult,
    IssuedPaper,
    MeterFitting,
    PaperKind,
)
from busbar.connections.operations.issuing.ground import (
    Facts,
    UnableToCompilePaper,
    applicant_facts,
    hold_for,
    issue_about,
    require_any,
    volts,
)
from busbar.connections.papers import making
from busbar.connections.papers.work_facts import (
    AgreementSummary,
    EnergisingNotice,
    Feed,
    InstalledMeter,
)
from busbar.connections.queries.commissioning import list_obstacles
from busbar.connections.works_ground import (
    chosen_alternative,
    planned_sources,
    supply_voltage_kv,
)
from busbar.kit.errors import Reasons
from busbar.kit.money import plain
from busbar.kit.periods import local_date
from busbar.pricing.models import TariffCategory
from busbar.supply.models import BasicChargeMode, SourceRole

_LIVE = (ApplicationState.ENERGIZED, ApplicationState.CLOSED)
_AFTER = (
    "受电装置已带电，非值班人员不得操作。",
    "请按期完成用户注册和用电培训。",
    "设备异常或停电请及时与我公司联系。",
)
_TERMS = (
    "供电人按国家规定的供电质量标准供电；用电人按合同约定的容量、性质和地点用电。",
    "合同自双方签字盖章后成立，自送电之日起执行。",
    "变更用电应按规定提前办理；未办理的，按合同和有关规定承担责任。",
)


@transaction.atomic
def issue_agreement_paper(*, application_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """供用电合同(概要) of the draft that stands, signed or to be signed (R37).

    Raises UnableToCompilePaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.ACCEPT_APPLICATIONS)
    application = hold_for(application_id, by, what="生成供用电合同概要")
    draft = application.agreement_drafts.exclude(state=DraftState.VOID).first()
    if draft is None:
        raise UnableToCompilePaper(
            "申请 %(number)s 还没有起草供用电合同", number=application.number
        )
    return issue_about(
        application,
        PaperKind.AGREEMENT,
        _agreement_facts(application, draft, local_date(at)),
        lambda head, facts: making.render_agreement(AgreementSummary(head=head, **facts)),
        by=by,
        at=at,
    )


@transaction.atomic
def issue_energization_paper(
    *,
    application_id: int,
    energize_at: dt.datetime | None = None,
    by: Viewer,
    at: dt.datetime,
) -> IssuedPaper:
    """送电通知: lines, transformers and meters, and when they are put under voltage.

    Before energising `energize_at` says when it is meant to be, and nothing may be in the way;
    afterwards the recorded moment stands. Raises UnableToCompilePaper naming every obstacle.
    Event `connections.paper.issued`.
    """
    require_any(by, Permission.ENERGIZE, Permission.ACCEPT_APPLICATIONS)
    application = hold_for(
        application_id, by, what="生成送电通知", states=(ApplicationState.PASSED, *_LIVE)
    )
    told: Facts = {"energise_at": _moment(application, energize_at, at)}
    if application.state in _LIVE:
        told |= {"is_energised": True, "notes": _AFTER}
    return issue_about(
        application,
        PaperKind.ENERGIZATION,
        {**_energising_facts(application), **told},
        lambda head, facts: making.render_energising(EnergisingNotice(head=head, **facts)),
        by=by,
        at=at,
    )


def _moment(
    application: ConnectionApplication, planned: dt.datetime | None, at: dt.datetime
) -> dt.datetime:
    done = application.energizations.filter(result=EnergizationResult.ENERGIZED).first()
    if done is not None:
        switched_at: dt.datetime = done.switched_at
        return switched_at
    if planned is None:
        raise UnableToCompilePaper("请写明计划的送电时间")
    if planned < at:
        raise UnableToCompilePaper("计划的送电时间不能早于现在")
    against = list_obstacles(application, on=local_date(planned))
    if against:
        raise UnableToCompilePaper("尚不具备送电条件：%(against)s", against=Reasons(against))
    return planned


def _agreement_facts(
    application: ConnectionApplication, draft: AgreementDraft, today: dt.date
) -> Facts:
    agreement = draft.agreement
    known = applicant_facts(application)
    del known["application_number"]
    return {
        **known,
        "agreement_number": draft.number,
        "supplier": _supplier(application),
        "signed_on": draft.signed_on,
        "account_number": application.account.number if application.account else "",
        "valid_from": agreement.valid_from if agreement else draft.signed_on or today,
        "valid_until": draft.valid_until - dt.timedelta(days=1) if draft.valid_until else None,
        "voltage": volts(supply_voltage_kv(application)),
        "supply_kind": str(application.get_supply_kind_display()),
        "capacity_kva": Decimal(draft.contract_capacity_kva),
        "tariff_category": str(TariffCategory(draft.tariff_category).label),
        "basic_charge_mode": str(BasicChargeMode(draft.basic_charge_mode).label),
        "contracted_demand_kw": _whole(draft.contract_demand_kw),
        "credit_code": application.credit_code,
        "power_factor_standard": draft.power_factor_standard,
        "settlement": "按月",
        "boundary": _boundary(application),
        "metering": _metering(application),
        "terms": _TERMS,
    }


def _energising_facts(application: ConnectionApplication) -> Facts:
    draft = application.agreement_drafts.exclude(state=DraftState.VOID).first()
    chosen = chosen_alternative(application)
    built = list(application.built_transformers.order_by("label"))
    capacity = chosen.capacity_kva if chosen else application.requested_kva
    total = sum(t.capacity_kva for t in built) or capacity
    units = "、".join(f"{t.label} {t.capacity_kva}kVA" for t in built)
    sources = planned_sources(chosen) if chosen else []
    return {
        **applicant_facts(application),
        "account_number": application.account.number if application.account else "",
        "capacity_kva": Decimal(total),
        "voltage": volts(supply_voltage_kv(application)),
        "supply_kind": str(application.get_supply_kind_display()),
        "agreement_number": draft.number if draft else "",
        "feeds": tuple(
            Feed(
                str(SourceRole(source.role).label),
                source.feeder.name if source.feeder else "专线",
                units,
                Decimal(source.capacity_kva),
            )
            for source in sources
        ),
        "meters": tuple(_meter(fitting) for fitting in _fittings(application)),
    }


def _fittings(application: ConnectionApplication) -> list[MeterFitting]:
    rows = MeterFitting.objects.filter(plan__application=application)
    return list(rows.order_by("plan__ordinal"))


def _meter(fitting: MeterFitting) -> InstalledMeter:
    return InstalledMeter(
        serial=fitting.serial,
        ct_ratio=plain(fitting.ct_ratio),
        pt_ratio=plain(fitting.pt_ratio),
        multiplier=fitting.ct_ratio * fitting.pt_ratio,
        start_register=_first(fitting.start_registers),
    )


def _first(registers: Mapping[str, str]) -> Decimal:
    """The total active register where it is named, else the first one."""
    for name, value in registers.items():
        if "有功总" in name:
            return Decimal(str(value))
    return Decimal(str(next(iter(registers.values()), "0")))


def _supplier(application: ConnectionApplication) -> str:
    """The company that signs: a supply station or department has none of its own."""
    path = application.unit.path
    above = OrganizationUnit.objects.filter(path__in=[*ancestors(path), path], kind__in=LEVELS)
    company = above.order_by("-path").first()
    return company.name if company else application.unit.name


def _boundary(application: ConnectionApplication) -> str:
    chosen = chosen_alternative(application)
    source = chosen.sources[0] if chosen and chosen.sources else {}
    return str(source.get("text") or source.get("feeder_name") or "")


def _metering(application: ConnectionApplication) -> str:
    plans = application.metering_plans.order_by("ordinal")
    return "；".join(
        f"{p.name}：{p.get_metering_side_display()}，CT {plain(p.ct_ratio)}，PT {plain(p.pt_ratio)}"
        for p in plans
    )


def _whole(kilowatts: int | None) -> Decimal | None:
    return Decimal(kilowatts) if kilowatts is not None else None
