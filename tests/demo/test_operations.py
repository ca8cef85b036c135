"""The demonstration's way through the importers to bills: whole, stopped, repeated."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.test import TransactionTestCase

from busbar.access.models import Employee, OrganizationUnit, User
from busbar.access.queries import get_viewer
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import Bill, BillRefusal, BillRun, SavingStudy
from busbar.billing.operations import compare_month
from busbar.billing.outdated import list_outdated
from busbar.claims.models import Claim
from busbar.claims.queries import comes_out_again
from busbar.customers.consolidation.truth import read_truth
from busbar.customers.models import ConsolidationRun, Customer, CustomerAccount, RunState
from busbar.customers.queries.measuring import measure_archive
from busbar.demo import operations as demo_operations
from busbar.demo.consolidating import TRUTH_FILE
from busbar.demo.operations import build_demonstration
from busbar.demo.parameters import Parameters
from busbar.demo.progress import UnableToUseHome, load_progress
from busbar.demo.sign_ins import DEMO_PASSWORD, SHOWN, list_sign_ins
from busbar.demo.steel import POINT_NUMBER
from busbar.imports.models import ImportFile, ImportRun, RowError
from busbar.jobs.demonstration import tend_day
from busbar.journal import queries as journal_queries
from busbar.key_accounts.models import (
    AccountPlan,
    CustomerNeed,
    NeedKind,
    PlanScope,
    Solution,
    StageAssessment,
)
from busbar.kit.periods import Month
from busbar.metering import lake
from busbar.metering.models import VeeFinding
from busbar.metering.queries import lake_root
from busbar.payments.queries import list_disagreements
from busbar.pricing.models import Tariff
from busbar.supply.models import UsagePoint
from tests import shelf
from tests.demo.conftest import load_what_migrate_loads

SMALL = Parameters(customers=12, months=2)
STARTED = dt.datetime(2026, 11, 24, 1, 0, tzinfo=dt.UTC)
STEPS = 29
OLD_BODIES = 2
"""Bodies of the small region that the old system kept by account."""
OLD_ACCOUNTS = 5
"""Accounts that stand for themselves after the import."""
OPENED = 3
"""Accounts that the connections of the small region open."""

GAPPED = Parameters(customers=30, months=1, seed=22)
"""A region in which one meter is silent for longer than may be estimated."""

committed = pytest.mark.django_db(transaction=True)


class Ticks:
    """A clock that moves a second at every look, so that moments are told apart."""

    def __init__(self) -> None:
        self._moments = self._run()

    def __call__(self) -> dt.datetime:
        return next(self._moments)

    @staticmethod
    def _run() -> Iterator[dt.datetime]:
        moment = STARTED
        while True:
            moment += dt.timedelta(seconds=1)
            yield moment


@contextmanager
def living_in(folder: Path) -> Iterator[Path]:
    """An empty home with the ground data of a migrated database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "BUSBAR_HOME", folder)
        patch.setattr(settings, "LAKE_ROOT", folder / "lake")
        patch.setattr(settings, "FILES_ROOT", folder / "files")
        shelf.lay_ground()
        load_what_migrate_loads(STARTED)
        yield folder


@pytest.fixture
def home(db: None, tmp_path: Path) -> Iterator[Path]:
    """A home of the test's own."""
    with living_in(tmp_path) as folder:
        yield folder


@dataclass
class Built:
    """A region that the tests of a class share; each rolls back what it did."""

    home: Path
    said: list[str]


@pytest.fixture(scope="class")
def small(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Built]:
    with django_db_blocker.unblock():
        yield from build_to_share(SMALL, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="class")
def gapped(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Built]:
    with django_db_blocker.unblock():
        yield from build_to_share(GAPPED, tmp_path_factory.mktemp("gapped"))


def build_to_share(parameters: Parameters, folder: Path) -> Iterator[Built]:
    """Built for good, and emptied when the last test has looked at it."""
    said: list[str] = []
    with living_in(folder) as home:
        build(home, said, parameters)
        yield Built(home, said)
    TransactionTestCase("_fixture_teardown")._fixture_teardown()


