"""The region's matters by number: what each is, decided by the seed alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from busbar.access.models import OrganizationUnit, Role
from busbar.customers.models import CustomerAccount
from busbar.demo import steel
from busbar.demo.names import NameMaker, Place, places
from busbar.demo.organization import county_code
from busbar.demo.parameters import Parameters
from busbar.demo.year import building, changing, connecting, ordering
from busbar.demo.year.applying import Applicant, increase_of, new_applicant
from busbar.demo.year.changing import Matter
from busbar.demo.year.ground import Ground
from busbar.demo.year.moments import moment, workday_from
from busbar.demo.year.plans import TOLD, Plan, plan_connection
from busbar.demo.year.timeline import Story
from busbar.demo.year.town import Town
from busbar.supply.models import Agreement, Transformer, UsagePoint

A_CUSTOMER = 2 / 3
"""Matters for each customer of the region: 200 of 300."""
MOST = 400
# C connection, X change of supply, M metering order, S service order
_PATTERN = "CCXCSCCMCXCSCCXCCSMX"


def count_matters(parameters: Parameters) -> int:
    """How many the region has."""
    return min(MOST, max(4, round(parameters.customers * A_CUSTOMER)))


@dataclass
class Year:
    """What all stories share."""

    town: Town
    ground: Ground
    _order: list[str] = field(default_factory=list)

    def account(
        self,
        number: int,
        *,
        transformers: int = 0,
        points: int = 1,
        siblings: int = 0,
        agreed_since: dt.date | None = None,
    ) -> CustomerAccount | None:
        """An account of the imported archive, another for every matter, that has enough of all.

        `siblings` are other open accounts of the customer; `agreed_since` asks for an agreement
        without end that was in force on that day.
        """
        if not self._order:
            rows = CustomerAccount.objects.filter(origin__startswith="演示数据").exclude(
                customer__name=steel.NAME
            )
            numbers = list(rows.order_by("number").values_list("number", flat=True))
            shuffled = self.town.stream("accounts").permutation(len(numbers))
            self._order = [numbers[int(place)] for place in shuffled]
        count = count_matters(self.town.parameters)
        for candidate in self._order[number % len(self._order) :: count]:
            account: CustomerAccount = CustomerAccount.objects.select_related(
                "customer__unit", "unit"
            ).get(number=candidate)
            if (
                Transformer.objects.filter(account=account).count() >= transformers
                and UsagePoint.objects.filter(account=account).count() >= points
                and _siblings(account) >= siblings
                and (agreed_since is None or _is_agreed(account, agreed_since))
            ):
                return account
        return None


def _siblings(account: CustomerAccount) -> int:
    rows = CustomerAccount.objects.filter(customer=account.customer, closed_on=None)
    return rows.exclude(pk=account.pk).count()


def _is_agreed(account: CustomerAccount, on: dt.date) -> bool:
    rows = Agreement.objects.filter(account=account, valid_from__lte=on, valid_until=None)
    return rows.exists()


def tell(year: Year, number: int) -> Story:
    """The story of one matter."""
    round_of, place = divmod(number, len(_PATTERN))
    kind = _PATTERN[place]
    ordinal = round_of * _PATTERN.count(kind) + _PATTERN[:place].count(kind)
    if kind == "C":
        return connect(year, number, plan_connection(year.town.parameters, ordinal))
    if kind == "X":
        return _change(year, number, ordinal)
    if kind == "M":
        return _metering(year, number, ordinal)
    return _service(year, number, ordinal)


def connect(year: Year, number: int, plan: Plan) -> Story:
    """A connection from the counter as far as it comes."""
    applicant = _applicant(year, number, plan)
    if applicant.unit is not None:
        plan = replace(plan, place=_place_of(applicant.unit))
    yield plan.begins
    c = connecting.take_in(year.town, plan, applicant)
    for part in (
        connecting.be_accepted,
        connecting.be_surveyed,
        connecting.be_replied,
        building.hold_validity,
    ):
        if not (yield from part(c)):
            return
    if not (yield from building.be_built(c, year.ground)):
        return
    for part in (building.be_accepted_as_built, building.be_energized):
        if not (yield from part(c)):
            return


def _place_of(unit: OrganizationUnit) -> Place:
    """The county to which a supply station belongs."""
    return next(place for place in places() if unit.code.startswith(county_code(place)))


def _applicant(year: Year, number: int, plan: Plan) -> Applicant:
    draws = year.town.stream("applicant", plan.serial)
    since = plan.begins.date()
    account = year.account(number, agreed_since=since) if plan.has("increase") else None
    if account is not None:
        points = UsagePoint.objects.filter(account=account).select_related("site")
        return increase_of(plan, account, points.order_by("number")[0], draws)
    return new_applicant(plan, NameMaker(year.town.stream("names", plan.serial)), draws)


def _matter(
    year: Year, number: int, days_before: int, account: CustomerAccount, facts: dict[str, object]
) -> Matter:
    draws = year.town.stream("matter", number)
    shift = int(draws.integers(-2, 3)) if number >= len(_PATTERN) else 0
    day = TOLD.date() - dt.timedelta(days=max(2, days_before + shift))
    office = account.customer.unit
    return Matter(
        town=year.town,
        serial=number,
        account=account,
        by=year.town.post(office, Role.ACCOUNT_MANAGER),
        draws=draws,
        now=moment(workday_from(day), 9 + int(draws.integers(0, 7)), int(draws.integers(0, 60))),
        facts=facts,
    )


def _change(year: Year, number: int, ordinal: int) -> Story:
    kind, days_before, ending, facts = changing.SCENES[ordinal % len(changing.SCENES)]
    needs = 2 if kind in {"capacity_reduction", "temporary_replacement"} else 0
    account = year.account(
        number,
        transformers=needs,
        points=2 if kind == "split" else 1,
        siblings=1 if kind == "merger" else 0,
    )
    if account is not None:
        m = _matter(year, number, days_before, account, dict(facts))
        yield from changing.change(m, kind, ending)


def _metering(year: Year, number: int, ordinal: int) -> Story:
    kind, days_before, ending, reason = ordering.METERING[ordinal % len(ordering.METERING)]
    account = year.account(number)
    if account is not None:
        m = _matter(year, number, days_before, account, {})
        yield from ordering.meter_work(m, kind, ending, reason)


def _service(year: Year, number: int, ordinal: int) -> Story:
    kind, days_before, ending, *words = ordering.SERVICE[ordinal % len(ordering.SERVICE)]
    account = year.account(number)
    if account is not None:
        m = _matter(year, number, days_before, account, {})
        yield from ordering.serve(m, kind, ending, (words[0], words[1], words[2]))
