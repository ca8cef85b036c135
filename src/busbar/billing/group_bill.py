"""集团合并账单: the released bills of a group, or of one customer, of a month in one (U11).

Reading only, with a constant number of queries. Every account has its own bill; the group bill
adds them up under the heading that the customer chose. It holds what the viewer sees and says
whether that is all (`is_whole`); a bill that is not released yet is counted, never added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from busbar.access.visibility import Viewer
from busbar.billing.models import Bill, BillHeading
from busbar.customers.models import Customer, CustomerAccount, CustomerGroup
from busbar.kit.periods import Month
from busbar.pricing import queries as pricing_queries
from busbar.pricing.models import Tariff
from busbar.supply.models import UsagePoint


class Grouping(models.TextChoices):
    """By what the accounts are put together."""

    CUSTOMER = "customer", _("按客户")
    SITE = "site", _("按用电地址")
    UNIT = "unit", _("按供电单位")
    TARIFF = "tariff", _("按电价")
    OWN = "own", _("按自定名称")


@dataclass(frozen=True)
class Whose:
    """Of whom the bill is: a group with those below it, or one customer; exactly one is set."""

    group: CustomerGroup | None = None
    customer: Customer | None = None

    @property
    def name(self) -> str:
        """What the bill is headed with."""
        return self.group.name if self.group else self.customer.name if self.customer else ""


@dataclass(frozen=True)
class GroupBillLine:
    """One account's bill in it.

    `site` is empty where no usage point is recorded, `heading` where the customer named none.
    """

    bill: Bill
    site: str
    tariff: str
    heading: str = ""

    @property
    def account(self) -> CustomerAccount:
        """Whose bill it is; comes with customer and unit."""
        return self.bill.account

    @property
    def average_price(self) -> Decimal | None:
        """Yuan a kWh, as finely as that of the sums; None without energy."""
        return self.bill.amount / self.bill.energy_kwh if self.bill.energy_kwh else None


@dataclass(frozen=True)
class Part:
    """The accounts under one heading."""

    name: str
    lines: tuple[GroupBillLine, ...]

    @property
    def amount(self) -> Decimal:
        """Yuan."""
        return sum((line.bill.amount for line in self.lines), Decimal(0))

    @property
    def energy_kwh(self) -> Decimal:
        """Energy of all."""
        return sum((line.bill.energy_kwh for line in self.lines), Decimal(0))

    @property
    def average_price(self) -> Decimal | None:
        """Yuan a kWh; None without energy."""
        return self.amount / self.energy_kwh if self.energy_kwh else None


@dataclass(frozen=True)
class GroupBill:
    """The whole. `unreleased` accounts have a bill that the customer does not know yet."""

    whose: Whose
    month: str
    grouping: Grouping
    parts: tuple[Part, ...]
    customers: int
    unreleased: int
    is_whole: bool

    @property
    def all(self) -> Part:
        """Every line, for the sums."""
        return Part("", tuple(line for part in self.parts for line in part.lines))


def find_group(viewer: Viewer, code: str) -> Whose:
    """The group, if the viewer sees a customer in it or below it; else DoesNotExist."""
    group = CustomerGroup.objects.get(code=code)
    if not Customer.objects.visible_to(viewer).filter(group__in=_branch(group)).exists():
        raise CustomerGroup.DoesNotExist
    return Whose(group=group)


def find_customer(viewer: Viewer, number: str) -> Whose:
    """One customer with all its accounts; Customer.DoesNotExist where it may not be seen."""
    return Whose(customer=Customer.objects.visible_to(viewer).get(number=number))


def build_group_bill(
    viewer: Viewer, whose: Whose, *, month: Month, grouping: Grouping = Grouping.CUSTOMER
) -> GroupBill:
    """The month's released bills under their headings, the dearest heading and account first."""
    members = _members(whose)
    accounts = CustomerAccount.objects.visible_to(viewer).filter(customer__in=members)
    bills = Bill.objects.filter(month=str(month), account__in=accounts.values("pk"))
    told = bills.told().select_related("account__customer", "account__unit")
    found = list(told.defer("facts", "quantities", "notes").order_by("-amount", "id"))
    sites = _sites([bill.account_id for bill in found])
    tariffs = _tariffs({bill.tariff_code for bill in found}, month)
    headings = _headings([bill.account_id for bill in found])
    lines = [
        GroupBillLine(
            bill,
            site=sites.get(bill.account_id, ""),
            tariff=tariffs.get(bill.tariff_code, bill.tariff_code),
            heading=headings.get(bill.account_id, ""),
        )
        for bill in found
    ]
    return GroupBill(
        whose=whose,
        month=str(month),
        grouping=grouping,
        parts=_parts(lines, grouping),
        customers=len({line.account.customer_id for line in lines}),
        unreleased=_count_unreleased(bills),
        is_whole=_is_whole(viewer, members),
    )


