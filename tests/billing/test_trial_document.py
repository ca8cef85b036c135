"""A typed document as test bill: no bill has to be issued before a draft can be tried."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from busbar.billing.models import Bill
from busbar.billing.quote import QuoteRefused
from busbar.billing.trial_document import example_of, try_document
from busbar.journal.models import Entry
from tests.billing import world
from tests.billing.test_trial import make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tariff(db: None) -> None:
    """TWO-PART at 1.00, 0.60 and 0.30 with a fund of two fen."""
    world.make_tariff()
    world.make_surcharge()


def document(**more: Any) -> dict[str, Any]:
    return {
        "kind": "bill",
        "period": {"start": "2026-03-01", "end": "2026-04-01"},
        "segments": [
            {
                "energies": [
                    {"measures": "peak", "quantity": 1000},
                    {"measures": "flat", "quantity": 2000},
                    {"measures": "valley", "quantity": 1000},
                ]
            }
        ],
        **more,
    }


class TestTryDocument:
    def test_stands_at_the_base_where_it_names_no_tariff(self) -> None:
        found = try_document(make_draft(surcharges={"fund": "0.03"}), document())

        by_name = {line.name: line.difference for line in found.lines}
        assert found.before.total_yuan == Decimal("2580.00")  # 1000 + 1200 + 300 + 80
        assert found.after.total_yuan == Decimal("2670.00")  # 1100 + 1200 + 250 + 120
        assert by_name["基金"] == Decimal("40.00")
        assert sum(found.effects.values()) == found.difference == Decimal("90.00")
        assert (Bill.objects.count(), Entry.objects.count()) == (0, 0)

    def test_takes_the_basic_charge_at_the_price_of_its_kind(self) -> None:
        basic = {
            "mode": "capacity",
            "prices": [{"price": 30}],
            "transformers": [{"id": "T1", "capacity_kva": 1000}],
        }

        found = try_document(make_draft(), document(basic_charge=basic))

        assert {x.difference for x in found.lines if x.name.startswith("基本")} == {Decimal(1000)}

    def test_compares_with_the_prices_that_it_states(self) -> None:
        stated = {"name": "输入", "prices": {"peak": 2, "flat": 1, "valley": "0.5"}}

        found = try_document(make_draft(), document(tariff=stated))

        assert (found.before.total_yuan, found.after.total_yuan) == (
            Decimal("4500.00"),
            Decimal("2550.00"),
        )

    def test_leaves_what_stands_on_another_tariff(self) -> None:
        stated = {"code": "OTHER", "name": "他", "prices": {"peak": 2, "flat": 1, "valley": 1}}

        assert try_document(make_draft(), document(tariff=stated)).difference == 0

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"kind": "late_payment"}, r"\$.kind：现为 late_payment，试算只接受 bill 电费账单"),
            ({"segments": []}, r"\$.segments：.*至少要有 1 项"),
            ({"price": 1}, r"\$.price：现为 1，没有这一项"),
        ],
    )
    def test_refuses_with_the_place(self, wrong: dict[str, Any], told: str) -> None:
        with pytest.raises(QuoteRefused, match=told):
            try_document(make_draft(), document(**wrong))

    def test_refuses_what_the_draft_cannot_price(self) -> None:
        basic = {
            "mode": "capacity",
            "prices": [{"price": 30}],
            "transformers": [{"id": "T1", "capacity_kva": 1000}],
        }

        with pytest.raises(QuoteRefused, match="没有合同计收方式的基本电价"):
            try_document(make_draft(capacity_price=None), document(basic_charge=basic))

    @pytest.mark.parametrize("prices", [{"flat": "0.6"}, {"peak": "1", "flat": "0.6"}])
    def test_offers_an_example_that_can_be_tried(self, prices: dict[str, str]) -> None:
        draft = make_draft(prices=prices)

        example = example_of(draft)

        if "peak" in prices:
            assert try_document(draft, example).before.total_yuan > 0
        else:
            assert example["segments"][0]["energies"][0]["measures"] == "total"
