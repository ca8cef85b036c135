"""The yearly review: last year's list, this year's findings, people's decisions, adoption."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.journal.models import Entry
from busbar.key_accounts import operations
from busbar.key_accounts.models import (
    Category,
    RecognitionOverride,
    ReviewItem,
    ReviewState,
    YearlyReview,
)
from busbar.key_accounts.queries import review as queries
from busbar.kit.periods import Month
from tests.key_accounts.world import AT, JANUARY, World, result

LATER = dt.datetime(2027, 2, 3, 1, tzinfo=dt.UTC)
NEXT = Month(2027, 1)


def adopt(world: World, year: int, at: dt.datetime = AT) -> YearlyReview:
    submitter, chief = world.viewer(Role.ACCOUNT_MANAGER), world.viewer(Role.MANAGER)
    operations.submit_review(year=year, by=submitter, at=at)
    return operations.adopt_review(year=year, by=chief, at=at)


def changes(review: YearlyReview) -> dict[tuple[str, str], str]:
    rows = ReviewItem.objects.filter(review=review).select_related("customer")
    return {(row.customer.number, row.category): row.change for row in rows}


class TestComparing:
    def test_tells_new_kept_and_left(self, world: World) -> None:
        stays, goes, comes = (world.customer(n) for n in ("STAYS", "GOES", "COMES"))
        for customer in (stays, goes):
            world.year(customer, 6_000_000, yuan=3_600_000)
        world.year(comes, 12_000)
        world.evaluate()
        first = operations.open_review(year=2025, by=SYSTEM_VIEWER, at=AT)
        assert set(changes(first).values()) == {"new"}
        adopt(world, 2025)
        for customer, kwh in ((stays, 6_000_000), (goes, 12_000), (comes, 6_000_000)):
            world.year(customer, kwh, yuan=kwh * 6 // 10, last=NEXT)
        world.evaluate(NEXT)

        second = operations.open_review(year=2026, by=SYSTEM_VIEWER, at=LATER)

        assert changes(second) == {
            ("STAYS", "economic"): "kept",
            ("GOES", "economic"): "left",
            ("COMES", "economic"): "new",
        }
        assert queries.count_items(SYSTEM_VIEWER, second)["economic"] == {
            "new": 1, "kept": 1, "left": 1, "out": 0,
        }  # fmt: skip

    def test_needs_the_last_one_adopted(self, world: World) -> None:
        world.year(world.customer("A"), 12)
        world.evaluate()
        operations.open_review(year=2025, by=SYSTEM_VIEWER, at=AT)

        with pytest.raises(operations.UnableToReview, match="还没有批准"):
            operations.open_review(year=2026, by=SYSTEM_VIEWER, at=AT)
        assert YearlyReview.objects.count() == 1

    def test_needs_an_evaluation(self, world: World) -> None:
        with pytest.raises(operations.UnableToReview, match="先评定"):
            operations.open_review(year=2025, by=SYSTEM_VIEWER, at=AT)


class TestDeciding:
    def opened(self, world: World) -> ReviewItem:
        customer = world.customer("BIG")
        world.year(customer, 6_000_000, yuan=3_600_000)
        world.evaluate()
        operations.open_review(year=2025, by=SYSTEM_VIEWER, at=AT)
        return ReviewItem.objects.get()

    def test_against_the_rules_holds_as_an_override_until_it_expires(self, world: World) -> None:
        item = self.opened(world)
        operations.decide_item(
            item_id=item.pk, decided=False, reason="已签迁址协议",
            expires_on=dt.date(2026, 6, 1), by=world.viewer(Role.ACCOUNT_MANAGER), at=AT,
        )  # fmt: skip

        adopt(world, 2025)

        row = RecognitionOverride.objects.get()
        assert (row.holds, row.expires_on, row.reason) == (
            False, dt.date(2026, 6, 1), "2025 年复评：已签迁址协议",
        )  # fmt: skip
        assert queries.map_listed([item.customer_id]) == {}
        world.bill(world.customers["BIG"], Month(2026, 2), 500_000, 300_000)
        assert not result(world.customers["BIG"], world.evaluate(Month(2026, 2))).is_economic

    def test_without_reason_or_expiry_is_refused(self, world: World) -> None:
        item, manager = self.opened(world), world.viewer(Role.ACCOUNT_MANAGER)

        with pytest.raises(operations.UnableToReview, match="到期日"):
            operations.decide_item(item_id=item.pk, decided=False, reason="x", by=manager, at=AT)
        with pytest.raises(operations.UnableToReview, match="理由"):
            operations.decide_item(
                item_id=item.pk, decided=False, expires_on=dt.date(2026, 6, 1), by=manager, at=AT
            )
        item.refresh_from_db()
        assert (item.decided, item.change) == (True, "new")

    def test_after_it_was_handed_over_is_refused(self, world: World) -> None:
        item, manager = self.opened(world), world.viewer(Role.ACCOUNT_MANAGER)
        operations.submit_review(year=2025, by=manager, at=AT)

        with pytest.raises(operations.UnableToReview, match="不能再改"):
            operations.decide_item(item_id=item.pk, decided=True, by=manager, at=AT)

    def test_nobody_adopts_what_they_handed_over(self, world: World) -> None:
        self.opened(world)
        chief = world.viewer(Role.MANAGER)
        operations.submit_review(year=2025, by=chief, at=AT)

        with pytest.raises(operations.UnableToReview, match="提交人"):
            operations.adopt_review(year=2025, by=chief, at=AT)
        assert queries.get_review(2025).state == ReviewState.SUBMITTED

    def test_is_returned_with_a_reason(self, world: World) -> None:
        self.opened(world)
        operations.submit_review(year=2025, by=world.viewer(Role.ACCOUNT_MANAGER), at=AT)

        operations.return_review(
            year=2025, reason="漏了园区客户", by=world.viewer(Role.MANAGER), at=AT
        )

        assert queries.get_review(2025).state == ReviewState.OPEN
        assert Entry.objects.latest("id").reason == "漏了园区客户"

    def test_the_adopted_list_says_who_is_what(self, world: World) -> None:
        item = self.opened(world)
        adopt(world, 2025)

        assert queries.map_listed([item.customer_id]) == {item.customer_id: {Category.ECONOMIC}}

    def test_a_county_decides_on_its_own_only(self, world: World) -> None:
        item = self.opened(world)
        neighbor = world.viewer(Role.ACCOUNT_MANAGER, unit=world.neighbor)

        with pytest.raises(ReviewItem.DoesNotExist):
            operations.decide_item(item_id=item.pk, decided=True, by=neighbor, at=AT)


class TestGrading:
    def test_the_highest_consequence_makes_the_grade_when_another_agrees(
        self, world: World
    ) -> None:
        hospital = world.customer("H", industry_code="8411", kind="medical")
        asked = operations.propose_grade(
            customer=hospital, answers={"casualties": "手术室、ICU", "disorder": "门诊"},
            remark="", by=world.viewer(Role.ACCOUNT_MANAGER), at=AT,
        )  # fmt: skip
        assert asked.grade == "first"

        operations.decide_grade(
            assessment_id=asked.pk, approved=True, by=world.viewer(Role.MANAGER), at=AT
        )

        hospital.refresh_from_db()
        assert hospital.importance == "first"
        world.bill(hospital, JANUARY, 1)
        assert result(hospital, world.evaluate()).is_important

    def test_nobody_reviews_their_own(self, world: World) -> None:
        chief, hospital = world.viewer(Role.MANAGER), world.customer("H")
        asked = operations.propose_grade(
            customer=hospital, answers={"casualties": "ICU"}, remark="", by=chief, at=AT
        )

        with pytest.raises(operations.UnableToGrade, match="提出人"):
            operations.decide_grade(assessment_id=asked.pk, approved=True, by=chief, at=AT)
        hospital.refresh_from_db()
        assert hospital.importance == "none"

    def test_an_answer_without_ground_is_refused(self, world: World) -> None:
        with pytest.raises(operations.UnableToGrade, match="依据"):
            operations.propose_grade(
                customer=world.customer("H"), answers={"casualties": " "}, remark="",
                by=world.viewer(Role.MANAGER), at=AT,
            )  # fmt: skip

    def test_is_suggested_by_the_trade_until_somebody_looked(self, world: World) -> None:
        hospital = world.customer("H", industry_code="Q8411")
        world.customer("FARM", industry_code="0111")

        def suggested() -> list[str]:
            return [
                s.customer.number
                for s in queries.list_suggestions(SYSTEM_VIEWER, on=dt.date(2026, 2, 3))
            ]

        assert suggested() == ["H"]
        operations.propose_grade(
            customer=hospital, answers={}, remark="门诊部", by=world.viewer(Role.MANAGER), at=AT
        )
        assert suggested() == []