def build(home: Path, said: list[str], parameters: Parameters = SMALL) -> None:
    build_demonstration(
        home=home, parameters=parameters, clock=Ticks(), tend=tend_day, say=said.append
    )


def build_until(home: Path, step: int) -> None:
    """Build and stop right after a step's line, as Ctrl-C would."""

    def stop(line: str) -> None:
        if line.startswith(f"[{step:>2}/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_demonstration(home=home, parameters=SMALL, clock=Ticks(), tend=tend_day, say=stop)


def is_complete(home: Path) -> bool:
    progress = load_progress(home, SMALL)
    return progress is not None and progress.finished


def outcome() -> dict[str, Any]:
    """Everything that a second run must not double."""
    sums = Bill.objects.order_by("account__number", "month")
    return {
        "units": OrganizationUnit.objects.count(),
        "customers": list(Customer.objects.order_by("number").values_list("name", flat=True)),
        "accounts": CustomerAccount.objects.count(),
        "points": UsagePoint.objects.count(),
        "tariffs": Tariff.objects.count(),
        "bills": list(sums.values_list("account__number", "month", "amount")),
        "curves": curve_count(),
        "claims": list(Claim.objects.order_by("pk").values_list("number", "state", "amount_fen")),
    }


def curve_count() -> int:
    months = [*SMALL.month_list, Month(2018, 1), Month(2018, 12)]
    return sum(len(curves_of(month)) for month in months)


def curves_of(month: Month, *channels: str) -> Any:
    period = month.period
    return lake.read_curves(
        lake_root(), None, period.start, period.end, channels=channels or ("active_wh",)
    )


@pytest.mark.django_db
@pytest.mark.one_database  # on the other the browser tests build their region
@pytest.mark.xdist_group("small region")
class TestBuildDemonstration:
    def test_brings_a_small_region_through_the_importers_to_bills(self, small: Built) -> None:
        assert len(small.said) == 1 + STEPS
        assert Customer.objects.filter(number__startswith="C").count() == 12 - OLD_BODIES
        assert Customer.objects.filter(name="示范钢铁厂").count() == 1
        assert set(BillRun.objects.values_list("month", flat=True)) == {
            *(f"2018-{n:02d}" for n in range(1, 13)),
            "2026-09",
            "2026-10",
        }
        supplied = CustomerAccount.objects.filter(closed_on=None, opened_on__lt="2026-10-01")
        assert Bill.objects.filter(month="2026-10").count() == supplied.count()
        # The month in which a supply was switched on lacks the days before.
        refused = BillRefusal.objects.values_list("account__origin", flat=True)
        assert all(origin.startswith("业扩报装") for origin in refused)
        studies = SavingStudy.objects.filter(month="2026-10")
        assert studies.count() == Bill.objects.current().filter(month="2026-10").count()
        assert all("账单只有" in study.refusal for study in studies)
        assert Bill.objects.filter(account__origin__startswith="业扩报装").exists()
        assert journal_queries.verify_chain().broken is None
        kinds = set(ImportRun.objects.values_list("kind", flat=True))
        assert kinds == {"archive", "network", "tariffs", "readings"}
        names = set(ImportFile.objects.values_list("name", flat=True))
        assert {"客户档案.xlsx", "户号.csv", "steel_plant_2018.parquet"} <= names
        assert not (small.home / demo_operations.FOLDER).exists()

    def test_tells_of_needs_and_of_how_close_customers_are(self, small: Built) -> None:
        kinds = set(CustomerNeed.objects.values_list("kind", flat=True))
        assert kinds == set(NeedKind.values)
        assert set(Solution.objects.values_list("state", flat=True)) >= {"evaluated"}
        assert AccountPlan.objects.filter(scope=PlanScope.SECTOR, agreed_at__isnull=False).exists()
        newest = StageAssessment.objects.filter(run__month="2026-10")
        assert newest.exclude(stage__in=["pre", "early"]).exists()

    def test_tells_of_what_was_owed_beside_the_bills(self, small: Built) -> None:
        told = Claim.objects.order_by("pk").values_list("kind", "state")
        assert list(told) == [
            ("compensation", "raised"), ("meter_error", "raised"), ("breach", "raised"),
            ("wrong_ratio", "requested"), ("breach", "refused"),
        ]  # fmt: skip
        paid, *charged = Claim.objects.filter(state="raised").order_by("pk")
        assert paid.amount_fen < 0 < min(claim.amount_fen for claim in charged)
        assert len(set(Claim.objects.values_list("account"))) == len(told)
        assert all(comes_out_again(claim) for claim in Claim.objects.all())
        assert not Claim.objects.filter(requested_by=None).exists()
        assert list_disagreements() == []

    def test_consolidates_the_old_system(self, small: Built) -> None:
        assert ConsolidationRun.objects.get().state == RunState.FINISHED
        truth = read_truth(small.home / TRUTH_FILE)
        told = measure_archive(SYSTEM_VIEWER, truth)
        assert (
            f"查准率 {told.quality.precision:.4f}，查全率 {told.quality.recall:.4f}"
            in small.said[-1]
        )
        assert told.quality.f1 > 0.5
        old = CustomerAccount.objects.filter(origin__contains="旧系统")
        assert old.count() == OLD_ACCOUNTS
        for account in old:
            assert Bill.objects.filter(account=account, month="2026-10").exists()
            assert account.customer.team.filter(role="lead").exists()

    def test_bills_the_steel_plant_of_2018_from_its_real_curves(self, small: Built) -> None:
        bills = Bill.objects.filter(account__customer__name="示范钢铁厂").order_by("month")
        assert [bill.month for bill in bills] == [f"2018-{n:02d}" for n in range(1, 13)]
        assert {bill.rule_set for bill in bills} == {"R2016", "R2018"}
        # The plant's year is 959,636.87 kWh; every month's bill rounds to whole kWh.
        assert abs(sum(bill.energy_kwh for bill in bills) - Decimal("959636.87")) < 12
        # Validation asks about a Saturday's peak and leaves every measured value in the bill.
        assert not any(bill.estimated_intervals for bill in bills)
        doubts = VeeFinding.objects.filter(usage_point__number=POINT_NUMBER)
        assert [(row.rule, row.action, row.day) for row in doubts] == [
            ("spike", "suspect", dt.date(2018, 12, 29))
        ]
        assert doubts[0].stake_yuan > 0  # at the price of its own bill

    def test_bills_what_validation_left_so_that_no_bill_is_outdated(self, small: Built) -> None:
        assert VeeFinding.objects.filter(written_version__isnull=False).exists()
        assert Bill.objects.filter(month="2026-10", estimated_intervals__gt=0).exists()
        for month in SMALL.billed_months:
            assert list_outdated(SYSTEM_VIEWER, month) == []

    def test_bills_rest_on_the_archive_as_it_is(self, small: Built) -> None:
        for month in SMALL.billed_months:
            done = compare_month(month=month, by=SYSTEM_VIEWER, at=STARTED)
            assert (done.bills > 0, done.outdated) == (True, 0)

    def test_does_nothing_when_it_is_complete(self, small: Built) -> None:
        before, runs = outcome(), ImportRun.objects.count()
        said: list[str] = []
        build(small.home, said)
        assert said == []
        assert ImportRun.objects.count() == runs
        assert outcome() == before
        assert is_complete(small.home)


@pytest.mark.django_db
@pytest.mark.one_database
@pytest.mark.xdist_group("gapped region")
class TestWhatIsWrongOnPurpose:
    def test_leaves_a_gap_of_more_than_a_week_to_a_person(self, gapped: Built) -> None:
        left = VeeFinding.objects.filter(methods__icontains="withheld")
        assert {row.usage_point.number for row in left} == {"JLD0000055"}
        assert 8 <= left.count() <= 12
        assert all(row.stake_yuan > 0 for row in left)
        month = GAPPED.last_month
        rows = curves_of(month, "active_wh", "quality").to_pylist()
        lost = [row for row in rows if lake.Quality.MISSING in row["quality"]]
        assert {row["usage_point_id"] for row in lost} == {left[0].usage_point_id}
        refused = BillRefusal.objects.filter(run__month=str(month))
        assert refused.filter(account=left[0].usage_point.account).exists()

    def test_marks_outages_and_estimates_in_the_lake(self, gapped: Built) -> None:
        rows = curves_of(GAPPED.last_month, "active_wh", "quality").to_pylist()
        codes = [
            (code, wh)
            for row in rows
            for code, wh in zip(row["quality"], row["active_wh"], strict=True)
        ]
        outages = [wh for code, wh in codes if code == lake.Quality.OUTAGE]
        assert outages
        assert not any(outages)
        assert any(code == lake.Quality.ESTIMATED for code, _ in codes)

    def test_lists_the_rows_that_were_made_to_be_refused(self, gapped: Built) -> None:
        errors = RowError.objects.all()
        assert {str(error.expectation) for error in errors} == {
            "应为不小于 0 的数字",
            "换算后应不超过 2147483647（Wh 或 varh）",
        }


@committed
class TestAStop:
    @pytest.mark.parametrize("step", [pytest.param(5, marks=pytest.mark.one_database), 9])
    def test_after_a_step_is_made_up_for(self, home: Path, step: int) -> None:
        build_until(home, step)
        assert not is_complete(home)
        build(home, [])
        stopped = outcome()
        assert stopped["accounts"] == 25 + OPENED
        assert len(stopped["bills"]) == len({bill[:2] for bill in stopped["bills"]})
        assert len(stopped["bills"]) >= 12 + 2 * 24

    @pytest.mark.one_database
    def test_between_work_and_note_doubles_nothing(self, home: Path) -> None:
        build(home, [])
        before = outcome()
        progress = load_progress(home, SMALL)
        assert progress is not None
        progress.done, progress.finished = [], False
        progress.save()
        build(home, [])
        assert outcome() == before
        assert is_complete(home)


@committed
class TestASharedHome:
    def test_is_refused_when_somebody_else_lives_there(self, home: Path) -> None:
        OrganizationUnit.objects.create(code="00", name="某公司", kind="province", path="000")
        with pytest.raises(UnableToUseHome, match="数据库里已有组织机构"):
            build(home, [])
        assert OrganizationUnit.objects.count() == 1
        assert not ImportRun.objects.exists()
        assert load_progress(home, SMALL) is None


@committed
class TestSignIns:
    def test_open_for_every_employee_with_the_demonstration_password(self, home: Path) -> None:
        build_until(home, 2)
        assert Employee.objects.count() == 94
        assert [s.username for s in list_sign_ins()] == list(SHOWN)
        user = authenticate(username="county1_ka1", password=DEMO_PASSWORD)
        assert isinstance(user, User)
        assert not user.must_change_password

    def test_see_no_more_than_their_branch(self, home: Path) -> None:
        build_until(home, 5)
        seen = {
            name: Customer.objects.visible_to(get_viewer(User.objects.get(username=name))).count()
            for name in ("admin", "province", "regulator", "city1", "county1")
        }
        everyone = 12 - OLD_BODIES + OLD_ACCOUNTS  # before they are consolidated
        assert seen["admin"] == seen["province"] == seen["regulator"] == everyone
        assert seen["county1"] <= seen["city1"] < everyone


@pytest.mark.slow
@pytest.mark.one_database
class TestAKill:
    def test_in_the_middle_of_the_readings_is_made_up_for(self, tmp_path: Path) -> None:
        environment = {
            **{k: v for k, v in os.environ.items() if k != "DATABASE_URL"},
            "BUSBAR_HOME": str(tmp_path),
            "PYTHONPATH": "src",
        }
        words = ["demo", "--no-serve", "--customers", "12", "--months", "2"]
        command = [sys.executable, "-m", "busbar.cli.main", *words]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as first:
            assert first.stdout is not None
            for line in first.stdout:
                if "2018 年曲线" in line:
                    break
            time.sleep(0.3)
            first.kill()
        again = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=120
        )
        assert "组织与人员" not in again.stdout
        assert f"[{STEPS}/{STEPS}]" in again.stdout
        assert DEMO_PASSWORD in again.stdout
        with closing(sqlite3.connect(tmp_path / "busbar.sqlite3")) as database:
            bills = database.execute(
                "SELECT count(*), count(DISTINCT account_id || month) FROM billing_bill"
            ).fetchone()
        assert bills[0] == bills[1] >= 60
