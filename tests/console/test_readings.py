"""Validation on the screens: the work list, accepting, the day's page with editing, the rules."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from django.conf import settings

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.customers.models import Customer
from busbar.jobs.vee import prices_at
from busbar.kit.periods import Month
from busbar.metering import operations as metering_operations
from busbar.metering.lake import read_curves
from busbar.metering.models import (
    ClockCheck,
    Meter,
    MeterInstallation,
    PowerOffEvent,
    RegisterReading,
    VeeFinding,
    VeeRule,
)
from busbar.supply.models import UsagePoint
from tests.console.region import AT, Region, store_day
from tests.console.work_region import count_queries

DAY = dt.date(2026, 10, 15)
SHAPE = (200_000 + 40_000 * np.sin(np.arange(96) / 8) + np.arange(96)).astype(np.int64).tolist()
PAGE = "/usage-points/UP1/days/2026-10-15/"


@pytest.fixture(autouse=True)
def _own_lake(lake: None, db: None) -> None:
    """Every test here reads and writes its own lake, with the shipped rules."""
    metering_operations.load_vee_rules(at=AT)


def gap(customer: Customer, start: int, end: int, day: dt.date = DAY) -> None:
    """A day with missing intervals beside ordinary ones of the weeks around."""
    values, quality = SHAPE.copy(), [0] * 96
    values[start:end] = [0] * (end - start)
    quality[start:end] = [3] * (end - start)
    store_day(customer, day, values, quality=quality)
    for week in (-7, 7):
        beside = day + dt.timedelta(days=week)
        store_day(customer, beside, SHAPE, key=f"{customer.number}-{day}-{week}")


def validate() -> None:
    metering_operations.validate_month(
        month=Month(2026, 10), prices=prices_at(AT), by=SYSTEM_VIEWER, at=AT
    )


def engineer(region: Region):
    """A metering engineer of the north county, signed in."""
    return region.client(region.hire("metering", region.north, Role.METERING_ENGINEER))


def stored() -> dict[str, list[int]]:
    point = UsagePoint.objects.get(number="UP1")
    end = DAY + dt.timedelta(days=1)
    return read_curves(settings.LAKE_ROOT, [point.pk], DAY, end).to_pylist()[0]


class TestWorkList:
    def test_ranks_by_money_and_shows_only_the_branch(self, region: Region) -> None:
        for number, quarters, amount in (("1", 2, "90000.00"), ("2", 8, "10000.00")):
            customer = region.customer(number)
            region.bill(customer, amount=amount)
            gap(customer, 10, 10 + quarters)
        gap(region.customer("9", unit=region.south), 10, 60)
        validate()

        page = region.client().get("/readings/")

        shown = [line.row.usage_point.number for line in page.context["lines"]]
        assert shown == ["UP1", "UP2"]  # 0.90 yuan for 2 quarters, 0.10 for 8
        stakes = [line.row.stake_yuan for line in page.context["lines"]]
        assert stakes == sorted(stakes, reverse=True)
        assert "UP9" not in page.content.decode()
        [(rule, count, yuan)] = page.context["rules"]
        assert (rule.value, count, yuan) == ("missing", 2, sum(stakes))

    def test_is_narrowed_by_rule_state_unit_and_month(self, region: Region) -> None:
        gap(region.customer("1"), 10, 12)
        validate()
        client = region.client()

        def shown(query: str) -> int:
            return len(client.get(f"/readings/?{query}").context["lines"])

        assert [shown(q) for q in ("rule=missing", "rule=spike", "state=all", "state=edited")] == [
            1, 0, 1, 0,
        ]  # fmt: skip
        assert [shown(q) for q in ("unit=N", "month=2026-10", "month=2026-09", "month=x")] == [
            1, 1, 0, 1,
        ]  # fmt: skip
        last = f"after=0.00_{VeeFinding.objects.get().pk}"
        assert [shown(q) for q in ("after=zzz", "after=1e9_1", last)] == [1, 1, 0]

    def test_asks_nobody_about_noughts_that_an_outage_explains(self, region: Region) -> None:
        values = SHAPE.copy()
        values[8:16] = [0] * 8
        store_day(region.customer("1"), DAY, values)
        PowerOffEvent.objects.create(
            usage_point=UsagePoint.objects.get(number="UP1"),
            off_at=dt.datetime(2026, 10, 14, 18, tzinfo=dt.UTC),
            on_at=dt.datetime(2026, 10, 14, 20, tzinfo=dt.UTC),
            source="电表",
        )
        validate()
        VeeFinding.objects.filter(rule="outage").update(state="open")  # as it was once kept
        values[20] += 1
        store_day(Customer.objects.get(), DAY, values, key="again")
        validate()

        found = VeeFinding.objects.get(rule="outage")
        assert (found.state, found.intervals, found.stake_yuan) == ("settled", [[8, 16]], 0)
        assert stored()["quality"][8:16] == [5] * 8
        assert region.client().get("/readings/?rule=outage").context["lines"] == []

    def test_takes_no_more_queries_for_more_findings(self, region: Region) -> None:
        gap(region.customer("1"), 10, 12)
        validate()
        client = region.client()
        few = count_queries(client, "/readings/")
        for number in ("2", "3", "4"):
            gap(region.customer(number), 10, 12)
        validate()

        assert VeeFinding.objects.count() == 4
        assert count_queries(client, "/readings/") == few

    def test_accepts_what_was_chosen_with_a_reason(self, region: Region) -> None:
        gap(region.customer("1"), 10, 12)
        validate()
        row = VeeFinding.objects.get()
        asked = {"finding": [row.pk, "x"], "reason": "与现场一致"}

        assert region.client().post("/readings/accept/", asked).status_code == 403
        answer = engineer(region).post("/readings/accept/?rule=missing", asked)

        assert answer["Location"] == "/readings/?rule=missing"
        row.refresh_from_db()
        assert (row.state, row.reason, row.decided_by) == ("accepted", "与现场一致", "metering先生")


class TestDay:
    def test_shows_now_beside_as_delivered(self, region: Region) -> None:
        gap(region.customer("1"), 10, 12)
        validate()

        page = region.client().get(PAGE)

        rows = page.context["rows"]
        assert (rows[10]["delivered"], rows[10]["quality"]) == (None, "估算")
        assert rows[10]["now"] == Decimal(stored()["active_wh"][10]) / 1000
        assert rows[9]["now"] == rows[9]["delivered"] == Decimal(SHAPE[9]) / 1000
        assert [line.methods for line in page.context["lines"]] == [["线性插补"]]
        assert page.context["form"] is None

    def test_shows_what_was_told_beside_the_curve(self, region: Region) -> None:
        store_day(region.customer("1"), DAY, [0] * 96)
        point = UsagePoint.objects.get(number="UP1")
        midnight = dt.datetime(2026, 10, 14, 16, tzinfo=dt.UTC)
        meter = Meter.objects.create(serial="M1")
        MeterInstallation.objects.create(
            usage_point=point, meter=meter, installed_on=DAY, ct_ratio=10, pt_ratio=1
        )
        for hours, value in ((0, "100"), (24, "148.5")):
            RegisterReading.objects.create(
                meter=meter,
                read_at=midnight + dt.timedelta(hours=hours),
                value=value,
                source="冻结",
            )
        ClockCheck.objects.create(meter=meter, checked_at=midnight, offset_s=95, source="巡检")
        PowerOffEvent.objects.create(
            usage_point=point,
            off_at=midnight,
            on_at=midnight + dt.timedelta(hours=2),
            source="电表",
        )

        told = region.client().get(PAGE).context["told"]

        assert [(row.value, channel) for row, channel in told["registers"]] == [
            (100, "正向有功"),
            (Decimal("148.5"), "正向有功"),
        ]
        assert (told["register_kwh"], told["curve_kwh"]) == (485, 0)
        assert [row.offset_s for row in told["clock_checks"]] == [95]
        assert [row.source for row in told["power_off"]] == ["电表"]

    def test_of_which_nothing_was_told_shows_no_empty_card(self, region: Region) -> None:
        store_day(region.customer("1"), DAY, SHAPE)

        assert region.client().get(PAGE).context["told"] is None

    def test_of_another_county_or_no_day_is_not_there(self, region: Region) -> None:
        region.customer("9", unit=region.south)
        region.customer("1")
        client = region.client()

        assert client.get("/usage-points/UP9/days/2026-10-15/").status_code == 404
        assert client.get("/usage-points/UP1/days/2026-13-15/").status_code == 404
        assert client.get("/usage-points/UP1/days/2026-10-14/").status_code == 200

    def test_is_edited_by_pasting_a_column_a_dash_keeps(self, region: Region) -> None:
        store_day(region.customer("1"), DAY, SHAPE)
        asked = {
            "channel": "active_wh",
            "start": "94",
            "values": "1.25\r\n-\r\n",
            "reason": "补抄",
            "version": "1",
        }

        answer = engineer(region).post(PAGE, asked)

        assert answer.status_code == 302
        assert stored()["active_wh"][93:] == [SHAPE[93], 1_250, SHAPE[95]]
        assert stored()["quality"][93:] == [0, 2, 0]

    @pytest.mark.parametrize(
        ("facts", "said"),
        [
            ({"values": "1\n2\n3"}, "只有 2 个时段，给出了 3 个数值"),
            ({"values": "abc"}, "不是数字"),
            ({"values": "1.2345"}, "精确到 0.001"),
            ({"values": "-5"}, "0 与 2147483647"),
            ({"values": "-\n-"}, "没有要修正的数值"),
            ({"version": "0"}, "已有更新的版本"),
            ({"reason": ""}, "必填"),
            ({"start": "96"}, "96"),
        ],
    )
    def test_refuses_with_the_sentence_and_changes_nothing(
        self, region: Region, facts: dict[str, str], said: str
    ) -> None:
        store_day(region.customer("1"), DAY, SHAPE)
        asked = {"channel": "active_wh", "start": "94", "values": "1", "reason": "补抄",
                 "version": "1"} | facts  # fmt: skip

        answer = engineer(region).post(PAGE, asked)

        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert stored()["active_wh"] == SHAPE

    def test_is_edited_by_nobody_else(self, region: Region) -> None:
        store_day(region.customer("1"), DAY, SHAPE)
        asked = {"channel": "active_wh", "start": "0", "values": "1", "reason": "x", "version": "1"}

        assert region.client().post(PAGE, asked).status_code == 403
        assert stored()["active_wh"] == SHAPE


class TestRules:
    def test_are_shown_in_order_to_everybody_and_changed_by_few(self, region: Region) -> None:
        page = region.client().get("/readings/rules/")

        assert [rule.code for rule, _figures in page.context["rules"]][:2] == ["outage", "missing"]
        assert "未核实" in page.content.decode()
        assert region.client().get("/readings/rules/spike/").status_code == 403

    def test_are_amended_and_moved_by_one_form(self, region: Region) -> None:
        asked = {
            "excess": "2.0",
            "capacity_share": "0.1",
            "action": "estimate",
            "position": "4",
            "is_active": "on",
            "reason": "本地经验",
        }

        answer = engineer(region).post("/readings/rules/spike/", asked)

        assert answer.status_code == 302
        rules = list(VeeRule.objects.order_by("order"))
        assert [rule.code for rule in rules][3:5] == ["spike", "ceiling"]
        assert (rules[3].figures["excess"], rules[3].action) == ("2.0", "estimate")

    def test_unchanged_or_impossible_answer_with_the_form(self, region: Region) -> None:
        client = engineer(region)
        same = {"factor": "1.2", "action": "suspect", "position": "5", "is_active": "on",
                "reason": "x"}  # fmt: skip

        assert "没有任何改动" in client.post("/readings/rules/capacity/", same).content.decode()
        wrong = client.post("/readings/rules/capacity/", same | {"factor": "many"})
        assert (wrong.status_code, VeeRule.objects.get(code="capacity").certainty) == (
            422, "unverified",
        )  # fmt: skip
        assert client.get("/readings/rules/nothing/").status_code == 404
