"""电价与规则: every figure with its source and how sure it is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client

from busbar.access.models import Role
from busbar.pricing import overview
from busbar.pricing.models import (
    RuleSet,
    RuleSubject,
    Surcharge,
    Tariff,
    TariffPrice,
    TimeOfUseInterval,
    TimeOfUseScheme,
)
from tests.console.work_region import count_queries, make_units

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(ground: None) -> Client:
    """A signed-in manager; the seeded rules are there."""
    return make_units().client(Role.MANAGER)


def make_tariff(code: str, since: dt.date = dt.date(2025, 1, 1)) -> Tariff:
    tariff = Tariff.objects.create(
        code=code,
        name=f"电价{code}",
        region="某省",
        category="agriculture",
        voltage_class="10kV",
        valid_from=since,
        source=f"来源{code}",
        certainty="unverified",
    )
    TariffPrice.objects.create(tariff=tariff, period="flat", price=Decimal("0.5"))
    return tariff


class TestRuleSets:
    def test_stand_in_the_order_in_which_they_followed_each_other(self, client: Client) -> None:
        groups = client.get("/pricing/").context["groups"]

        assert [s.code for s in groups[0][1]] == ["R1996", "R2016", "R2018", "R2023", "R2024"]
        assert [s.code for s in groups[1][1]] == ["PF1983"]

    def test_show_each_parameter_with_source_and_certainty(self, client: Client) -> None:
        text = client.get("/pricing/rule-sets/R2024/").content.decode()

        for parameter in RuleSet.objects.get(code="R2024").parameters.all():
            assert parameter.key in text
        assert "weikao.com/zhenti/345504" in text
        assert "【未核实】" in text

    def test_unknown_ones_do_not_exist(self, client: Client) -> None:
        assert client.get("/pricing/rule-sets/R1900/").status_code == 404

    def test_take_as_many_queries_for_six_as_for_twenty(self, client: Client) -> None:
        few = count_queries(client, "/pricing/")
        for year in range(14):
            RuleSet.objects.create(
                code=f"L{year}", name="本地", valid_from=dt.date(1950 + year, 1, 1), certainty="C"
            )

        assert count_queries(client, "/pricing/") == few


class TestPowerFactorTable:
    def test_puts_the_three_standards_side_by_side(self, client: Client) -> None:
        rows = client.get("/pricing/power-factor/").context["steps"]

        by_factor = {row.power_factor: row.adjustments for row in rows}
        assert by_factor[Decimal("1.00")] == [Decimal("-0.75"), Decimal("-1.1"), Decimal("-1.3")]
        assert by_factor[Decimal("0.93")] == [Decimal("-0.45"), Decimal("-0.95"), Decimal("-1.3")]
        assert rows[0].power_factor == 1

    def test_is_the_one_in_force_on_the_day(self, ground: None) -> None:
        in_force = overview.get_rule_set_in_force

        assert in_force(RuleSubject.POWER_FACTOR, on=dt.date(1983, 12, 1)) is None
        found = in_force(RuleSubject.POWER_FACTOR, on=dt.date(1983, 12, 2))
        assert found is not None
        assert found.code == "PF1983"


class TestSchemes:
    def test_are_unrolled_as_the_bills_see_them(self, db: None) -> None:
        scheme = TimeOfUseScheme.objects.create(
            code="X", name="分时", valid_from=dt.date(2025, 1, 1), certainty="local"
        )
        make = TimeOfUseInterval.objects.create
        make(scheme=scheme, start_minute=0, end_minute=480, period="valley")
        make(scheme=scheme, start_minute=600, end_minute=720, period="peak")
        make(
            scheme=scheme,
            start_minute=660,
            end_minute=690,
            period="sharp",
            months=[7],
            priority=1,
        )

        year = overview.unroll(scheme, list(scheme.intervals.all()))

        assert len(year.day_types) == 1
        january, july = year.day_types[0].months[0], year.day_types[0].months[6]
        assert (january[15], january[16], january[20], january[22]) == (
            "valley",
            "flat",
            "peak",
            "peak",
        )
        assert (july[21], july[22], july[23]) == ("peak", "sharp", "peak")

    def test_take_as_many_queries_for_few_as_for_many(self, client: Client) -> None:
        few = count_queries(client, "/pricing/schemes/")
        for number in range(6):
            TimeOfUseScheme.objects.create(
                code=f"N{number}", name="新", valid_from=dt.date(2025, 1, 1), certainty="local"
            )

        assert count_queries(client, "/pricing/schemes/") == few


class TestTariffs:
    def test_show_price_source_and_certainty(self, client: Client) -> None:
        make_tariff("Q1")

        text = client.get("/pricing/tariffs/", {"region": "某省"}).content.decode()

        assert "来源Q1" in text
        assert "0.5000" in text
        assert "【未核实】" in text

    def test_are_those_in_force_on_the_day_asked_for(self, client: Client) -> None:
        old, new = make_tariff("Q1"), make_tariff("Q1", dt.date(2026, 1, 1))
        Tariff.objects.filter(pk=old.pk).update(valid_until=dt.date(2026, 1, 1))

        asked = {"region": "某省", "on": "2025-12-31"}

        assert client.get("/pricing/tariffs/", asked).context["tariffs"] == [old]
        assert client.get("/pricing/tariffs/", asked | {"on": "2026-01-01"}).context["tariffs"] == [
            new
        ]

    def test_go_on_after_the_last_row_without_gap_or_repeat(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.pricing.PAGE", 1)
        first = make_tariff("Q1", dt.date(2026, 1, 1))
        second, third = make_tariff("Q1"), make_tariff("Q2")

        after_first = {"region": "某省", "after": "某省@Q1@2026-01-01"}
        after_second = {"region": "某省", "after": "某省@Q1@2025-01-01"}

        page = "/pricing/tariffs/"
        assert client.get(page, {"region": "某省"}).context["tariffs"] == [first]
        assert client.get(page, after_first).context["tariffs"] == [second]
        assert client.get(page, after_second).context["tariffs"] == [third]
        assert not client.get(page, after_second).context["more"]

    def test_take_as_many_queries_for_few_as_for_many(self, client: Client) -> None:
        make_tariff("Q0")
        few = count_queries(client, "/pricing/tariffs/?region=某省")
        for number in range(1, 12):
            make_tariff(f"Q{number}")

        assert count_queries(client, "/pricing/tariffs/?region=某省") == few


class TestSurcharges:
    def test_are_those_of_the_month(self, client: Client) -> None:
        facts = {"region": "某省", "in_power_factor_base": False, "certainty": "C", "source": "s"}
        Surcharge.objects.create(
            code="a",
            name="甲",
            price=Decimal("0.01"),
            valid_from=dt.date(2025, 1, 1),
            valid_until=dt.date(2025, 2, 1),
            **facts,
        )
        Surcharge.objects.create(
            code="b", name="乙", price=Decimal("0.02"), valid_from=dt.date(2025, 2, 1), **facts
        )

        january = client.get("/pricing/surcharges/", {"month": "2025-01", "region": "某省"})
        february = client.get("/pricing/surcharges/", {"month": "2025-02", "region": "某省"})

        assert [s.code for s in january.context["surcharges"]] == ["a"]
        assert [s.code for s in february.context["surcharges"]] == ["b"]
