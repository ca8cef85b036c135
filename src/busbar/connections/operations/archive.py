"""What energising enters into the registers, by the registers' own operations (R37, R80)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from busbar.access.visibility import Viewer
from busbar.connections.models import (
    AgreementDraft,
    ApplicationKind,
    ConnectionApplication,
    DraftState,
    MeterFitting,
    MeteringPlan,
    SupplyKind,
    TemporarySupply,
)
from busbar.connections.works_ground import (
    PlannedSource,
    chosen_alternative,
    planned_sources,
)
from busbar.customers import operations as customers_operations
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.metering import operations as metering_operations
from busbar.metering.models import MeterInstallation
from busbar.network import operations as network_operations
from busbar.network.models import ConductorType, Feeder
from busbar.supply import operations as supply_operations
from busbar.supply import queries as supply_queries
from busbar.supply.models import PowerSource, RunningState, Site, Transformer, UsagePoint


class UnableToEnterArchive(Refusal):
    """What was built cannot be entered into the registers."""


@dataclass(frozen=True)
class Entered:
    """Where the new supply stands in the archive."""

    account: CustomerAccount
    site: Site


def enter_archive(
    *, application: ConnectionApplication, since: dt.date, by: Viewer, at: dt.datetime
) -> Entered:
    """Write the whole supply into the archive as of a day, in the caller's transaction.

    The caller has checked that nothing is missing. A refusal of any register undoes all.
    """
    is_new = application.kind == ApplicationKind.NEW
    account = _open_account(application, since, by, at) if is_new else _standing(application)
    site = _open_site(application, account, by, at) if is_new else _find_site(account)
    if site is None:
        site = _open_site(application, account, by, at)
    _connect_sources(application, site, by, at)
    _add_transformers(application, account, site, since, by, at)
    _put_in_force(application, account, since, by, at)
    for plan in application.metering_plans.order_by("ordinal"):
        _install(plan, account, site, by, at)
    if application.supply_kind == SupplyKind.TEMPORARY and application.temporary_until:
        TemporarySupply.objects.create(
            application=application, account=account, ends_on=application.temporary_until
        )
    return Entered(account, site)


def _open_account(
    application: ConnectionApplication, since: dt.date, by: Viewer, at: dt.datetime
) -> CustomerAccount:
    if application.customer is None:
        raise UnableToEnterArchive("客户尚未建档")
    return customers_operations.open_account(
        number=customers_operations.take_account_number(unit=application.unit),
        name=application.applicant_name,
        customer=application.customer,
        unit=application.unit,
        address=application.address,
        opened_on=since,
        origin=f"业扩报装 {application.number}",
        by=by,
        at=at,
    )


def _standing(application: ConnectionApplication) -> CustomerAccount:
    journal_operations.take_turn()
    rows = CustomerAccount.objects.select_for_update(of=("self",))
    account: CustomerAccount = rows.select_related("unit", "customer").get(
        pk=application.account_id
    )
    return account


def _find_site(account: CustomerAccount) -> Site | None:
    """Where the account is supplied already: by its points, else by its transformers."""
    for model in (UsagePoint, Transformer):
        row = model.objects.filter(account=account).select_related("site").order_by("id").first()
        if row is not None:
            found: Site = row.site
            return found
    return None


def _open_site(
    application: ConnectionApplication, account: CustomerAccount, by: Viewer, at: dt.datetime
) -> Site:
    return supply_operations.open_site(
        code=f"S{account.number}",
        name=application.site_name,
        customer=account.customer,
        address=application.address,
        by=by,
        at=at,
    )


def _connect_sources(
    application: ConnectionApplication, site: Site, by: Viewer, at: dt.datetime
) -> None:
    chosen = chosen_alternative(application)
    for ordinal, source in enumerate(planned_sources(chosen) if chosen else [], start=1):
        feeder = source.feeder or _build_line(application, source, ordinal, by, at)
        standing = PowerSource.objects.filter(site=site, feeder=feeder).first()
        supply_operations.connect_source(
            site=site,
            feeder=feeder,
            role=standing.role if standing else source.role,
            voltage_kv=source.voltage_kv,
            capacity_kva=source.capacity_kva + (standing.capacity_kva if standing else 0),
            by=by,
            at=at,
        )


def _build_line(
    application: ConnectionApplication,
    source: PlannedSource,
    ordinal: int,
    by: Viewer,
    at: dt.datetime,
) -> Feeder:
    """The customer's own line from the station, entered as a feeder of the network."""
    station = source.substation
    if station is None:
        raise UnableToEnterArchive("专线没有所属变电站")
    known = ConductorType.objects.filter(code=source.conductor).exists()
    row = {
        "code": f"{station.code[:12]}-A{application.pk}-{ordinal}",
        "name": f"{application.site_name[:80]}专线{ordinal}",
        "substation": station.code,
        "voltage_kv": source.voltage_kv,
        "capacity_kva": source.capacity_kva,
        "length_km": source.length_km,
        "conductor": source.conductor if known else None,
        "bus": source.bus[:20],
    }
    stored = network_operations.store_feeders(rows=[row], by=by, at=at)
    stored.require(UnableToEnterArchive)
    return Feeder.objects.get(code=row["code"])


