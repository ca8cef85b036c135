"""A month's bills from the lake: exact, once each, followed to the reading."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.billing.evidence import map_rules
from busbar.billing.models import Bill, BillLine, BillRefusal, BillRun
from busbar.billing.operations import UnableToRunMonth, recalculate, run_month
from busbar.journal.models import Entry
from busbar.supply.models import Agreement, BasicChargeMode
from tests.billing import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of the test's own."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    return tmp_path / "lake"


def bill_of(number: str) -> Bill:
    return billing_queries.get_bill(
        viewer=SYSTEM_VIEWER, account_number=number, month=str(world.MONTH)
    )


class TestRunMonth:
    def test_bills_a_flat_load_to_the_fen(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        world.make_surcharge()
        point = world.make_account(world.make_county(), "1001")
        world.store(lake, world.curves([point]))

        run = run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        bill = bill_of("1001")
        amounts = {line.code: line.amount for line in billing_queries.list_lines(bill)}
        # 31 days: 4 h peak, 12 h flat, 8 h valley at 100 kW; 1,000 kVA at 30 yuan; PF 1.00.
        assert (run.billed, run.refused, run.accounts) == (1, 0, 1)
        assert bill.energy_kwh == 74_400
        assert bill.max_demand_kw == 100
        assert bill.max_demand_at == dt.datetime(2025, 12, 31, 16, tzinfo=dt.UTC)
        assert bill.power_factor == 1
        energy = Decimal("12400.00") + Decimal("22320.00") + Decimal("7440.00")
        adjustment = Decimal("-541.20")  # (42160 + 30000) × −0.75 %
        assert sum(amounts.values()) == bill.amount
        assert bill.amount == energy + 30_000 + adjustment + Decimal("1488.00")

    def test_every_line_names_formula_rule_source_and_inputs(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001")
        world.store(lake, world.curves([point]))

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        bill = bill_of("1001")
        known = {quantity["id"] for quantity in bill.quantities} | {"T1001"}  # kVA of the unit
        for line in billing_queries.list_lines(bill):
            rules = map_rules(line.rules)
            assert line.formula
            assert rules[line.rules[0]].certainty
            assert set(line.inputs) <= known

    def test_twice_bills_nothing_twice(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001")
        world.store(lake, world.curves([point]))
        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
        before = list(Bill.objects.values()), BillLine.objects.count(), Entry.objects.count()

        again = run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        assert (again.billed, again.refused) == (1, 0)
        after = list(Bill.objects.values()), BillLine.objects.count(), Entry.objects.count()
        assert after == before

    def test_beside_another_run_of_the_month_bills_what_that_one_left(
        self, ground: None, lake: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        county = world.make_county()
        world.make_tariff()
        points = [world.make_account(county, number) for number in ("1001", "1002", "1003")]
        world.store(lake, world.curves(points))
        monkeypatch.setattr("busbar.billing.operations.bill_run._BATCH", 1)
        others: list[int] = []

        def meanwhile(done: int, total: int) -> None:
            if not others:
                others.append(1)
                run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        run = run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT, progress=meanwhile)

        assert (run.billed, Bill.objects.count()) == (3, 3)
        assert Entry.objects.filter(event="billing.bill.issued").count() == 3

    def test_records_each_bill_on_the_customers_timeline(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001")
        world.store(lake, world.curves([point]))

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        entry = Entry.objects.get(event="billing.bill.issued")
        assert entry.customer_id == point.account.customer_id
        assert entry.subject_label == "1001 2026-01"

    def test_keeps_the_reason_of_an_account_it_cannot_bill_and_bills_the_others(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        county = world.make_county()
        good = world.make_account(county, "1001")
        world.make_account(county, "1002")
        strange = world.make_account(county, "1003", tariff="UNKNOWN")
        world.store(lake, world.curves([good, strange]))

        run = run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        refusals = BillRefusal.objects.select_related("account")
        reasons = {row.account.number: str(row.reason) for row in refusals}
        assert (run.billed, run.refused) == (1, 2)
        assert reasons == {
            "1002": "2026-01 没有负荷曲线",
            "1003": "2026-01 没有电价 UNKNOWN",
        }

    def test_bills_a_refused_account_once_its_curves_have_come(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        county = world.make_county()
        first, late = world.make_account(county, "1001"), world.make_account(county, "1002")
        world.store(lake, world.curves([first]))
        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
        world.store(lake, world.curves([late]), key="second")

        run = run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        assert (run.billed, run.refused) == (2, 0)
        assert not BillRefusal.objects.exists()

    def test_refuses_a_month_with_too_many_gaps(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001")
        world.store(lake, world.curves([point], days=20))

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        refusal = BillRefusal.objects.get()
        assert str(refusal.reason) == "2026-01 缺 1056 个时段（35.5%），超过 10%，须先补全"
        assert not Bill.objects.exists()

    def test_names_a_usage_point_whose_meter_gave_nothing(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001")
        silent = world.make_second_point(point, "U2")
        world.hang(silent, world.LONG_AGO)
        world.store(lake, world.curves([point]))

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        assert str(BillRefusal.objects.get().reason) == "计量点 U2 2026-01 没有负荷曲线，须先补全"
        assert not Bill.objects.exists()

    def test_asks_for_no_curve_of_days_on_which_no_meter_hung(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        point = world.make_account(world.make_county(), "1001")
        new, old = world.make_second_point(point, "U2"), world.make_second_point(point, "U3")
        world.hang(new, dt.date(2026, 1, 21))
        world.hang(old, world.LONG_AGO, until=dt.date(2025, 12, 1))
        world.store(lake, world.curves([point]))
        world.store(lake, world.curves([new]).slice(20), key="new")

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        bill = bill_of("1001")
        assert (bill.energy_kwh, bill.missing_intervals) == ((31 + 11) * 2400, 0)

    def test_charges_contracted_demand_and_twice_what_exceeds_it(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        point = world.make_account(
            world.make_county(), "1001", mode=BasicChargeMode.CONTRACT_DEMAND, standard=""
        )
        load = world.FLAT_LOAD.copy()
        load[40] = 150_000  # 600 kW from 10:00, 75 kW above 105 % of 500
        world.store(lake, world.curves([point], load=load))

        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        basic = bill_of("1001").lines.get(code__startswith="basic")
        assert basic.quantity == 525 + 2 * 75
        assert basic.amount == Decimal("27000.00")

    def test_is_refused_to_somebody_without_the_permission(self, ground: None, lake: Path) -> None:
        clerk = Viewer(1, 1, "某人", "000", frozenset({Permission.EXPORT}))

        with pytest.raises(NotPermitted):
            run_month(month=world.MONTH, by=clerk, at=world.AT)

        assert not BillRun.objects.exists()

    def test_says_so_when_no_curve_was_ever_imported(self, ground: None, lake: Path) -> None:
        with pytest.raises(UnableToRunMonth, match="2026-01 还没有导入任何负荷曲线"):
            run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        assert not BillRun.objects.exists()

    def test_costs_the_same_queries_for_one_account_and_for_forty(
        self, ground: None, lake: Path
    ) -> None:
        world.make_tariff()
        county = world.make_county()
        points = [world.make_account(county, f"{1000 + i}") for i in range(41)]
        refused = world.make_account(county, "9999", tariff="UNKNOWN")
        world.store(lake, world.curves([*points, refused]))
        Agreement.objects.exclude(tariff_code="UNKNOWN").update(valid_from=dt.date(2030, 1, 1))
        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
        counts = []
        for some in (points[:1], points[1:]):
            agreements = Agreement.objects.filter(account__in=[p.account_id for p in some])
            agreements.update(valid_from=world.LONG_AGO)
            with CaptureQueriesContext(connection) as queries:
                run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
            counts.append(len(queries))

        # SQLite cuts a long INSERT by its number of parameters; PostgreSQL does not.
        assert counts[1] - counts[0] <= (2 if connection.vendor == "sqlite" else 0)


class TestRecalculate:
    def test_arrives_at_the_same_bill(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        world.make_surcharge()
        point = world.make_account(world.make_county(), "1001")
        load = np.arange(96, dtype=np.int32) * 331 + 7
        world.store(lake, world.curves([point], load=load))
        run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)
        bill = bill_of("1001")

        again = recalculate(bill)

        stored = [(line.line_id, line.amount) for line in billing_queries.list_lines(bill)]
        assert [(line.id, line.amount_yuan) for line in again.lines] == stored
        assert again.total_yuan == bill.amount


_KILLED_RUN = """
import datetime as dt, os, sys, time
import django
django.setup()
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import operations
from busbar.billing.operations import bill_run
from busbar.kit.periods import Month
bill_run._BATCH = 5
def slowly(done, total):
    print(done, flush=True)
    time.sleep(30 if done >= 10 else 0)
