"""What accounts could save is studied once a month, kept, ranked, and told why where it is not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.billing import savings
from busbar.billing.advice import advise
from busbar.billing.explained_months import explain_months
from busbar.billing.models import Bill, Saving, SavingStudy
from busbar.billing.operations import study_savings
from busbar.cli.main import main
from busbar.customers.models import Customer, CustomerAccount, CustomerGroup
from busbar.jobs.billing import study_savings as job
from busbar.journal.models import Entry
from busbar.kit.periods import Month
from tests.billing import world
from tests.billing.advice import year as years
from tests.worlds import keep

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def lake(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of the test's own, with prices to bill by."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    return tmp_path / "lake"


@pytest.fixture
def billed(lake: Path) -> None:
    """1001 pays for 1,000 kVA at 100 kW over nine months; 1002 has one bill."""
    keep(_bill, lake, folder=lake)


def _bill(lake: Path) -> None:
    unit = world.make_county()
    first, second = (
        world.make_account(unit, "1001"),
        world.make_account(unit, "1002", tariff="TWO-PART"),
    )
    months = years.months_until(world.MONTH, 9)
    years.bill_months(lake, [first], {month: {"kw": 100} for month in months[:-1]})
    years.bill_months(lake, [first, second], {months[-1]: {"kw": 100}})


def study(limit: int = 10) -> int:
    return study_savings(limit=limit, by=SYSTEM_VIEWER, at=world.AT)


class TestStudying:
    def test_keeps_what_the_advice_says(self, billed: None) -> None:
        assert study() == 2

        advice = advise(SYSTEM_VIEWER, "1001", on=dt.date(2026, 2, 2))
        assert advice.basic is not None
        saving = Saving.objects.get(account__number="1001", kind="basic")
        assert saving.yearly_yuan == advice.basic.saving_yuan
        assert saving.facts["mode"] == "actual_demand"

    def test_says_why_there_is_none(self, billed: None) -> None:
        study()

        refused = SavingStudy.objects.get(account__number="1002")
        assert "账单只有 1 张，至少要 9 张" in refused.refusal
        assert not Saving.objects.filter(account__number="1002").exists()

    def test_does_none_twice_and_goes_on_where_it_stopped(self, billed: None) -> None:
        assert study(limit=1) == 1
        assert study() == 1

        assert study() == 0
        assert Entry.objects.filter(event="billing.saving_study.made").count() == 2

    def test_a_newer_bill_is_studied_anew(self, billed: None) -> None:
        study()
        SavingStudy.objects.filter(account__number="1001").update(month="2025-12")
        Saving.objects.filter(account__number="1001").update(yearly_yuan=D(1))

        assert study() == 1

        assert SavingStudy.objects.get(account__number="1001").month == "2026-01"
        assert not Saving.objects.filter(yearly_yuan=1).exists()

    def test_without_any_bill_nothing_is_done(self, ground: None) -> None:
        assert study() == 0
        assert job() == "已测算 0 户"


class TestTheList:
    def test_ranks_by_worth_and_reads_on_by_keyset(self, billed: None) -> None:
        study()
        everything = savings.list_savings(SYSTEM_VIEWER, limit=50)
        worth = [saving.yearly_yuan for saving in everything.savings]

        first = savings.list_savings(SYSTEM_VIEWER, limit=1)
        rest = savings.list_savings(SYSTEM_VIEWER, after=first.next_after, limit=50)

        assert worth == sorted(worth, reverse=True)
        assert len(worth) > 1
        assert [*first.savings, *rest.savings] == everything.savings
        assert everything.next_after is None

    def test_is_narrowed_to_a_groups_customers_with_its_counts(self, billed: None) -> None:
        study()
        group = CustomerGroup.objects.create(code="G1", name="集团")
        other = CustomerGroup.objects.create(code="G2", name="另一集团")
        Customer.objects.filter(accounts__number="1001").update(group=group)
        of_group, of_other = (SYSTEM_VIEWER.narrowed_to(frozenset([g.pk])) for g in (group, other))

        found = savings.list_savings(of_group, limit=50).savings

        assert {saving.account.number for saving in found} == {"1001"}
        assert sum(savings.count_savings(of_group).values()) == len(found)
        assert savings.list_savings(of_other, limit=50).savings == []

    def test_costs_one_query_and_shows_nobody_elses(self, billed: None) -> None:
        study()
        nobody = Viewer(user_id=1, employee_id=None, name="x", unit_path="999")
        with CaptureQueriesContext(connection) as queries:
            page = savings.list_savings(SYSTEM_VIEWER, limit=50)
            assert {saving.account.customer.number for saving in page.savings}

        assert len(queries) == 1
        assert savings.list_savings(nobody, limit=50).savings == []
        assert savings.count_savings(nobody) == {}


class TestTheCommand:
    def test_studies_and_lists(self, billed: None, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["bill", "savings", "--limit", "5"]) == 0

        said = capsys.readouterr().out
        assert "已测算 2 户" in said
        assert "1001 基本电费方式：每年可省" in said


class TestExplainedMonths:
    def test_add_up_to_the_change_of_all_accounts_to_the_fen(self, billed: None) -> None:
        ids = list(CustomerAccount.objects.values_list("pk", flat=True))

        months = explain_months(SYSTEM_VIEWER, ids, months=3)

        assert [month.month for month in months] == ["2025-11", "2025-12", "2026-01"]
        for month in months:
            assert month.change == sum(month.effects.values(), month.joined)
        newcomer = Bill.objects.get(account__number="1002").amount
        assert months[-1].joined == newcomer
        assert months[-1].bills == 2

    def test_the_first_month_of_all_has_no_change(self, billed: None) -> None:
        account = CustomerAccount.objects.get(number="1002")

        (month,) = explain_months(SYSTEM_VIEWER, [account.pk])

        assert (month.month, month.change, dict(month.effects)) == (str(Month(2026, 1)), None, {})

    def test_an_account_without_bills_has_none(self, ground: None) -> None:
        assert explain_months(SYSTEM_VIEWER, [1]) == []
