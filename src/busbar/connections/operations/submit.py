"""Taking in an application: online by the applicant, or by staff for the customer (R50, U24)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections import forms
from busbar.connections.forms import ApplicationForm, LoadLine
from busbar.connections.models import (
    ApplicationKind,
    ApplicationState,
    ConnectionApplication,
    DeclaredLoad,
    IntakeChannel,
)
from busbar.connections.numbering import application_number, new_query_code
from busbar.connections.recording import record_step
from busbar.customers.models import AccountStatus, CustomerAccount
from busbar.journal.operations import Actor
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.supply import queries as supply_queries
from busbar.supply.models import RunningState

ENDED = (
    ApplicationState.ENERGIZED,
    ApplicationState.CLOSED,
    ApplicationState.WITHDRAWN,
    ApplicationState.REFUSED,
    ApplicationState.LAPSED,
)
"""States after which the same may be applied for again."""


class UnableToSubmitApplication(Refusal):
    """The application cannot be taken in as given."""


class UnableToIncreaseAccount(UnableToSubmitApplication):
    """The account that is to be increased is not there, or not in supply."""


@transaction.atomic
def submit_application(
    *,
    form: ApplicationForm,
    unit: OrganizationUnit,
    channel: IntakeChannel | str,
    by: Viewer | None,
    at: dt.datetime,
) -> ConnectionApplication:
    """Take in 《高压用电申请》, give it its number, and start what starts with a submission.

    `by` is None for an applicant who submits online without a sign-in; whoever takes it in for
    the customer is named, and the application says so. All that is wrong is said at once.
    Raises UnableToSubmitApplication and NotPermitted. Event `connections.application.submitted`.
    """
    if by is not None:
        by.require(Permission.ACCEPT_APPLICATIONS)
        by.require_unit(unit.path)
    elif IntakeChannel(channel) != IntakeChannel.ONLINE:
        raise UnableToSubmitApplication("营业厅、电话和上门受理应由工作人员登记")
    if not unit.is_active:
        raise UnableToSubmitApplication("%(unit)s已停用，不能受理申请", unit=unit.name)
    account = find_account(form, by=by)
    form = with_existing_capacity(form, account)
    if problems := forms.list_problems(form, on=local_date(at)):
        raise UnableToSubmitApplication("%(problems)s", problems=forms.reasons_of(problems))
    # The number comes first: its row holds back a second submission to this unit at the moment.
    number = application_number(unit.code, at)
    _refuse_twin(form, unit)
    application = ConnectionApplication.objects.create(
        **{name: getattr(form, name) for name in forms.COLUMNS},
        number=number,
        unit=unit,
        account=account,
        customer=account.customer if account else None,
        channel=IntakeChannel(channel),
        recorded_for_customer=by is not None,
        query_code=new_query_code(),
        submitted_at=at,
    )
    write_loads(application, form.loads)
    record_step(
        event="connections.application.submitted",
        application=application,
        actor=acting(by, application),
        at=at,
        changes={"channel": application.channel, "requested_kva": application.requested_kva},
    )
    return application


def acting(by: Viewer | None, application: ConnectionApplication) -> Actor:
    """Who acts as the journal names it: an employee, or the applicant."""
    return by.actor if by is not None else Actor(None, f"申请人 {application.applicant_name}")


def find_account(form: ApplicationForm, *, by: Viewer | None) -> CustomerAccount | None:
    """The account to be increased: staff must see it, an applicant must be its customer."""
    if form.kind != ApplicationKind.INCREASE or not form.account_number:
        return None
    accounts = CustomerAccount.objects.select_related("customer", "unit")
    if by is not None:
        accounts = accounts.visible_to(by)
    else:
        accounts = accounts.filter(customer__credit_code=form.credit_code or "-")
    account: CustomerAccount | None = accounts.filter(number=form.account_number).first()
    if account is None:
        raise UnableToIncreaseAccount(
            "户号 %(account_number)s 不存在，或不在您的管辖范围内，或不属于该申请人",
            account_number=form.account_number,
        )
    if account.status != AccountStatus.ACTIVE:
        status = AccountStatus(account.status).label
        raise UnableToIncreaseAccount(
            "户号 %(number)s 现为“%(status)s”，只有在用户号可增容",
            number=account.number,
            status=status,
        )
    return account


def with_existing_capacity(
    form: ApplicationForm, account: CustomerAccount | None
) -> ApplicationForm:
    """The form with the capacity that the archive holds, where the archive knows any."""
    if account is None:
        return form
    transformers = supply_queries.map_transformers(account_ids=[account.pk]).get(account.pk, [])
    installed = sum(t.capacity_kva for t in transformers if not _is_removed(t.states.all()))
    return replace(form, existing_kva=installed) if installed else form


def write_loads(application: ConnectionApplication, loads: Sequence[LoadLine]) -> None:
    """The equipment list takes the place of the one before."""
    application.loads.all().delete()
    DeclaredLoad.objects.bulk_create(
        DeclaredLoad(
            application=application,
            name=line.name.strip(),
            count=line.count,
            rated_kw=line.rated_kw,
            demand_factor=line.demand_factor,
            power_factor=line.power_factor,
            is_critical=line.is_critical,
        )
        for line in loads
    )


def _is_removed(states: object) -> bool:
    history = list(states)  # type: ignore[call-overload] # a related manager's prefetched rows
    return bool(history) and history[-1].state == RunningState.REMOVED


def _refuse_twin(form: ApplicationForm, unit: OrganizationUnit) -> None:
    if not form.credit_code:
        return
    open_ones = ConnectionApplication.objects.exclude(state__in=ENDED).filter(
        unit=unit, credit_code=form.credit_code, site_name=form.site_name, kind=form.kind
    )
    if twin := open_ones.first():
        raise UnableToSubmitApplication(
            "同一申请人在“%(site_name)s”已有在办申请 %(number)s，请在该申请上办理",
            site_name=form.site_name,
            number=twin.number,
        )
