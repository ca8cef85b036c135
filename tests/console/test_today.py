"""今日: what is listed, in which order, for whom."""

from __future__ import annotations

import datetime as dt
import html
import re
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access import queries as access_queries
from busbar.access.models import Role
from busbar.billing.insights import Scope
from busbar.billing.models import BillRefusal
from busbar.console.attention import count_work, list_kind, list_work, look
from busbar.console.looking import Look
from busbar.console.today import EACH, PAGE
from busbar.console.work_kinds import Rank, WorkItem, WorkKind
from busbar.customers.models import CustomerAccount
from busbar.imports.models import ImportFile, ImportKind, ImportRun, ImportState
from busbar.kit.errors import Phrase
from busbar.kit.periods import CHINA
from busbar.supply.models import Agreement, BasicChargeMode
from tests.console.region import MONTH, MONTH_BEFORE, Region, agree, look_after

AT = dt.datetime(2026, 11, 10, 9, tzinfo=CHINA)
SURE = {"max_demand_kw": 900}


class TestWork:
    def test_is_empty_when_all_is_well(self, region: Region) -> None:
        customer = region.customer("1")
        agree(customer, valid_until=None)
        region.bill(customer, MONTH_BEFORE, **SURE)
        region.bill(customer, MONTH, **SURE)

        assert _work(region) == []

    def test_names_an_agreement_ending_within_sixty_days(self, region: Region) -> None:
        agree(region.customer("1"), valid_until=dt.date(2027, 1, 9))
        agree(region.customer("2"), valid_until=dt.date(2027, 1, 10))

        (item,) = _work(region)

        assert (item.kind, item.rank) == (WorkKind.AGREEMENTS, Rank.LOOK)
        assert item.account_number == "331"
        assert "还有 60 天" in item.title

    def test_goes_on_naming_one_that_ran_out_without_renewal(self, region: Region) -> None:
        agree(region.customer("1"), valid_until=dt.date(2026, 11, 10))
        renewed = agree(region.customer("2"), valid_until=dt.date(2026, 11, 10))
        Agreement.objects.create(
            number="HT-next",
            account=renewed.account,
            signed_on=dt.date(2026, 11, 1),
            valid_from=dt.date(2026, 11, 10),
            tariff_code="T",
            tariff_category="industry_two_part",
            basic_charge_mode=BasicChargeMode.CAPACITY,
            contract_capacity_kva=1000,
        )

        (item,) = _work(region)

        assert item.title == "供用电合同已于 2026-11-09 到期"
        assert item.account_number == "331"

    def test_presses_an_agreement_ending_within_fifteen(self, region: Region) -> None:
        agree(region.customer("1"), valid_until=dt.date(2026, 11, 25))

        assert [item.rank for item in _work(region)] == [Rank.NOW]

    def test_explains_a_bill_that_rose_by_what_moved(self, region: Region) -> None:
        customer = region.customer("1")
        region.bill(
            customer, MONTH_BEFORE, amount="100.00", lines={"energy": "60.00", "basic": "40.00"}
        )
        region.bill(customer, amount="140.00", lines={"energy": "105.00", "basic": "35.00"})

        (item,) = _work(region)

        assert item.kind == WorkKind.SWINGS
        assert "多 40%" in item.title
        assert item.reason == "变化最大的是：energy +45；basic -5（元）"
        assert item.worth_yuan == Decimal(40)

    def test_leaves_a_rise_of_thirty_percent_alone(self, region: Region) -> None:
        customer = region.customer("1")
        region.bill(customer, MONTH_BEFORE, amount="100.00")
        region.bill(customer, amount="130.00")

        assert _work(region) == []

    def test_prices_a_low_power_factor(self, region: Region) -> None:
        customer = region.customer("1")
        region.bill(customer, power_factor="0.84", lines={"power_factor": "321.50"})

        (item,) = _work(region)

        assert (item.kind, item.worth_yuan) == (WorkKind.POWER_FACTOR, Decimal("321.50"))

    def test_prices_demand_above_and_far_below_the_contract(self, region: Region) -> None:
        lines = {"basic.contract_demand": "40000.00"}
        for number, measured in (("1", 1100), ("2", 600), ("3", 1050), ("4", 700)):
            customer = region.customer(number)
            agree(customer, valid_until=None, demand_kw=1000)
            region.bill(customer, max_demand_kw=measured, lines=lines)

        found = {item.account_number: item.worth_yuan for item in _work(region)}

        assert found == {"331": Decimal(50 * 40), "332": Decimal(400 * 40)}

    def test_puts_what_stops_work_first_then_money_then_the_rest(self, region: Region) -> None:
        dear, gap, refused = (region.customer(n) for n in "123")
        region.bill(dear, power_factor="0.80", lines={"power_factor": "9.00"})
        region.bill(gap, missing_intervals=3)
        account = CustomerAccount.objects.get(customer=refused)
        BillRefusal.objects.create(
            run=region.run(MONTH), account=account, reason=Phrase("没有合同")
        )

        assert [item.kind for item in _work(region)] == [
            WorkKind.REFUSED,
            WorkKind.POWER_FACTOR,
            WorkKind.DATA,
        ]

    def test_names_an_import_that_left_rows_behind(self, region: Region) -> None:
        run = _import_with_refusals(region)

        (item,) = list_work(_look(region, Role.BILLING_CLERK), each=30)

        assert _work(region) == []  # a manager may not open it
        assert (item.kind, "4 行未收" in item.title) == (WorkKind.IMPORTS, True)
        assert item.url == f"/imports/{run.pk}/"

    def test_never_tells_of_another_county(self, region: Region) -> None:
        customer = region.customer("1", unit=region.south)
        agree(customer, valid_until=dt.date(2026, 11, 12))
        region.bill(customer, power_factor="0.80", lines={"power_factor": "9.00"})

        assert _work(region) == []

    def test_costs_the_same_queries_for_one_and_for_many(self, region: Region) -> None:
        _fill(region, range(1))
        with CaptureQueriesContext(connection) as few:
            _work(region)
        _fill(region, range(1, 9))

        with CaptureQueriesContext(connection) as many:
            found = _work(region)

        assert len(found) > 16
        assert len(few) == len(many)

    def test_lists_so_many_of_a_kind_and_counts_them_all(self, region: Region) -> None:
        _fill(region, range(3))
        seen = _look(region)

        listed, counts = list_work(seen, each=2), count_work(seen)

        assert len(listed) == 2 * 5
        assert counts == dict.fromkeys(
            (
                WorkKind.AGREEMENTS,
                WorkKind.SWINGS,
                WorkKind.DEMAND,
                WorkKind.POWER_FACTOR,
                WorkKind.DATA,
            ),
            3,
        )

    def test_counts_nothing_of_another_county(self, region: Region) -> None:
        customer = region.customer("1", unit=region.south)
        agree(customer, valid_until=dt.date(2026, 11, 12))
        region.bill(customer, power_factor="0.80", lines={"power_factor": "9.00"})

        assert count_work(_look(region)) == {}