def _members(whose: Whose) -> QuerySet[Any]:
    if whose.customer is not None:
        return Customer.objects.filter(pk=whose.customer.pk)
    return Customer.objects.filter(group__in=_branch(whose.group) if whose.group else [])


def _branch(group: CustomerGroup) -> list[int]:
    """The group and those below it; groups are few and are read whole."""
    below: defaultdict[int | None, list[int]] = defaultdict(list)
    for pk, parent in CustomerGroup.objects.values_list("pk", "parent_id"):
        below[parent].append(pk)
    found, waiting = [], [group.pk]
    while waiting:
        found.append(waiting.pop())
        waiting += [pk for pk in below[found[-1]] if pk not in found]
    return found


def _is_whole(viewer: Viewer, members: QuerySet[Any]) -> bool:
    """Whether the viewer sees every customer of it, and each of them whole."""
    seen = Customer.objects.whole_to(viewer)
    return not members.exclude(pk__in=seen.values("pk")).exists()


def _count_unreleased(bills: QuerySet[Any]) -> int:
    """Accounts with a bill of the month of which the customer knows none."""
    known = Bill.objects.filter(
        account=OuterRef("account"), month=OuterRef("month"), released_at__isnull=False
    )
    return bills.filter(~Exists(known), is_current=True).count()


def _sites(account_ids: Sequence[int]) -> Mapping[int, str]:
    """Where each account is supplied, several places in order."""
    points = UsagePoint.objects.filter(account__in=account_ids).order_by("site__name", "pk")
    names: defaultdict[int, dict[str, None]] = defaultdict(dict)
    for account_id, name in points.values_list("account_id", "site__name"):
        names[account_id].setdefault(name)
    return {account_id: "、".join(found) for account_id, found in names.items()}


def _headings(account_ids: Sequence[int]) -> Mapping[int, str]:
    """What the customer calls them; one query."""
    named = BillHeading.objects.filter(account__in=account_ids)
    return dict(named.values_list("account_id", "name"))


def _tariffs(codes: set[str], month: Month) -> Mapping[str, str]:
    """Names by code as of the month's first day; one query."""
    rows = Tariff.objects.filter(code__in=codes, valid_from__lte=month.first)
    return {
        tariff.code: pricing_queries.name_tariff(tariff) for tariff in rows.order_by("valid_from")
    }


def _parts(lines: Sequence[GroupBillLine], grouping: Grouping) -> tuple[Part, ...]:
    headed: defaultdict[tuple[object, str], list[GroupBillLine]] = defaultdict(list)
    for line in lines:
        headed[_heading(line, grouping)].append(line)
    parts = [Part(name, tuple(found)) for (_key, name), found in headed.items()]
    return tuple(sorted(parts, key=lambda part: (-part.amount, part.name)))


def _heading(line: GroupBillLine, grouping: Grouping) -> tuple[object, str]:
    """What tells one heading from another, and its name: two customers may be called alike."""
    if grouping == Grouping.SITE:
        customer = line.account.customer
        name = line.site if customer.name in line.site else f"{customer.name} {line.site}".strip()
        return (customer.pk, line.site), name
    if grouping == Grouping.UNIT:
        return line.account.unit_id, line.account.unit.name
    if grouping == Grouping.OWN:
        return line.heading, line.heading
    if grouping == Grouping.TARIFF:
        return line.bill.tariff_code, line.tariff
    return line.account.customer_id, line.account.customer.name
