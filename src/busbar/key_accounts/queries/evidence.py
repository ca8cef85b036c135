"""Evidence that the rooms below hold: history, people, work, money, changes. A query each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db.models import Count, Exists, F, Min, OuterRef, Q

from busbar.connections.models import ChangeKind, ChangeState, SupplyChange
from busbar.customers.models import AccountStatus, AccountTeamMember, Contact, CustomerAccount
from busbar.key_accounts.evidence import register_evidence, register_share
from busbar.key_accounts.models import AccountPlan, CustomerNeed, Opportunity, OpportunityStage
from busbar.payments.models import Receivable
from busbar.service_desk.models import (
    Complaint,
    ComplaintState,
    Interaction,
    InteractionState,
)
from busbar.service_desk.models.interactions import PLANNED_KINDS
from busbar.supply.models import Agreement

_YEAR = dt.timedelta(days=365)
_CUTS = (ChangeKind.CAPACITY_REDUCTION, ChangeKind.SUSPENSION, ChangeKind.TEMPORARY_REMOVAL)
_LEAVING = (ChangeKind.CLOSURE, ChangeKind.RELOCATION)

Found = Mapping[int, Decimal | None]


def months_supplied(on: dt.date) -> Found:
    """Whole months since the oldest account that is not closed was opened."""
    rows = CustomerAccount.objects.exclude(status=AccountStatus.CLOSED).order_by()
    first = rows.filter(opened_on__lte=on).values_list("customer_id").annotate(Min("opened_on"))
    return {pk: Decimal(_months(day, on)) for pk, day in first}


def _months(day: dt.date, on: dt.date) -> int:
    return max(0, (on.year - day.year) * 12 + on.month - day.month - (on.day < day.day))


def contacts(_on: dt.date) -> Found:
    """How many people are known."""
    return _counted(Contact.objects.order_by().values_list("customer_id"))


def team(_on: dt.date) -> Found:
    """How many colleagues look after the customer."""
    return _counted(AccountTeamMember.objects.order_by().values_list("customer_id"))


def needs(_on: dt.date) -> Found:
    """How many needs were recorded."""
    return _counted(CustomerNeed.objects.order_by().values_list("customer_id"))


def late_share(on: dt.date) -> Found:
    """Bills of the year paid after they were due, or not yet, in percent of those due."""
    return {pk: Decimal(100 * late // due) for pk, (due, late) in map_payment(on).items() if due}


def map_payment(on: dt.date) -> dict[int, tuple[int, int]]:
    """By customer: bills due in the year up to the day, and those of them that were late."""
    rows = Receivable.objects.filter(bill__isnull=False, due_on__gt=on - _YEAR, due_on__lt=on)
    late = Q(settled_on__gt=F("due_on")) | Q(open_fen__gt=0)
    sums = rows.order_by().values_list("account__customer_id")
    return {
        pk: (due, bad) for pk, due, bad in sums.annotate(Count("pk"), n=Count("pk", filter=late))
    }


def overdue_bills(on: dt.date) -> Found:
    """Bills that are open on the day after they were due."""
    rows = Receivable.objects.filter(bill__isnull=False, due_on__lt=on, open_fen__gt=0)
    return _counted(rows.order_by().values_list("account__customer_id"))


def open_complaints(on: dt.date) -> Found:
    """Complaints received up to the day that are not yet settled with the customer."""
    rows = Complaint.objects.filter(received_at__date__lte=on)
    rows = rows.exclude(state=ComplaintState.VERIFIED)
    return _counted(rows.order_by().values_list("customer_id"))


def agreements_ended(on: dt.date) -> Found:
    """Accounts in use whose agreement ended within the year, with none in its place."""
    own = Agreement.objects.filter(account=OuterRef("pk"))
    standing = own.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=on))
    ended = own.filter(valid_until__gt=on - _YEAR, valid_until__lte=on)
    rows = CustomerAccount.objects.exclude(status=AccountStatus.CLOSED)
    rows = rows.filter(Exists(ended), ~Exists(standing))
    return _counted(rows.order_by().values_list("customer_id"))


def lost_offers(on: dt.date) -> Found:
    """Products offered that the customer declined in the year up to the day."""
    rows = Opportunity.objects.filter(
        stage=OpportunityStage.LOST, decided_at__date__gt=on - _YEAR, decided_at__date__lte=on
    )
    return _counted(rows.order_by().values_list("customer_id"))


def capacity_cut(on: dt.date) -> Found:
    """Reductions, suspensions and removals that are approved or in force."""
    rows = SupplyChange.objects.filter(
        kind__in=_CUTS, state__in=[ChangeState.APPROVED, ChangeState.IN_FORCE]
    ).filter(Q(ends_on__isnull=True) | Q(ends_on__gt=on))
    return _counted(rows.order_by().values_list("customer_id"))


def leaving(on: dt.date) -> Found:
    """Closures and relocations of the year up to the day that were not refused or withdrawn."""
    rows = SupplyChange.objects.filter(
        kind__in=_LEAVING, requested_at__date__gt=on - _YEAR, requested_at__date__lte=on
    )
    kept = rows.exclude(state__in=[ChangeState.REFUSED, ChangeState.WITHDRAWN])
    return _counted(kept.order_by().values_list("customer_id"))


def visits(on: dt.date) -> Found:
    """Visits and meetings held in the year up to the day."""
    rows = Interaction.objects.filter(
        kind__in=PLANNED_KINDS, state=InteractionState.DONE, happened_at__date__gt=on - _YEAR,
        happened_at__date__lte=on,
    )  # fmt: skip
    return _counted(rows.order_by().values_list("customer_id"))


def joint_plans(on: dt.date) -> Found:
    """Plans of this and the last year that both sides signed."""
    rows = AccountPlan.objects.filter(
        customer__isnull=False, agreed_at__isnull=False, year__gte=on.year - 1, year__lte=on.year
    )
    return _counted(rows.order_by().values_list("customer_id"))


def joint_projects(on: dt.date) -> Found:
    """Value-added services delivered in the year up to the day."""
    rows = Opportunity.objects.filter(delivered_at__date__gt=on - _YEAR, delivered_at__date__lte=on)
    return _counted(rows.order_by().values_list("customer_id"))


def _counted(rows: object) -> Found:
    found = rows.annotate(Count("pk"))  # type: ignore[attr-defined] # a queryset of one column
    return {pk: Decimal(count) for pk, count in found}


def register() -> None:
    """Lend the sources of the rooms below to the registry."""
    for code, source in {
        "months_supplied": months_supplied, "contacts": contacts, "team": team, "needs": needs,
        "capacity_cut": capacity_cut, "leaving": leaving, "overdue_bills": overdue_bills,
        "open_complaints": open_complaints, "agreements_ended": agreements_ended,
        "lost_offers": lost_offers, "visits": visits, "joint_plans": joint_plans,
        "joint_projects": joint_projects,
    }.items():  # fmt: skip
        register_evidence(code, source)
    register_share("late_share", late_share)
