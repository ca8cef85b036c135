"""Versions of the consolidation's thresholds and of the items that a file should hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import NotPermitted, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import CompletenessRule, ConsolidationFigure, ConsolidationRun
from busbar.customers.operations import UnableToSetArchiveRule
from busbar.journal.models import Entry
from busbar.kit.periods import local_date
from tests.customers.consolidation_world import import_accounts
from tests.imports.world import AT, make_units, make_viewer
from tests.worlds import keep

pytestmark = pytest.mark.django_db

TODAY = local_date(AT)
NEXT_MONTH = TODAY + dt.timedelta(days=30)
SOURCE = "市场营销部会议纪要〔2026〕7号"


@pytest.fixture
def units() -> dict[str, OrganizationUnit]:
    return keep(_make_units)


def _make_units() -> dict[str, OrganizationUnit]:
    customers_operations.load_customers_seed(at=AT)
    return make_units()


@pytest.fixture
def head(units: dict[str, OrganizationUnit]) -> Viewer:
    return make_viewer(units["310101"], Role.MANAGER)


def set_figure(head: Viewer, **changes: Any) -> ConsolidationFigure:
    given: dict[str, Any] = {
        "code": "join_bits", "value": Decimal(9), "valid_from": NEXT_MONTH, "source": SOURCE,
    }  # fmt: skip
    return customers_operations.set_consolidation_figure(by=head, at=AT, **{**given, **changes})


def set_weight(head: Viewer, **changes: Any) -> CompletenessRule:
    given: dict[str, Any] = {
        "code": "credit_code", "weight": 30, "valid_from": NEXT_MONTH, "source": SOURCE,
    }  # fmt: skip
    return customers_operations.set_completeness_rule(by=head, at=AT, **{**given, **changes})


class TestSetConsolidationFigure:
    def test_begins_on_its_day_and_ends_the_one_before(self, head: Viewer) -> None:
        new = set_figure(head)

        day_before = NEXT_MONTH - dt.timedelta(days=1)
        assert customers_queries.get_figures(day_before)["join_bits"] == 7
        assert customers_queries.get_figures(NEXT_MONTH)["join_bits"] == 9
        assert (new.source, new.certainty) == (SOURCE, "local")
        old = ConsolidationFigure.objects.get(code="join_bits", valid_until=NEXT_MONTH)
        assert old.certainty == "unverified"

    def test_is_journaled_with_both_values_and_the_reason(self, head: Viewer) -> None:
        set_figure(head)

        entry = Entry.objects.get(event="customers.archive_rule.versioned")
        assert entry.changes["value"] == ["7", "9"]
        assert entry.reason == SOURCE
        assert entry.actor_name == head.name

    def test_decides_the_next_run_and_leaves_the_last_one_as_it_was(
        self, head: Viewer, units: dict[str, OrganizationUnit]
    ) -> None:
        clerk = make_viewer(units["310101"], Role.ACCOUNT_MANAGER, number="E8")
        import_accounts(units["310101"])
        before = run(clerk, AT)
        set_figure(head, value=Decimal(90))

        after = run(clerk, AT + dt.timedelta(days=31))

        before.refresh_from_db()
        assert (before.thresholds["join_bits"], after.thresholds["join_bits"]) == (
            "7.000",
            "90.000",
        )
        assert before.joined > 0
        assert after.joined == 0

    def test_writes_over_a_version_that_has_not_begun(self, head: Viewer) -> None:
        set_figure(head)
        set_figure(head, value=Decimal(10))

        assert customers_queries.get_figures(NEXT_MONTH)["join_bits"] == 10
        assert ConsolidationFigure.objects.filter(code="join_bits").count() == 2

    def test_stands_between_what_is_and_what_is_to_come(self, head: Viewer) -> None:
        set_figure(head)
        between = TODAY + dt.timedelta(days=10)
        set_figure(head, value=Decimal(8), valid_from=between)

        values = [
            customers_queries.get_figures(day)["join_bits"]
            for day in (TODAY, between, NEXT_MONTH - dt.timedelta(days=1), NEXT_MONTH)
        ]
        assert values == [7, 8, 8, 9]

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"value": Decimal(7)}, "没有任何改动"),
            ({"value": Decimal(101)}, "应在 -50 至 100 之间"),
            ({"value": Decimal("7.0001")}, "至多三位小数"),
            ({"value": Decimal(-1)}, "提交复核的门槛（0）高于自动归并的门槛（-1）"),
            (
                {"code": "ask_bits", "value": Decimal(8)},
                "提交复核的门槛（8）高于自动归并的门槛（7）",
            ),
            ({"code": "own_training", "value": Decimal(10)}, "应在 1000 至"),
            ({"code": "nothing"}, "没有生效的参数“nothing”"),
            ({"source": "  "}, "请写明依据"),
            ({"valid_from": TODAY - dt.timedelta(days=1)}, "应自今天或以后"),
        ],
    )
    def test_refuses_what_makes_no_sense_and_changes_nothing(
        self, head: Viewer, wrong: dict[str, Any], sentence: str
    ) -> None:
        before = list(ConsolidationFigure.objects.order_by("pk").values())

        with pytest.raises(UnableToSetArchiveRule, match=sentence):
            set_figure(head, **wrong)

        assert list(ConsolidationFigure.objects.order_by("pk").values()) == before
        assert not Entry.objects.filter(event="customers.archive_rule.versioned").exists()

    def test_refuses_an_order_that_a_later_version_would_turn_round(self, head: Viewer) -> None:
        set_figure(head, value=Decimal(4))

        with pytest.raises(UnableToSetArchiveRule, match=f"{NEXT_MONTH} 起"):
            set_figure(head, code="ask_bits", value=Decimal(5), valid_from=TODAY)

        assert customers_queries.get_figures(TODAY)["ask_bits"] == 0

    def test_refuses_another_version_of_today(self, head: Viewer) -> None:
        set_figure(head, valid_from=TODAY)

        with pytest.raises(UnableToSetArchiveRule, match="新版本应晚于这一天"):
            set_figure(head, value=Decimal(10), valid_from=TODAY)

        assert customers_queries.get_figures(TODAY)["join_bits"] == 9

    @pytest.mark.parametrize("role", [r for r in Role if r not in {"manager", "administrator"}])
    def test_asks_for_the_permission(self, units: dict[str, OrganizationUnit], role: Role) -> None:
        with pytest.raises(NotPermitted):
            set_figure(make_viewer(units["310101"], role))
        assert customers_queries.get_figures(NEXT_MONTH)["join_bits"] == 7


class TestSetCompletenessRule:
    def test_weighs_from_its_day_on(self, head: Viewer) -> None:
        set_weight(head)

        weights = [
            {rule.code: rule.weight for rule in customers_queries.list_rules(day)}["credit_code"]
            for day in (TODAY, NEXT_MONTH)
        ]
        assert weights == [15, 30]

    def test_takes_an_item_out_of_the_score_by_zero(self, head: Viewer) -> None:
        set_weight(head, weight=0, valid_from=TODAY)

        assert "credit_code" not in {r.code for r in customers_queries.list_checked_rules(TODAY)}

    def test_refuses_to_leave_no_item(self, head: Viewer) -> None:
        CompletenessRule.objects.exclude(code="credit_code").update(weight=0)

        with pytest.raises(UnableToSetArchiveRule, match="至少有一项"):
            set_weight(head, weight=0)

    def test_asks_for_the_permission(self, units: dict[str, OrganizationUnit]) -> None:
        with pytest.raises(NotPermitted):
            set_weight(make_viewer(units["310101"], Role.ACCOUNT_MANAGER))


def run(clerk: Viewer, at: dt.datetime) -> ConsolidationRun:
    started = customers_operations.start_run(by=clerk, at=at)
    return customers_operations.run_consolidation(run_id=started.pk, by=clerk, at=at)
