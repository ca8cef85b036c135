"""What the region was owed beside its bills: found, asked for and decided by two people.

An outage was compensated into credit, a slow meter corrected by the account's own bill, capacity
beyond the agreement charged; a wrong ratio still waits, a source brought in was explained.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Avg

from busbar.access import queries as access_queries
from busbar.access.models import Employee
from busbar.access.permissions import Permission, permissions_of
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.billing.models import Bill
from busbar.claims import operations as claims_operations
from busbar.claims.models import Claim, ClaimState
from busbar.claims.recorded import recorded_of
from busbar.customers.models import CustomerAccount
from busbar.kit.money import plain, round_half_up
from busbar.kit.periods import CHINA, Month, local_date
from busbar.outages.models import Outage, OutageKind, OutageState
from busbar.pricing import queries as pricing_queries
from busbar.supply import queries as supply_queries
from busbar.supply.models import Agreement, BasicChargeMode

Document = dict[str, Any]
_DAYS, _SOON = (16, 12, 9), (3, 2, 1)
"""How many days ago it was found, asked for and decided; after an outage soon."""
_USED_DAYS = 50
_TENTH, _LEAST_KVA = 10, 50
_PRICE_PLACES = 4


@dataclass(frozen=True)
class _Found:
    """An account's newest bill, the agreement of the day, and the day on which it was found."""

    bill: Bill
    agreement: Agreement
    on: dt.date

    @property
    def account(self) -> CustomerAccount:
        """The 户号."""
        return self.bill.account

    @property
    def recorded(self) -> Document:
        """The day, and what the bill recorded at which prices."""
        taken = recorded_of(
            SYSTEM_VIEWER, account_number=self.account.number, month=self.bill.month
        )
        return {"on": self.on.isoformat(), **taken}


@dataclass(frozen=True)
class _Story:
    """`ground` names the paper and is no other claim's; `ending` None: it still waits.

    `write` gives None for an account that the story does not fit.
    """

    ground: str
    write: Callable[[_Found], Document | None]
    ending: ClaimState | None
    remark: str = ""
    days: tuple[int, int, int] = _DAYS


def tell_claims(month: Month, *, at: dt.datetime) -> str:
    """Tell them of accounts billed in the month; doing it again changes nothing."""
    for story in _STORIES:
        _tell(story, month, at)
    raised = Claim.objects.filter(state=ClaimState.RAISED).count()
    return f"追补单 {Claim.objects.count()} 张，已入账 {raised} 张"


def _tell(story: _Story, month: Month, at: dt.datetime) -> None:
    """Asked for and decided by the nearest people who may, the second not the first."""
    claim = Claim.objects.filter(ground=story.ground).select_related("account__unit").first()
    if claim is None:
        claim = _ask(story, month, at)
    if claim is None or story.ending is None or claim.state != ClaimState.REQUESTED:
        return
    decide = (
        claims_operations.approve_claim
        if story.ending == ClaimState.RAISED
        else claims_operations.refuse_claim
    )
    decide(
        number=claim.number,
        remark=story.remark,
        by=_nearest(Permission.APPROVE_CLAIMS, claim.account, besides=claim.requested_by_id),
        at=_hour(_day(at, story.days[2]), 15),
    )


def _ask(story: _Story, month: Month, at: dt.datetime) -> Claim | None:
    """Of the first account that the story fits; None in a region without one."""
    for found in _accounts(month, _day(at, story.days[0])):
        document = story.write(found)
        if document is not None:
            return claims_operations.request_claim(
                account_number=found.account.number,
                document=document,
                ground=story.ground,
                by=_nearest(Permission.RAISE_CLAIMS, found.account),
                at=_hour(_day(at, story.days[1]), 10),
            )
    return None


def _accounts(month: Month, on: dt.date) -> Iterator[_Found]:
    """Accounts billed at one tariff's prices, by number; none that has a claim already."""
    bills = Bill.objects.current().filter(
        month=str(month), released_at__isnull=False, energy_kwh__gt=0, account__closed_on=None
    )
    rows = bills.exclude(account__in=Claim.objects.values("account"))
    for bill in rows.select_related("account__unit").order_by("account__number").iterator():
        agreement = supply_queries.get_agreement(bill.account, on=on)
        segments = bill.facts["segments"]
        if agreement is not None and len(segments) == 1 and not segments[0].get("series"):
            yield _Found(bill, agreement, on)