class TestKind:
    def test_is_read_on_where_the_page_ended(self, region: Region) -> None:
        lost = ["5.00", "9.00", "7.00", "7.00", "7.00"]
        for number, amount in enumerate(lost):
            lines = {"power_factor": amount}
            region.bill(region.customer(str(number)), power_factor="0.80", lines=lines)

        assert _read_all(region, WorkKind.POWER_FACTOR) == ["331", "332", "333", "334", "330"]

    def test_ranks_the_missing_above_the_estimated(self, region: Region) -> None:
        gaps = [(0, 900), (1, 0), (97, 0), (1, 5)]
        for number, (missing, estimated) in enumerate(gaps):
            customer = region.customer(str(number))
            region.bill(customer, missing_intervals=missing, estimated_intervals=estimated)

        assert _read_all(region, WorkKind.DATA) == ["332", "333", "331", "330"]

    def test_reads_agreements_on_by_their_last_day(self, region: Region) -> None:
        for number, day in enumerate((20, 12, 20, 11)):
            agree(region.customer(str(number)), valid_until=dt.date(2026, 11, day))

        assert _read_all(region, WorkKind.AGREEMENTS) == ["333", "331", "330", "332"]

    def test_reads_refused_accounts_on(self, region: Region) -> None:
        for number in "123":
            account = CustomerAccount.objects.get(customer=region.customer(number))
            BillRefusal.objects.create(
                run=region.run(MONTH), account=account, reason=Phrase("没有合同")
            )

        assert _read_all(region, WorkKind.REFUSED) == ["331", "332", "333"]

    def test_reads_imports_on_newest_first(self, region: Region) -> None:
        runs = [_import_with_refusals(region) for _ in range(3)]
        seen = _look(region, Role.BILLING_CLERK)

        first = list_kind(seen, WorkKind.IMPORTS, limit=2)
        rest = list_kind(seen, WorkKind.IMPORTS, after=first.next_after, limit=2)

        found = [item.url for item in (*first.items, *rest.items)]
        assert found == [f"/imports/{run.pk}/" for run in reversed(runs)]

    def test_begins_at_the_top_after_a_key_that_is_none(self, region: Region) -> None:
        customer = region.customer("1")
        agree(customer, valid_until=dt.date(2026, 11, 20))
        region.bill(customer, power_factor="0.80", lines={"power_factor": "9.00"})
        seen = _look(region)

        found = [
            len(list_kind(seen, kind, after=(odd, 1), limit=9).items)
            for kind in (WorkKind.AGREEMENTS, WorkKind.POWER_FACTOR)
            for odd in ("", "x", "NaN", "-1", "1e40")
        ]

        assert found == [1] * 10


