"""The rules of validation one by one, and what their order does."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from busbar.metering import models
from busbar.metering.lake import CHANNELS, Quality
from busbar.metering.vee import Days, Rule, Verdict, runs_of, validate
from busbar.metering.vee.days import UNKNOWN
from busbar.metering.vee.validation import DAY_CHECKS, INTERVAL_CHECKS

SEED = Path(models.__file__).with_name("seed") / "vee_rules.toml"


def shipped(*codes: str) -> list[Rule]:
    """The shipped rules in their order, or those named in the order of the names."""
    entries = tomllib.loads(SEED.read_text(encoding="utf-8"))["rule"]
    rules = {
        entry["code"]: Rule(
            entry["code"],
            entry["action"],
            {name: Decimal(text) for name, text in entry.get("figures", {}).items()},
        )
        for entry in sorted(entries, key=lambda entry: entry["order"])
    }
    return [rules[code] for code in codes] if codes else list(rules.values())


def wave() -> np.ndarray[Any, Any]:
    """A day between 10 and 30 kWh a quarter, no value twice in a row."""
    return (20_000 + 10_000 * np.sin(np.arange(96) / 8) + np.arange(96)).astype(np.int64)


def one_day(active: Any = None, **known: Any) -> Days:
    """A day of an account of 1,000 kVA (300 kWh a quarter at most); nothing else is known."""
    active = wave() if active is None else np.asarray(active, dtype=np.int64)
    lag = known.get("lag", np.full(96, 3_000, dtype=np.int64))
    return Days(
        values=dict(
            zip(CHANNELS, (active[None], lag[None], np.zeros((1, 96), np.int64)), strict=True)
        ),
        present=dict.fromkeys(CHANNELS, np.ones(1, dtype=bool)),
        quality=np.asarray(known.get("quality", [Quality.MEASURED] * 96), dtype=np.int8)[None],
        capacity_kva=np.array([known.get("capacity", 1000.0)]),
        register_wh=np.array([known.get("register", UNKNOWN)]),
        unit_wh=np.array([known.get("unit", 1000)]),
        ratios=(tuple(map(Decimal, known.get("ratios", (1,)))),),
        power_off=np.asarray(known.get("off", [False] * 96))[None],
        clock_offset_s=np.array([known.get("clock", np.nan)]),
        typical=lambda rows: [known.get("typical")] * len(rows),
    )


def told(verdict: Verdict) -> list[tuple[str, tuple[tuple[int, int], ...]]]:
    """(rule, ranges) of every hit."""
    return [(hit.rule, hit.ranges) for hit in verdict.hits]


def put(values: Any, **changes: int) -> Any:
    """A copy with `at12=7` put at place 12."""
    changed = np.array(values)
    for place, value in changes.items():
        changed[int(place[2:])] = value
    return changed


class TestRules:
    def test_ship_in_one_order_for_every_check_that_exists(self) -> None:
        codes = [rule.code for rule in shipped()]

        assert codes == list(models.VeeRuleCode.values)
        assert set(codes) == set(INTERVAL_CHECKS) | set(DAY_CHECKS)

    def test_say_nothing_of_an_ordinary_day(self) -> None:
        total = int(wave().sum())

        assert told(validate(one_day(register=total, clock=20.0), shipped())) == []

    def test_leave_alone_what_was_estimated_edited_or_is_known_to_be_off(self) -> None:
        codes = [Quality.ESTIMATED, Quality.EDITED, Quality.OUTAGE] * 32

        found = validate(one_day(np.full(96, 900_000), quality=codes), shipped("capacity", "stuck"))

        assert told(found) == []


class TestMissing:
    def test_names_every_gap(self) -> None:
        quality = put([0] * 96, at0=3, at5=3, at6=3, at95=3)

        found = validate(one_day(put(wave(), at0=0, at5=0, at6=0, at95=0), quality=quality),
                         shipped("missing"))  # fmt: skip

        assert told(found) == [("missing", ((0, 1), (5, 7), (95, 96)))]
        assert runs_of(found.quality["estimate"][0]) == ((0, 1), (5, 7), (95, 96))


class TestNegative:
    def test_is_found_in_the_channel_that_shows_it(self) -> None:
        found = validate(one_day(lag=put(np.full(96, 3000), at8=-4)), shipped("negative"))

        assert [(h.channel, h.ranges) for h in found.hits] == [("reactive_lag_varh", ((8, 9),))]


class TestCapacity:
    @pytest.mark.parametrize(("value", "hits"), [(300_000, 0), (300_001, 1)])
    def test_is_exceeded_above_1000_kva_x_a_quarter_hour_x_1_2(self, value: int, hits: int) -> None:
        found = validate(one_day(put(wave(), at40=value)), shipped("capacity"))

        assert len(found.hits) == hits

    def test_is_not_judged_where_none_is_known(self) -> None:
        found = validate(one_day(put(wave(), at40=9_000_000), capacity=np.nan), shipped("capacity"))

        assert told(found) == []


class TestCeiling:
    @pytest.mark.parametrize(("value", "hits"), [(500_000, 0), (500_001, 1)])
    def test_is_passed_above_1000_kva_x_a_quarter_hour_x_2(self, value: int, hits: int) -> None:
        found = validate(one_day(put(wave(), at40=value)), shipped("ceiling"))

        assert len(found.hits) == hits

    def test_alone_replaces_high_values(self) -> None:
        actions = {rule.code: rule.action for rule in shipped("ceiling", "capacity", "spike")}

        assert actions == {"ceiling": "estimate", "capacity": "suspect", "spike": "suspect"}


class TestSpike:
    def test_exceeds_2_8_times_the_third_highest_value(self) -> None:
        third = 100_000
        day = put(np.full(96, 50_000), at1=third, at2=third, at3=third)

        assert told(validate(one_day(put(day, at9=280_000)), shipped("spike"))) == []
        found = validate(one_day(put(day, at9=280_001)), shipped("spike"))
        assert told(found) == [("spike", ((9, 10),))]

    def test_is_no_matter_below_a_tenth_of_the_capacity(self) -> None:
        day = put(np.full(96, 100), at9=25_000)

        assert told(validate(one_day(day), shipped("spike"))) == []
        assert told(validate(one_day(put(day, at9=25_001)), shipped("spike"))) != []


class TestStuck:
    def test_is_eight_hours_of_one_value_marked_and_kept(self) -> None:
        short, long = wave(), wave()
        short[10:41] = 7_000
        long[10:42] = 7_000

        assert told(validate(one_day(short), shipped("stuck"))) == []
        found = validate(one_day(long), shipped("stuck"))
        assert told(found) == [("stuck", ((10, 42),))]
        assert found.quality["suspect"][0].sum() == 32
        assert not found.quality["estimate"].any()

    def test_at_nought_counts_only_where_similar_days_were_not(self) -> None:
        day = wave()
        day[:40] = 0
        shut, works = np.zeros(96, np.int64), wave()

        assert told(validate(one_day(day, typical=shut), shipped("stuck"))) == []
        assert told(validate(one_day(day), shipped("stuck"))) == []
        found = validate(one_day(day, typical=works), shipped("stuck"))
        assert told(found) == [("stuck", ((0, 40),))]
        assert found.hits[0].energy_wh == int(works[:40].sum())


class TestPowerFactor:
    def test_of_the_day_below_0_3_is_reported(self) -> None:
        active = np.full(96, 3_000)
        lawful, low = np.full(96, 9_539), np.full(96, 9_541)  # cos phi 0.30001, 0.29996

        def told_of(lag: Any) -> Verdict:
            return validate(one_day(active, lag=lag, capacity=100.0), shipped("power_factor"))

        assert told(told_of(lawful)) == []
        found = told_of(low)
        assert [(h.rule, h.action, h.energy_wh) for h in found.hits] == [
            ("power_factor", "report", 288_000)
        ]

    def test_is_not_asked_of_a_day_on_which_the_works_stood_still(self) -> None:
        # 48 kVA of mean load on 1,000 kVA: a transformer and its capacitors, as on a holiday.
        still = one_day(np.full(96, 3_500), lag=np.full(96, 11_500))
        wrong = one_day(np.full(96, 7_000), lag=np.full(96, 24_000))

        assert told(validate(still, shipped("power_factor"))) == []
        assert told(validate(wrong, shipped("power_factor"))) == [("power_factor", ((0, 96),))]

    def test_is_asked_of_the_intervals_that_are_known(self) -> None:
        quality = [Quality.MISSING] * 90 + [Quality.MEASURED] * 6
        active = np.where(np.arange(96) < 90, 0, 3_000)

        found = validate(one_day(active, quality=quality), shipped("power_factor"))

        assert told(found) == []


class TestClock:
    @pytest.mark.parametrize(("seconds", "hits"), [(300, 0), (-301, 1), (301, 1)])
    def test_may_be_five_minutes_off(self, seconds: int, hits: int) -> None:
        assert len(validate(one_day(clock=float(seconds)), shipped("clock")).hits) == hits


class TestRegister:
    @pytest.mark.parametrize(("difference", "told_wh"), [(24_000, []), (24_001, [24_001])])
    def test_may_differ_by_1_percent(self, difference: int, told_wh: list[int]) -> None:
        day = np.full(96, 25_000) + np.arange(96) - 48  # 2 399 952 Wh
        register = 2_400_000

        found = validate(
            one_day(put(day, at0=int(day[0]) + 48 + difference), register=register),
            shipped("register"),
        )

        assert [hit.energy_wh for hit in found.hits] == told_wh

    def test_or_by_two_ratios_where_that_is_more(self) -> None:
        day, unit = np.full(96, 1_000), 6_000_000

        within = one_day(day, register=96_000 + 12_000_000, unit=unit)
        beyond = one_day(day, register=96_001 + 12_000_000, unit=unit)

        assert told(validate(within, shipped("register"))) == []
        assert [h.energy_wh for h in validate(beyond, shipped("register")).hits] == [12_000_001]

    def test_does_not_speak_of_a_day_that_is_to_be_estimated_by_it(self) -> None:
        quality = put([0] * 96, at3=3)
        day = put(wave(), at3=0)

        less = one_day(day, quality=quality, register=int(day.sum()) + 900_000)
        more = one_day(day, quality=quality, register=int(day.sum()) // 2)

        assert told(validate(less, shipped("missing", "register")))[1:] == []
        assert told(validate(more, shipped("missing", "register")))[1:] == [
            ("register", ((0, 96),))
        ]


class TestRatio:
    def test_is_named_when_the_curve_was_multiplied_with_another_of_the_point(self) -> None:
        register = 2_400_000  # 24 kWh x 100
        wrong = np.full(96, 20_000)  # as if x 80

        found = validate(one_day(wrong, register=register, ratios=(100, 80)), shipped("ratio"))

        assert [(h.rule, h.energy_wh) for h in found.hits] == [("ratio", 480_000)]

    @pytest.mark.parametrize("each", [250, 2_500_000])
    def test_is_named_when_not_multiplied_or_twice(self, each: int) -> None:
        found = validate(
            one_day(np.full(96, each), register=2_400_000, ratios=(100,)), shipped("ratio")
        )

        assert [h.rule for h in found.hits] == ["ratio"]

    def test_is_not_guessed_from_any_difference(self) -> None:
        day = np.full(96, 17_300)

        found = validate(one_day(day, register=2_400_000, ratios=(100, 80)), shipped("ratio"))

        assert told(found) == []


class TestOrder:
    """The order is data: these say what another one would do."""

    def test_outage_before_missing_keeps_energy_from_being_invented(self) -> None:
        quality, off = put([0] * 96, at20=3, at21=3), put([False] * 96, at20=1, at21=1)
        day = one_day(put(wave(), at20=0, at21=0), quality=quality, off=off.astype(bool))

        right = validate(day, shipped("outage", "missing"))
        turned = validate(day, shipped("missing", "outage"))

        assert told(right) == [("outage", ((20, 22),))]
        assert not right.quality["estimate"].any()
        assert told(turned) == [("missing", ((20, 22),))]
        assert turned.quality["estimate"].sum() == 2

    def test_outage_before_stuck_keeps_a_fact_from_being_suspect(self) -> None:
        off = np.arange(96) < 40
        day = one_day(np.where(off, 0, wave()), off=off, typical=wave())

        assert told(validate(day, shipped("outage", "stuck"))) == [("outage", ((0, 40),))]
        assert told(validate(day, shipped("stuck", "outage"))) == [
            ("stuck", ((0, 40),)),
        ]

    def test_capacity_before_spike_finds_the_spike_that_hides_behind_it(self) -> None:
        base = np.full(96, 50_000)
        day = one_day(put(base, at1=900_000, at2=900_001, at3=290_000))

        right = validate(day, shipped("capacity", "spike"))
        turned = validate(day, shipped("spike", "capacity"))

        assert told(right) == [("capacity", ((1, 3),)), ("spike", ((3, 4),))]
        assert told(turned) == [("spike", ((1, 3),))]

    def test_ratio_before_register_says_which_ratio_and_not_only_how_much(self) -> None:
        day = one_day(np.full(96, 20_000), register=2_400_000, ratios=(100, 80))

        assert [h.rule for h in validate(day, shipped("ratio", "register")).hits] == ["ratio"]
        assert [h.rule for h in validate(day, shipped("register", "ratio")).hits] == ["register"]