operations.run_month(
    month=Month.parse("2026-01"), by=SYSTEM_VIEWER,
    at=dt.datetime(2026, 2, 1, tzinfo=dt.UTC), progress=slowly,
)
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestKilledRun:
    def test_loses_and_doubles_nothing(self, ground: None, lake: Path) -> None:
        world.make_tariff()
        county = world.make_county()
        points = [world.make_account(county, f"{1000 + i}") for i in range(23)]
        world.store(lake, world.curves(points))
        self.run_until_killed(lake)
        assert 0 < Bill.objects.count() < 23

        run = billing_operations.run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)

        assert (run.billed, run.refused) == (23, 0)
        assert Bill.objects.values("account").distinct().count() == 23
        assert Entry.objects.filter(event="billing.bill.issued").count() == 23

    def run_until_killed(self, lake: Path) -> None:
        """Bill in a process of its own and kill it dead after the second batch."""
        name = str(connection.settings_dict["NAME"])
        environment = os.environ | {"BUSBAR_HOME": str(lake.parent)}
        if connection.vendor == "sqlite":
            environment["DATABASE_URL"] = f"sqlite:///{name}"
        else:
            base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
            environment["DATABASE_URL"] = f"{base}/{name}"
        with subprocess.Popen(
            [sys.executable, "-c", _KILLED_RUN],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            deadline = time.monotonic() + 60
            for line in process.stdout:
                if line.strip() == "10" or time.monotonic() > deadline:
                    break
            process.send_signal(signal.SIGKILL)