def _add_transformers(
    application: ConnectionApplication,
    account: CustomerAccount,
    site: Site,
    since: dt.date,
    by: Viewer,
    at: dt.datetime,
) -> None:
    for built in application.built_transformers.order_by("label"):
        supply_operations.add_transformer(
            number=f"{account.number}-{built.label}"[:30],
            account=account,
            site=site,
            capacity_kva=built.capacity_kva,
            installed_on=since,
            state=RunningState.RUNNING if built.is_running else RunningState.SEALED,
            model=built.model,
            interlock_group=built.interlock_group,
            by=by,
            at=at,
        )


def _put_in_force(
    application: ConnectionApplication,
    account: CustomerAccount,
    since: dt.date,
    by: Viewer,
    at: dt.datetime,
) -> None:
    """The signed agreement holds from the day of energising; the one before ends on it."""
    draft: AgreementDraft = application.agreement_drafts.get(state=DraftState.SIGNED)
    before = supply_queries.get_agreement(account, on=since)
    if before is not None and before.valid_until is not None and before.valid_from < since:
        supply_operations.end_agreement(
            agreement=before, on=since, reason=f"增容后改签 {draft.number}", by=by, at=at
        )
    draft.agreement = supply_operations.sign_agreement(
        account=account,
        number=draft.number,
        signed_on=draft.signed_on or since,
        valid_from=since,
        valid_until=draft.valid_until,
        tariff_code=draft.tariff_code,
        tariff_category=draft.tariff_category,
        basic_charge_mode=draft.basic_charge_mode,
        contract_capacity_kva=draft.contract_capacity_kva,
        contract_demand_kw=draft.contract_demand_kw,
        power_factor_standard=draft.power_factor_standard,
        by=by,
        at=at,
    )
    draft.save(update_fields=["agreement"])


def _install(
    plan: MeteringPlan, account: CustomerAccount, site: Site, by: Viewer, at: dt.datetime
) -> None:
    fitting: MeterFitting = plan.fitting
    point = plan.usage_point or supply_operations.add_usage_point(
        number=_free_point_number(account),
        name=plan.name,
        account=account,
        site=site,
        voltage_kv=plan.voltage_kv,
        metering_side=plan.metering_side,
        by=by,
        at=at,
    )
    standing = MeterInstallation.objects.filter(usage_point=point, removed_on=None).first()
    if standing is not None:
        metering_operations.remove_meter(
            installation=standing, removed_on=fitting.fitted_on, by=by, at=at
        )
    fitting.installation = metering_operations.install_meter(
        serial=fitting.serial,
        usage_point=point,
        installed_on=fitting.fitted_on,
        ct_ratio=fitting.ct_ratio,
        pt_ratio=fitting.pt_ratio,
        model=fitting.model,
        by=by,
        at=at,
    )
    fitting.save(update_fields=["installation"])
    if plan.usage_point_id is None:
        plan.usage_point = point
        plan.save(update_fields=["usage_point"])


def _free_point_number(account: CustomerAccount) -> str:
    """户号 and two digits: the first that is free."""
    taken = set(
        UsagePoint.objects.filter(number__startswith=account.number).values_list(
            "number", flat=True
        )
    )
    numbers = (f"{account.number}{serial:02d}" for serial in range(1, len(taken) + 2))
    return next(number for number in numbers if number not in taken)
