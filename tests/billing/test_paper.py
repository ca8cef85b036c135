"""A bill on paper states what the stored bill states, to the fen."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import queries as billing_queries
from busbar.billing.models import Bill, BillLine, Citation
from busbar.billing.operations import correct_bills, release_bills, run_month
from busbar.billing.paper import gathering, making
from busbar.billing.paper.facts import BillPaper
from tests.billing import world

pytestmark = pytest.mark.django_db
LATER = world.AT + dt.timedelta(days=3)


@pytest.fixture
def bill(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bill:
    """January of an account at 100 kW, billed and not released."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    point = world.make_account(world.make_county(), "1001")
    world.store(tmp_path / "lake", world.curves([point]))
    run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
    return get()


def get(revision: int | None = None) -> Bill:
    return billing_queries.get_bill(
        viewer=SYSTEM_VIEWER, account_number="1001", month="2026-01", revision=revision
    )


def corrected(bill: Bill, tmp_path: Path) -> BillPaper:
    point = billing_point()
    late = world.curves([point], load=world.FLAT_LOAD * 2, days=1)
    world.store(tmp_path / "lake", late, key="late")
    correct_bills(
        month=world.MONTH,
        account_ids=[bill.account_id],
        reason="补抄 1 月 1 日",
        by=SYSTEM_VIEWER,
        at=LATER,
    )
    return gathering.gather(get())


def billing_point() -> world.UsagePoint:
    return world.UsagePoint.objects.get(number="U1001")


class TestGather:
    def test_states_the_bill_line_by_line(self, bill: Bill) -> None:
        facts = gathering.gather(bill)

        assert sum(line.amount_yuan for line in facts.lines) == facts.amount_yuan == bill.amount
        peak = next(line for line in facts.lines if line.amount_yuan == Decimal("12400.00"))
        assert (peak.quantity, peak.price) == ("12,400 kWh", "1 元/kWh")
        assert (facts.starts_on, facts.ends_on) == (dt.date(2026, 1, 1), dt.date(2026, 1, 31))
        assert (facts.number, facts.settlement) == ("1001-2026-01", None)

    def test_numbers_each_source_once_and_every_line_names_its_own(self, bill: Bill) -> None:
        facts = gathering.gather(bill)

        assert [s.number for s in facts.sources] == list(range(1, len(facts.sources) + 1))
        assert len({(s.name, s.value, s.article) for s in facts.sources}) == len(facts.sources)
        for line, stored in zip(facts.lines, bill.lines.order_by("position"), strict=True):
            assert line.sources.count("[") == len(stored.rules)

    def test_marks_what_nobody_has_read_in_a_source(self, bill: Bill) -> None:
        line = BillLine.objects.filter(bill=bill).order_by("position")[0]
        cited = Citation.objects.get(pk=line.rules[0])
        cited.content = {**cited.content, "certainty": "unverified"}
        cited.save()

        facts = gathering.gather(bill)

        assert facts.lines[0].is_unverified
        assert "【未核实】" in {source.certainty for source in facts.sources}

    def test_settles_a_correction_against_the_bill_the_customer_had(
        self, bill: Bill, tmp_path: Path
    ) -> None:
        release_bills(month=world.MONTH, by=SYSTEM_VIEWER, at=LATER)

        facts = corrected(bill, tmp_path)

        assert facts.settlement is not None
        assert facts.due_yuan == Decimal("1349.80")
        assert sum(line.change_yuan for line in facts.settlement.lines) == facts.due_yuan
        assert (facts.settlement.reason, facts.number) == ("补抄 1 月 1 日", "1001-2026-01-1")

    def test_settles_nothing_where_the_customer_had_no_bill(
        self, bill: Bill, tmp_path: Path
    ) -> None:
        facts = corrected(bill, tmp_path)

        assert facts.settlement is None
        assert facts.due_yuan == facts.amount_yuan

    def test_takes_a_constant_number_of_queries(self, bill: Bill) -> None:
        with CaptureQueriesContext(connection) as queries:
            gathering.gather(bill)

        assert len(queries) <= 4


class TestRenderBill:
    def test_is_a_pdf_and_the_same_for_the_same_facts(self, bill: Bill) -> None:
        facts = gathering.gather(bill)

        made = making.render_bill(facts)

        assert made.startswith(b"%PDF-")
        assert made == making.render_bill(facts)

    def test_prints_a_name_full_of_markup_as_it_is(self, bill: Bill) -> None:
        bill.account.name = "#set page(fill: red) $x$ [甲] *乙*"

        assert making.render_bill(gathering.gather(bill)).startswith(b"%PDF-")

    def test_writes_the_capitals_of_the_amount(self, bill: Bill) -> None:
        data = making.bill_data(gathering.gather(bill))

        assert str(data["amount_capitals"]).startswith("柒万")
        assert data["amount_capitals"] == data["due_capitals"]
        assert data["is_refund"] is False
