"""The evaluation of a month, from bills and archive to the kept result."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted
from busbar.journal.models import Entry
from busbar.key_accounts import operations
from busbar.key_accounts.models import (
    Category,
    CostRate,
    OverrideState,
    Recognition,
    RecognitionCriterion,
    RecognitionRun,
)
from busbar.key_accounts.queries import closeness, facts
from busbar.key_accounts.queries import recognition as queries
from busbar.key_accounts.queries import rules as rules_queries
from busbar.key_accounts.recognizing import Outcome
from busbar.kit.periods import Month
from tests.key_accounts.world import AT, JANUARY, World, result

FEBRUARY = Month(2026, 2)
TODAY = dt.date(2026, 2, 3)


class TestEvaluating:
    def test_finds_the_economic_one_with_every_reason(self, world: World) -> None:
        big = world.customer("BIG")
        world.year(big, 6_000_000, yuan=3_600_000, kw=1000)

        run = world.evaluate()

        row = result(big, run)
        assert (row.is_economic, row.is_important, row.is_potential) == (True, False, False)
        assert (row.annual_energy_kwh, row.annual_revenue_yuan) == (6_000_000, 3_600_000)
        economic = queries.explain(row)[0]
        assert (economic.judgement.points, economic.judgement.outcome) == (65, Outcome.ENTERED)
        assert [(r.criterion.code, r.is_met) for r in economic.judgement.reasons] == [
            ("economic-energy", True), ("economic-revenue", True), ("economic-demand", False),
            ("economic-growth", None),
        ]  # fmt: skip
        first = economic.judgement.reasons[0].figure
        assert first is not None
        assert first.source == "2025-02 至 2026-01 的账单，12 个月"

    def test_what_is_explained_is_what_was_kept(self, world: World) -> None:
        for number, kwh in (("A", 6_000_000), ("B", 3_000_000), ("C", 1_000)):
            world.year(world.customer(number, industry_code="3910"), kwh, yuan=kwh, kw=1600)

        run = world.evaluate()

        for row in Recognition.objects.select_related("run"):
            explained = {e.category: e for e in queries.explain(row)}
            held = {c for c, e in explained.items() if e.holds}
            assert held == set(row.categories)
            assert {c: e.judgement.points for c, e in explained.items()} == {
                c: row.judgements[c]["points"] for c in Category
            }
        assert run.customers == 3

    def test_the_potential_one_is_near_and_in_a_growing_industry(self, world: World) -> None:
        near = world.customer("NEAR", industry_code="C3910")
        world.year(near, 3_600_000, yuan=1_200_000, kw=800)

        row = result(near, world.evaluate())

        assert (row.is_economic, row.is_potential, row.division) == (False, True, "39")

    def test_an_important_one_follows_the_archive(self, world: World) -> None:
        hospital = world.customer("H", importance="first")
        world.bill(hospital, JANUARY, 1)

        assert result(hospital, world.evaluate()).is_important

    def test_again_it_comes_to_the_same_rows(self, world: World) -> None:
        big = world.customer("BIG")
        world.year(big, 6_000_000, yuan=3_600_000)
        first = world.evaluate()
        before = Recognition.objects.values_list("id", "judgements").get()

        second = world.evaluate()

        assert second.pk == first.pk
        assert Recognition.objects.values_list("id", "judgements").get() == before
        assert (second.entered, second.left) == (1, 0)

    def test_the_next_month_stands_on_the_one_before(self, world: World) -> None:
        big = world.customer("BIG")
        world.year(big, 6_000_000, yuan=3_600_000)
        world.evaluate()
        world.bill(big, FEBRUARY, 0)
        RecognitionCriterion.objects.filter(code="economic-energy").update(
            enter_at=9_000_000, leave_at=8_000_000
        )

        row = result(big, world.evaluate(FEBRUARY))

        kept = row.judgements["economic"]
        assert (row.is_economic, row.has_changed) == (True, False)
        assert (kept["outcome"], kept["before"]) == ("kept_for_term", "2026-01")

    def test_growth_is_measured_over_months_billed_a_year_before(self, world: World) -> None:
        grown = world.customer("G")
        world.year(grown, 1_200_000, last=Month(2025, 1))
        world.year(grown, 1_320_000)

        row = result(grown, world.evaluate())

        assert row.growth_percent == Decimal("10.0")

    def test_is_refused_before_the_month_is_billed(self, world: World) -> None:
        world.customer("A")

        with pytest.raises(operations.UnableToEvaluate, match="还没有核算完成"):
            world.evaluate()
        assert not RecognitionRun.objects.exists()

    def test_is_refused_to_who_sees_one_county(self, world: World) -> None:
        world.bill(world.customer("A"), JANUARY, 1)
        manager = world.viewer(Role.ACCOUNT_MANAGER, unit=world.county)

        with pytest.raises(operations.UnableToEvaluate, match="全公司"):
            operations.evaluate_month(month=JANUARY, by=manager, at=AT)
        assert not RecognitionRun.objects.exists()

    def test_reads_everything_in_queries_that_do_not_grow(self, world: World) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as seen:
                facts.gather(JANUARY)
            return len(seen)

        world.year(world.customer("A", industry_code="3910"), 12_000)
        few = count()
        for number in range(20):
            world.year(world.customer(f"N{number}", industry_code="3910"), 12_000)

        assert (few, count()) == (4, 4)


class TestRules:
    def test_a_change_is_a_version_from_a_day_on(self, world: World) -> None:
        chief = world.viewer(Role.MANAGER)

        operations.set_criterion(
            code="economic-energy", points=35, enter_at=Decimal(7_000_000),
            leave_at=Decimal(6_000_000), valid_from=FEBRUARY.first, source="公司发〔2026〕1号",
            by=chief, at=AT,
        )  # fmt: skip

        versions = rules_queries.list_criterion_versions("economic-energy")
        assert [(v.enter_at, v.valid_until, v.certainty) for v in versions] == [
            (7_000_000, None, "local"), (5_000_000, FEBRUARY.first, "unverified"),
        ]  # fmt: skip
        january = rules_queries.list_policies(dt.date(2026, 1, 31))[0]
        assert january.criteria[0].enter_at == 5_000_000
        entry = Entry.objects.latest("id")
        assert (entry.event, entry.reason) == ("key_accounts.rule.versioned", "公司发〔2026〕1号")

    def test_a_leave_threshold_above_the_entry_is_refused(self, world: World) -> None:
        chief, before = world.viewer(Role.MANAGER), RecognitionCriterion.objects.count()

        with pytest.raises(operations.UnableToSetRule, match="来回变动"):
            operations.set_criterion(
                code="economic-energy", points=35, enter_at=Decimal(1), leave_at=Decimal(2),
                valid_from=FEBRUARY.first, source="x", by=chief, at=AT,
            )  # fmt: skip
        assert RecognitionCriterion.objects.count() == before

    def test_a_manager_of_accounts_may_not(self, world: World) -> None:
        with pytest.raises(NotPermitted):
            operations.set_policy(
                category="economic", points_to_enter=1, points_to_stay=1, min_stay_months=0,
                valid_from=FEBRUARY.first, source="x", by=world.viewer(Role.ACCOUNT_MANAGER), at=AT,
            )  # fmt: skip
        assert rules_queries.list_policies(FEBRUARY.first)[0].points_to_enter == 60

    def test_loading_the_seed_again_enters_nothing(self, world: World) -> None:
        assert operations.load_recognition_seed(at=AT) == 0

    def test_the_seed_knows_97_divisions_in_20_sections(self, world: World) -> None:
        codes = rules_queries.map_industries(TODAY)

        assert sum(len(code) == 2 for code in codes) == 97
        assert sum(len(code) == 1 for code in codes) == 20
        assert (codes["84"].kind, codes["83"].kind, codes["31"].section) == (
            "medical",
            "school",
            "C",
        )


class TestOverrides:
    def test_set_by_hand_until_the_expiry(self, world: World) -> None:
        small = world.customer("S")
        world.bill(small, JANUARY, 1)
        asked = operations.propose_override(
            customer=small, category="economic", holds=True, reason="园区龙头，产业带动",
            expires_on=dt.date(2026, 4, 1), by=world.viewer(Role.ACCOUNT_MANAGER),
            at=dt.datetime(2026, 1, 5, tzinfo=dt.UTC),
        )  # fmt: skip
        assert not result(small, world.evaluate()).is_economic
        operations.decide_override(
            override_id=asked.pk, approved=True, by=world.viewer(Role.MANAGER), at=AT
        )

        row = result(small, world.evaluate())

        assert row.is_economic
        assert row.judgements["economic"]["outcome"] == "out"
        later = dt.datetime(2026, 4, 1, 1, tzinfo=dt.UTC)
        assert operations.end_overrides(by=SYSTEM_VIEWER, at=later) == 1
        assert not result(small, world.evaluate()).is_economic

    def test_nobody_approves_what_they_asked_for(self, world: World) -> None:
        chief = world.viewer(Role.MANAGER)
        asked = operations.propose_override(
            customer=world.customer("S"), category="economic", holds=True, reason="r",
            expires_on=dt.date(2026, 4, 1), by=chief, at=AT,
        )  # fmt: skip

        with pytest.raises(operations.UnableToOverride, match="提出人"):
            operations.decide_override(override_id=asked.pk, approved=True, by=chief, at=AT)
        asked.refresh_from_db()
        assert asked.state == OverrideState.PROPOSED

    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({"reason": " "}, "理由"),
            ({"expires_on": TODAY}, "晚于今天"),
            ({"expires_on": dt.date(2029, 1, 1)}, "最长两年"),
            ({"category": "important"}, "重要性评定"),
        ],
    )
    def test_is_refused(self, world: World, facts: dict[str, object], sentence: str) -> None:
        asked = {
            "customer": world.customer("S"), "category": "economic", "holds": True,
            "reason": "r", "expires_on": dt.date(2026, 4, 1), **facts,
        }  # fmt: skip

        with pytest.raises(operations.UnableToOverride, match=sentence):
            operations.propose_override(**asked, by=world.viewer(Role.MANAGER), at=AT)
        assert queries.list_overrides(SYSTEM_VIEWER) == []


class TestSeeing:
    def test_each_county_sees_its_own(self, world: World) -> None:
        world.bill(world.customer("OWN", importance="first"), JANUARY, 1)
        world.bill(world.customer("FOREIGN", unit=world.neighbor, importance="first"), JANUARY, 1)
        run = world.evaluate()

        viewer = world.viewer(Role.ACCOUNT_MANAGER, unit=world.county)
        seen = queries.list_recognitions(viewer, run, queries.RecognitionFilter())

        assert [row.customer.number for row in seen] == ["OWN"]
        assert [u.unit.name for u in queries.sum_units(viewer, run)] == ["县公司"]
        assert len(queries.sum_units(SYSTEM_VIEWER, run)) == 2


class TestFigures:
    def test_a_cost_rate_has_versions(self, world: World) -> None:
        chief = world.viewer(Role.MANAGER)

        operations.set_figures(
            kind="cost", code="energy", figures={"yuan_per_kwh": Decimal("0.48")},
            valid_from=FEBRUARY.first, source="财务〔2026〕3号", by=chief, at=AT,
        )  # fmt: skip

        def rate(on: dt.date) -> Decimal | None:
            rows = closeness.list_cost_rates(on)
            return next(row.yuan_per_kwh for row in rows if row.code == "energy")

        assert (rate(dt.date(2026, 1, 31)), rate(FEBRUARY.first)) == (
            Decimal("0.52"), Decimal("0.48"),
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({"kind": "x"}, "没有“x”这类参数"),
            ({"code": "x"}, "没有生效的参数"),
            ({"figures": {"yuan_per_hour": Decimal(1)}}, "须给出且只给出 1 个数值"),
            ({"figures": {"yuan_per_kwh": Decimal(-1)}}, "不能小于零"),
            ({"source": " "}, "依据"),
        ],
    )
    def test_is_refused(self, world: World, facts: dict[str, object], sentence: str) -> None:
        asked = {
            "kind": "cost", "code": "energy", "figures": {"yuan_per_kwh": Decimal(1)},
            "valid_from": FEBRUARY.first, "source": "x", **facts,
        }  # fmt: skip

        with pytest.raises(operations.UnableToSetRule, match=sentence):
            operations.set_figures(**asked, by=world.viewer(Role.MANAGER), at=AT)
        assert CostRate.objects.filter(code="energy").count() == 1
