"""Months and deliveries validated: estimates in the lake, findings in the database, once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from busbar.access.registers import Outcome, Row
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.clocks.reckoning import midnight
from busbar.jobs import outbox, vee
from busbar.journal.models import Entry
from busbar.metering import lake
from busbar.metering import operations as metering_operations
from busbar.metering import queries as metering_queries
from busbar.metering.models import (
    CheckState,
    CurveCheck,
    LakeCommit,
    MeterInstallation,
    RegisterReading,
    VeeFinding,
    VeeState,
)
from busbar.metering.operations import vee as vee_operations
from busbar.supply.models import UsagePoint
from tests.billing import world
from tests.metering.vee_world import (
    AT,
    ESTIMATED,
    MISSING,
    MONTH,
    OUTAGE,
    SHAPE,
    SUSPECT,
    day,
    deliver,
    hang_meter,
    prices,
    stored,
    validate,
    with_gap,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def point(tmp_path: Path, settings) -> UsagePoint:
    """A metered point, the shipped rules, an empty lake."""
    settings.LAKE_ROOT = tmp_path / "lake"
    metering_operations.load_vee_rules(at=AT)
    made = world.make_account(world.make_county(), "3101000001")
    hang_meter(made, installed_on=day(5), removed_on=day(13))
    return made


def read(serial: str, number: int, value: str, **facts: object) -> Row:
    """A register at the midnight with which a day of January begins."""
    told = {"serial": serial, "read_at": midnight(day(number)), "value": Decimal(value)}
    return told | facts


def keep(*readings: Row) -> Outcome:
    return metering_operations.store_register_readings(
        rows=readings, source="日冻结", by=SYSTEM_VIEWER, at=AT
    )


def switch_off(point: UsagePoint, off_at: dt.datetime, on_at: dt.datetime | None = None) -> Outcome:
    event = {"usage_point": point.number, "event": "power_off", "begins_at": off_at}
    return metering_operations.store_meter_events(
        rows=[event | {"ends_at": on_at}], by=SYSTEM_VIEWER, at=AT
    )


def found() -> list[tuple[str, int, list[list[int]], str]]:
    """(rule, day of January, intervals, state) of every finding."""
    rows = VeeFinding.objects.order_by("day", "id")
    return [(row.rule, row.day.day, row.intervals, row.state) for row in rows]


class TestEstimates:
    def test_are_newer_versions_and_the_original_stays_readable(self, point: UsagePoint) -> None:
        values, quality = with_gap(10, 13)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})

        check = validate()

        now, then = stored(point, 7), stored(point, 7, as_of=check.base_version)
        assert now["quality"][9:14] == [0, ESTIMATED, ESTIMATED, ESTIMATED, 0]
        assert now["source"] == "VEE"
        left, right = int(SHAPE[9]), int(SHAPE[13])
        assert now["active_wh"][10] == (2 * (left * 4 + right - left) + 4) // 8
        assert now["reactive_lag_varh"][10] == 3_000
        assert (then["active_wh"][10], then["quality"][10]) == (0, MISSING)

    def test_say_rule_method_versions_and_money(self, point: UsagePoint) -> None:
        values, quality = with_gap(10, 20)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})

        check = validate()

        row = VeeFinding.objects.get()
        energy = sum(stored(point, 7)["active_wh"][10:20])
        assert (row.rule, row.intervals) == ("missing", [[10, 20]])
        assert row.methods == [[10, 20, "similar_day"]]
        assert (row.judged_version, row.written_version) == (check.base_version, 2)
        assert row.energy_wh == energy
        assert row.stake_yuan == (Decimal(energy) / 2000).quantize(Decimal("0.01"))

    def test_bring_the_day_to_its_register_to_the_watt_hour(self, point: UsagePoint) -> None:
        values, quality = with_gap(10, 20)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})
        keep(read("M1", 7, "1000"), read("M1", 8, "1020.1234"))

        validate()

        assert sum(stored(point, 7)["active_wh"]) == 2_012_340  # 20.1234 kWh x 100
        assert VeeFinding.objects.get().methods == [[10, 20, "similar_day+register"]]

    def test_fill_a_day_on_which_a_meter_hung_and_nothing_came(self, point: UsagePoint) -> None:
        deliver(point, {n: SHAPE for n in range(5, 13) if n != 8})

        check = validate()

        assert check.days_checked == 8
        assert stored(point, 8)["active_wh"] == SHAPE.tolist()
        assert set(stored(point, 8)["quality"]) == {ESTIMATED}

    def test_leave_out_points_that_nobody_reads(self, point: UsagePoint) -> None:
        deliver(point, {5: SHAPE})
        unread = world.make_account(point.account.unit, "3101000002")
        hang_meter(unread, "M2", installed_on=day(1))

        check = validate()

        assert check.days_checked == 8
        assert not VeeFinding.objects.filter(usage_point=unread).exists()

    def test_are_not_made_up_without_anything_to_go_by(self, point: UsagePoint) -> None:
        values, quality = with_gap(10, 20)
        deliver(point, {5: values}, quality={5: quality})

        validate()

        assert stored(point, 5)["quality"][10:20] == [MISSING] * 10
        assert ("missing", 5, [[10, 20]], "open") in found()

    def test_replace_what_no_meter_can_have_counted(self, point: UsagePoint) -> None:
        values = SHAPE.copy()
        values[40] = 500_001  # 1,000 kVA x 0.25 h x 2 = 500 kWh
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values})

        validate()

        now = stored(point, 7)
        assert (now["quality"][40], now["active_wh"][40]) == (
            ESTIMATED,
            (int(SHAPE[39]) + int(SHAPE[41]) + 1) // 2,
        )
        assert (
            metering_queries.get_day_curve(SYSTEM_VIEWER, point, day(7)).delivered["active_wh"][40]
            == 500_001
        )

    def test_stop_at_a_gap_of_more_than_a_week(self, point: UsagePoint) -> None:
        lost, quality = with_gap(0, 96)
        MeterInstallation.objects.update(installed_on=day(1), removed_on=None)
        days = dict.fromkeys(range(1, 32), SHAPE) | dict.fromkeys(range(10, 18), lost)
        deliver(point, days, quality=dict.fromkeys(range(10, 18), quality))

        check = validate()

        assert {code for n in range(10, 18) for code in stored(point, n)["quality"]} == {MISSING}
        assert found() == [("missing", n, [[0, 96]], "open") for n in range(10, 18)]
        row = VeeFinding.objects.filter(day=day(10)).get()
        assert row.methods == [[0, 96, "withheld"]]
        # What it would have been filled with is what is at stake.
        assert row.energy_wh == int(SHAPE.sum())
        assert row.stake_yuan == (Decimal(row.energy_wh) / 2000).quantize(Decimal("0.01"))
        assert check.intervals_estimated == 0

    def test_fill_a_long_gap_where_the_registers_tell_its_days(self, point: UsagePoint) -> None:
        lost, quality = with_gap(0, 96)
        MeterInstallation.objects.update(installed_on=day(1), removed_on=None)
        days = dict.fromkeys(range(1, 32), SHAPE) | dict.fromkeys(range(10, 18), lost)
        deliver(point, days, quality=dict.fromkeys(range(10, 18), quality))
        keep(*(read("M1", n, str(1000 + 20 * n)) for n in range(10, 19)))

        validate()

        assert {sum(stored(point, n)["active_wh"]) for n in range(10, 18)} == {2_000_000}


class TestOutages:
    def test_are_noughts_and_facts_and_no_gap(self, point: UsagePoint) -> None:
        values, quality = with_gap(10, 14)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})
        off = midnight(day(7)) + dt.timedelta(minutes=150)
        switch_off(point, off, off + dt.timedelta(minutes=60))

        validate()

        now = stored(point, 7)
        assert now["quality"][9:15] == [0, OUTAGE, OUTAGE, OUTAGE, OUTAGE, 0]
        assert now["active_wh"][10:14] == [0, 0, 0, 0]
        assert found() == [("outage", 7, [[10, 14]], "settled")]


class TestSuspicion:
    def test_marks_and_keeps_the_value(self, point: UsagePoint) -> None:
        values = SHAPE.copy()
        values[10:50] = 7_000
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values})

        validate()

        now = stored(point, 7)
        assert (now["quality"][10], now["active_wh"][10]) == (SUSPECT, 7_000)

    @pytest.mark.parametrize(("value", "rule"), [(400_000, "capacity"), (120_000, "spike")])
    def test_of_a_high_value_that_a_plant_may_have_drawn_leaves_it_in_the_bill(
        self, point: UsagePoint, value: int, rule: str
    ) -> None:
        values = SHAPE.copy()
        values[40] = value
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values})

        check = validate()

        now = stored(point, 7)
        assert (now["quality"][40], now["active_wh"][40]) == (SUSPECT, value)
        assert found() == [(rule, 7, [[40, 41]], "open")]
        assert check.intervals_estimated == 0

    def test_of_the_register_changes_nothing(self, point: UsagePoint) -> None:
        deliver(point, dict.fromkeys(range(5, 13), SHAPE))
        keep(read("M1", 7, "1000"), read("M1", 8, "1010", clock_offset_s=400))

        validate()

        assert found() == [("register", 7, [[0, 96]], "open"), ("clock", 8, [[0, 96]], "open")]
        assert lake.current_version(metering_queries.lake_root()) == 1


class TestSecondCheck:
    def test_finds_the_same_and_writes_nothing(self, point: UsagePoint) -> None:
        values, quality = with_gap(10, 13)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})
        validate()
        version, before = lake.current_version(metering_queries.lake_root()), found()

        again = validate()

        assert (again.findings, again.intervals_estimated) == (0, 0)
        assert lake.current_version(metering_queries.lake_root()) == version
        assert found() == before == [("missing", 7, [[10, 13]], "open")]

    def test_settles_what_a_late_delivery_brought(self, point: UsagePoint) -> None:
        values, quality = with_gap(10, 13)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})
        validate()
        deliver(point, {7: SHAPE}, key="late")

        validate()

        assert stored(point, 7)["active_wh"] == SHAPE.tolist()
        assert found() == [("missing", 7, [[10, 13]], VeeState.SETTLED)]

    def test_leaves_a_person_s_decision_while_it_finds_the_same(self, point: UsagePoint) -> None:
        deliver(point, dict.fromkeys(range(5, 13), SHAPE))
        keep(read("M1", 7, "1000"), read("M1", 8, "1010"))
        validate()
        metering_operations.accept_findings(
            finding_ids=[VeeFinding.objects.get().pk],
            reason="冻结时刻不同",
            by=SYSTEM_VIEWER,
            at=AT,
        )

        validate()

        assert found() == [("register", 7, [[0, 96]], "accepted")]


class TestKill:
    """Between the lake's commit and the database's, at every batch."""

    def test_leaves_a_check_that_goes_on_to_the_same_end(
        self, point: UsagePoint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        values, quality = with_gap(10, 13)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})

        def stop(*_args: object, **_named: object) -> int:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(vee_operations, "keep_findings", stop)
            with pytest.raises(KeyboardInterrupt):
                validate()
        assert stored(point, 7)["quality"][10] == ESTIMATED
        assert (found(), LakeCommit.objects.count()) == ([], 1)
        assert CurveCheck.objects.get().state == CheckState.RUNNING

        vee.finish_checks_at(at=AT)

        assert found() == [("missing", 7, [[10, 13]], "open")]
        assert LakeCommit.objects.count() == 2
        assert lake.current_version(metering_queries.lake_root()) == 2
        assert CurveCheck.objects.get().state == CheckState.FINISHED

    def test_lets_no_estimate_undo_what_came_meanwhile(
        self, point: UsagePoint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        values, quality = with_gap(10, 13)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})
        judge = vee_operations.judge

        def slow(*args: object, **named: object) -> object:
            outcome = judge(*args, **named)
            deliver(point, {7: SHAPE}, key="meanwhile")
            return outcome

        monkeypatch.setattr(vee_operations, "judge", slow)
        validate()

        assert stored(point, 7)["active_wh"] == SHAPE.tolist()
        assert set(stored(point, 7)["quality"]) == {0}


class TestDaysThatNeverCame:
    def test_are_filled_by_night_after_late_deliveries_had_their_time(
        self, point: UsagePoint
    ) -> None:
        deliver(point, {n: SHAPE for n in range(5, 13) if n != 8})

        vee.finish_checks_at(at=midnight(day(11)))  # three days after the 8th
        assert found() == []
        said = vee.finish_checks_at(at=midnight(day(12)))
        vee.finish_checks_at(at=midnight(day(12)))

        assert "新发现 1 项，补值 96 点" in said
        assert found() == [("missing", 8, [[0, 96]], "open")]
        assert stored(point, 8)["active_wh"] == SHAPE.tolist()
        assert LakeCommit.objects.count() == 2

    def test_settle_when_they_come_after_all(self, point: UsagePoint) -> None:
        deliver(point, {n: SHAPE for n in range(5, 13) if n != 8})
        vee.finish_checks_at(at=midnight(day(12)))
        late = deliver(point, {8: SHAPE + 1}, key="late")

        vee.validate_commit_at(late.pk, at=AT)

        assert stored(point, 8)["active_wh"] == (SHAPE + 1).tolist()
        assert found() == [("missing", 8, [[0, 96]], "settled")]


class TestDelivery:
    def test_is_validated_by_its_journal_entry_and_alone(self, point: UsagePoint) -> None:
        values, quality = with_gap(10, 13)
        deliver(point, dict.fromkeys(range(5, 10), SHAPE), key="before")
        commit = deliver(point, {11: values}, quality={11: quality}, key="now")
        outbox.work_off()
        queued = [task.task["args"] for task in OrmQ.objects.all()]
        assert (commit.pk,) in queued

        said = vee.validate_commit_at(commit.pk, at=AT)
        again = vee.validate_commit_at(commit.pk, at=AT)

        assert said == again == "校验 1 条日曲线，新发现 1 项，补值 3 点"
        assert found() == [("missing", 11, [[10, 13]], "open")]
        assert Entry.objects.filter(event="metering.curves.estimated").count() == 1

    def test_names_its_points_and_days(self, point: UsagePoint) -> None:
        deliver(point, {5: SHAPE, 9: SHAPE})

        said = Entry.objects.get(event="metering.curves.appended").changes
        assert said["usage_point_ids"] == [point.pk]
        assert (said["first_day"], said["last_day"]) == ("2026-01-05", "2026-01-09")
        assert said["lake_version"] == 1


class TestChangedSince:
    def test_names_points_and_days_newer_than_a_version(self, point: UsagePoint) -> None:
        deliver(point, dict.fromkeys(range(5, 13), SHAPE))
        deliver(point, {6: SHAPE + 1, 7: SHAPE + 1}, key="second")
        deliver(point, {7: SHAPE + 2}, key="third")

        since = metering_queries.list_points_changed_since

        assert [(c.days, c.newest_version) for c in since(1, MONTH)] == [((day(6), day(7)), 3)]
        assert [c.days for c in since(2, MONTH)] == [(day(7),)]
        assert since(3, MONTH) == since(0, MONTH.next) == []
        assert since(0, MONTH, usage_point_ids=[point.pk + 1]) == []

    def test_says_the_same_after_compaction(self, point: UsagePoint) -> None:
        deliver(point, dict.fromkeys(range(5, 13), SHAPE))
        deliver(point, {6: SHAPE + 1}, key="second")

        lake.compact_month(metering_queries.lake_root(), MONTH)

        changed = metering_queries.list_points_changed_since(1, MONTH)
        assert [(c.days, c.newest_version) for c in changed] == [((day(6),), 2)]


class TestLateFacts:
    """What is known only after the curve was estimated."""

    def estimated(self, point: UsagePoint) -> None:
        values, quality = with_gap(10, 20)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})
        validate()

    def tell(self) -> list[str]:
        """Let the worker act on what the journal says of facts."""
        entries = Entry.objects.filter(event__in=vee.FACT_PREFIXES).order_by("id")
        return [vee.validate_facts_at(entry.pk, at=AT) for entry in entries]

    def test_of_an_outage_turn_its_estimates_to_nought(self, point: UsagePoint) -> None:
        self.estimated(point)
        off = midnight(day(7)) + dt.timedelta(minutes=150)
        switch_off(point, off, off + dt.timedelta(minutes=60))

        said = self.tell()

        assert said == ["校验 1 条日曲线，新发现 0 项，补值 0 点"]
        now = stored(point, 7)
        assert now["quality"][9:21] == [0, *[OUTAGE] * 4, *[ESTIMATED] * 6, 0]
        assert now["active_wh"][10:14] == [0] * 4
        assert ("outage", 7, [[10, 14]], "settled") in found()

    def test_of_an_outage_settle_a_gap_that_was_none(self, point: UsagePoint) -> None:
        self.estimated(point)
        off = midnight(day(7)) + dt.timedelta(minutes=150)
        switch_off(point, off, off + dt.timedelta(minutes=150))

        self.tell()

        assert found() == [
            ("missing", 7, [[10, 20]], "settled"),
            ("outage", 7, [[10, 20]], "settled"),
        ]

    def test_of_registers_give_estimates_their_sum_and_once(self, point: UsagePoint) -> None:
        self.estimated(point)
        keep(read("M1", 7, "1000"), read("M1", 8, "1020.1234"))

        self.tell()
        version = lake.current_version(metering_queries.lake_root())
        validate()

        assert sum(stored(point, 7)["active_wh"]) == 2_012_340
        assert VeeFinding.objects.get().methods == [[10, 20, "similar_day+register"]]
        assert lake.current_version(metering_queries.lake_root()) == version == 3

    def test_that_contradict_what_was_measured_leave_the_estimate(self, point: UsagePoint) -> None:
        self.estimated(point)
        before = stored(point, 7)
        keep(read("M1", 7, "1000"), read("M1", 8, "1010"))

        self.tell()

        assert stored(point, 7) == before
        assert ("register", 7, [[0, 96]], "open") in found()

    def test_never_touch_what_a_person_edited(self, point: UsagePoint) -> None:
        self.estimated(point)
        metering_operations.edit_curve(
            usage_point=point, day=day(7), values={"active_wh": dict.fromkeys(range(10, 20), 5)},
            seen_version=stored(point, 7)["version"], reason="现场记录", by=SYSTEM_VIEWER, at=AT,
        )  # fmt: skip
        before = stored(point, 7)
        off = midnight(day(7)) + dt.timedelta(minutes=150)
        switch_off(point, off, off + dt.timedelta(minutes=60))

        self.tell()

        assert stored(point, 7) == before

    def test_are_queued_by_their_journal_entry(self, point: UsagePoint) -> None:
        keep(read("M1", 7, "1000"))
        outbox.work_off()

        entry = Entry.objects.get(event="metering.registers.stored")
        assert ["busbar.jobs.vee.validate_facts", (entry.pk,)] in [
            [task.task["func"], task.task["args"]] for task in OrmQ.objects.all()
        ]


class TestRegisters:
    def test_of_an_unknown_meter_are_refused_and_the_others_kept(self, point: UsagePoint) -> None:
        outcome = keep(read("M1", 5, "1"), read("M9", 5, "1"))

        assert (outcome.created, [r.value for r in outcome.rejections]) == (1, ["M9"])
        entry = Entry.objects.get(event="metering.registers.stored")
        assert entry.changes == {
            "rows": 1,
            "usage_points": 1,
            "usage_point_ids": [point.pk],
            "first_day": "2026-01-04",
            "last_day": "2026-01-05",
        }

    def test_said_again_are_replaced_or_unchanged(self, point: UsagePoint) -> None:
        keep(read("M1", 5, "1"))

        assert keep(read("M1", 5, "1")).unchanged == 1
        assert keep(read("M1", 5, "2")).updated == 1
        assert RegisterReading.objects.get().value == 2
        assert Entry.objects.filter(event="metering.registers.stored").count() == 2


class TestCost:
    def test_grows_with_no_finding(
        self, point: UsagePoint, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        values, quality = with_gap(10, 13)
        deliver(
            point, dict.fromkeys(range(5, 13), values), quality=dict.fromkeys(range(5, 13), quality)
        )
        validate()
        assert VeeFinding.objects.count() == 8

        narrowed = metering_queries.VeeFilter()
        with django_assert_num_queries(1):
            page = metering_queries.list_vee_findings(SYSTEM_VIEWER, narrowed, size=3)
            assert [row.usage_point.account.customer.name for row in page.findings]
        after, seen = page.after, [row.pk for row in page.findings]
        while after:
            page = metering_queries.list_vee_findings(SYSTEM_VIEWER, narrowed, after=after, size=3)
            after, seen = page.after, [*seen, *(row.pk for row in page.findings)]
        assert len(seen) == len(set(seen)) == 8
        assert metering_queries.count_vee_findings(SYSTEM_VIEWER, narrowed)["missing"][0] == 8


def test_prices_handed_in_are_those_that_count(point: UsagePoint) -> None:
    values, quality = with_gap(10, 13)
    deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})
    validate()
    before = VeeFinding.objects.get().stake_yuan

    changed = metering_operations.restate_stakes(
        prices={k: 2 * v for k, v in prices([point.account_id]).items()}
    )

    row = VeeFinding.objects.get()
    assert changed == 1
    assert row.stake_yuan == (Decimal(row.energy_wh) / 1000).quantize(Decimal("0.01"))
    assert before < row.stake_yuan