class TestPage:
    def test_shows_own_customers_first_to_whoever_has_any(self, region: Region) -> None:
        mine, other = region.customer("1", name="我的厂"), region.customer("2", name="别的厂")
        look_after(mine, region.manager)
        for customer in (mine, other):
            region.bill(customer, power_factor="0.80", lines={"power_factor": "9.00"})

        page = region.client().get("/").content.decode()
        everything = region.client().get("/?of=all").content.decode()

        assert "我的厂" in page
        assert "别的厂" not in page
        assert "别的厂" in everything

    def test_leads_every_number_to_its_source(self, region: Region) -> None:
        region.bill(region.customer("1"), amount="60000.00")

        page = region.client().get("/").content.decode()

        assert f'href="/bills/?month={MONTH}"' in page
        assert "6.0" in page

    def test_is_narrowed_to_a_kind(self, region: Region) -> None:
        customer = region.customer("1")
        region.bill(
            customer, power_factor="0.80", lines={"power_factor": "9.00"}, missing_intervals=5
        )

        part = region.client().get("/?kind=data", headers={"HX-Request": "true"}).content.decode()

        assert part.count('<li class="work">') == 1
        assert "缺 5 点" in part

    def test_reads_a_kind_on_from_page_to_page(self, region: Region) -> None:
        for number in range(PAGE + 1):
            region.bill(region.customer(f"{number:02d}"), missing_intervals=number + 1)
        client, part = region.client(), {"HX-Request": "true"}

        first = client.get("/?kind=data", headers=part).content.decode()
        address = html.unescape(re.search(r'hx-get="([^"]+after=[^"]+)"', first).group(1))
        rest = client.get(f"/{address}", headers=part).content.decode()

        assert first.count('<li class="work">') == PAGE
        assert rest.count('<li class="work">') == 1
        assert "缺 1 点" in rest
        assert "after=" not in rest

    def test_says_that_it_shows_the_weightiest_only(self, region: Region) -> None:
        for number in range(EACH + 1):
            region.bill(region.customer(str(number)), missing_intervals=1)

        page = region.client().get("/").content.decode()

        assert page.count('<li class="work">') == EACH
        assert f"每类只列最要紧的 {EACH} 件" in page
        assert f"<b>{EACH + 1}</b>" in page

    def test_costs_the_same_queries_at_two_sizes(self, region: Region) -> None:
        client = region.client()
        _fill(region, range(1))
        with CaptureQueriesContext(connection) as few:
            client.get("/?of=all")
        _fill(region, range(1, 9))

        with CaptureQueriesContext(connection) as many:
            client.get("/?of=all")

        assert len(few) == len(many)


def _look(region: Region, role: Role | None = None) -> Look:
    """The northern manager's, or that of somebody with the role there."""
    person = region.hire("clerk", region.north, role) if role else region.manager
    viewer = access_queries.get_viewer(person.user)
    return look(viewer, scope=Scope(), at=AT)


def _work(region: Region) -> list[WorkItem]:
    return list_work(_look(region), each=30)


def _read_all(region: Region, kind: WorkKind) -> list[str]:
    """The account numbers of a kind's list, read two at a time."""
    seen, found, after = _look(region), [], None
    while True:
        page = list_kind(seen, kind, after=after, limit=2)
        found += [item.account_number for item in page.items]
        after = page.next_after
        if after is None:
            return found


def _import_with_refusals(region: Region) -> ImportRun:
    run = ImportRun.objects.create(
        kind=ImportKind.ARCHIVE,
        state=ImportState.FINISHED,
        unit=region.north,
        created_at=AT,
        created_by="甲",
    )
    ImportFile.objects.create(
        run=run, name="a", table="a", path="a", sha256="0", size_bytes=1, refused=4
    )
    return run


def _fill(region: Region, numbers: range) -> None:
    for number in numbers:
        customer = region.customer(f"{number:02d}")
        agree(customer, valid_until=dt.date(2026, 12, 1), demand_kw=400)
        region.bill(customer, MONTH_BEFORE, amount="100.00", lines={"energy": "100.00"})
        region.bill(
            customer,
            amount="200.00",
            power_factor="0.80",
            missing_intervals=2,
            lines={"energy": "191.00", "power_factor": "9.00", "basic.contract_demand": "0.00"},
        )