def _nearest(
    permission: Permission, account: CustomerAccount, besides: int | None = None
) -> Viewer:
    """Who may and has the account in the branch, from its own unit upwards; else the system."""
    people = Employee.objects.filter(user__is_active=True).select_related("unit", "user")
    above = [
        person
        for person in people.order_by("number")
        if account.unit.path.startswith(person.unit.path)
        and permission in permissions_of(person.roles)
        and person.pk != besides
    ]
    above.sort(key=lambda person: -len(person.unit.path))
    return access_queries.get_viewer(above[0].user) if above else SYSTEM_VIEWER


def _slow_meter(found: _Found) -> Document:
    return {
        "kind": "meter_error", **found.recorded, "error_percent": "-2.4", "allowed_percent": "0.5",
    }  # fmt: skip


def _over_capacity(found: _Found) -> Document | None:
    """A tenth of the agreed capacity connected besides, by who pays for capacity."""
    if found.agreement.basic_charge_mode != BasicChargeMode.CAPACITY:
        return None
    tariff = pricing_queries.get_tariff(found.agreement.tariff_code, on=found.on)
    if tariff is None or tariff.capacity_price is None:
        return None
    since = found.on - dt.timedelta(days=_USED_DAYS)
    return {
        "kind": "breach",
        "on": found.on.isoformat(),
        "breach": {
            "act": "over_capacity",
            "capacity_kva": max(found.agreement.contract_capacity_kva // _TENTH, _LEAST_KVA),
            "price": plain(tariff.capacity_price),
            "used": {"start": since.isoformat(), "end": found.on.isoformat()},
        },
    }


def _outage(found: _Found) -> Document | None:
    """The fault that was mended, as long as it lasted, of somebody whom it left without supply."""
    mended = Outage.objects.filter(
        kind=OutageKind.FAULT, state=OutageState.RESTORED, affected__account=found.account
    )
    fault = mended.order_by("pk").first()
    if fault is None or fault.begun_at is None or fault.restored_at is None:
        return None
    hours = Decimal((fault.restored_at - fault.begun_at) // dt.timedelta(minutes=1)) / 60
    alike = Bill.objects.current().filter(
        month=found.bill.month, tariff_code=found.bill.tariff_code, average_price__isnull=False
    )
    price = alike.aggregate(mean=Avg("average_price"))["mean"]
    if price is None:
        return None
    return {
        "kind": "compensation",
        "on": found.on.isoformat(),
        "case": {
            "cause": "supplier_outage",
            "outage_hours": plain(round_half_up(hours, 2)),
            "normal": {
                "energy_kwh": plain(found.bill.energy_kwh),
                "days": Month.parse(found.bill.month).days,
            },
            "two_part": found.agreement.basic_charge_mode != BasicChargeMode.NONE,
            "peer_average_price": plain(round_half_up(Decimal(price), _PRICE_PLACES)),
        },
    }


def _wrong_ratio(found: _Found) -> Document:
    return {
        "kind": "wrong_ratio", **found.recorded,
        "correct": {"ct": "200/5"}, "wrong": {"ct": "150/5"},
    }  # fmt: skip


def _foreign_source(found: _Found) -> Document:
    return {
        "kind": "breach",
        "on": found.on.isoformat(),
        "breach": {"act": "foreign_source", "capacity_kw": 120},
    }


_STORIES = (
    _Story("赔偿申请书 PC-0009：故障停电", _outage, ClaimState.RAISED, "按合同约定赔偿", _SOON),
    _Story(
        "计量检定证书 JD-0117：误差 −2.4%，允许 ±0.5%", _slow_meter, ClaimState.RAISED, "同意追补"
    ),
    _Story(
        "用电检查单 YJ-0231：现场变压器超出合同容量", _over_capacity, ClaimState.RAISED, "事实清楚"
    ),
    _Story("计量装置核查单 HC-0042：互感器铭牌 200/5，档案 150/5", _wrong_ratio, None),
    _Story(
        "用电检查单 YJ-0236：配电房内有发电车接入",
        _foreign_source,
        ClaimState.REFUSED,
        "已备案的应急发电车，不构成违约用电",
    ),
)
"""In the order of who is harder to find: few accounts were without supply."""


def _day(at: dt.datetime, days_ago: int) -> dt.date:
    return local_date(at) - dt.timedelta(days=days_ago)


def _hour(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), tzinfo=CHINA)
