"""Validity to the day: a year or three months, ten calendar days' notice, one validity more."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.clocks.models import Clock
from busbar.connections import operations as connections_operations
from busbar.connections.models import ConnectionApplication, SchemeExtension, SupplyScheme
from busbar.connections.operations import UnableToExtendScheme
from busbar.kit.periods import CHINA
from busbar.notifications import operations as notifications_operations
from busbar.notifications.models import Message
from tests.connections.scheme.world import World, at, events


def fresh(scheme: SupplyScheme) -> SupplyScheme:
    return SupplyScheme.objects.get(pk=scheme.pk)


def ask(world: World, scheme: SupplyScheme, day: str, until: str = "") -> SchemeExtension:
    return connections_operations.request_extension(
        scheme_id=scheme.pk,
        reason="厂房未完工",
        until=dt.date.fromisoformat(until) if until else None,
        by=world.officer,
        at=at(day, 23),
    )


def grant(world: World, extension: SchemeExtension, day: str) -> SchemeExtension:
    return connections_operations.grant_extension(
        extension_id=extension.pk, remark="同意", by=world.manager, at=at(day)
    )


def validity_clock(world: World) -> Clock:
    return Clock.objects.get(subject_id=world.application.pk, code__startswith="scheme-validity")


class TestValidity:
    def test_high_voltage_holds_a_year_from_the_reply(self, world: World) -> None:
        scheme = world.replied("2025-03-10")
        assert scheme.valid_from == dt.date(2025, 3, 10)
        assert scheme.valid_until == dt.date(2026, 3, 11)
        assert validity_clock(world).code == "scheme-validity-hv"

    def test_low_voltage_holds_three_months(self, world: World) -> None:
        ConnectionApplication.objects.update(supply_kind="low_voltage")
        world.application.refresh_from_db()
        assert world.replied("2025-03-10").valid_until == dt.date(2025, 6, 11)

    @pytest.mark.parametrize(
        ("replied", "last_on"),
        [("2025-11-30", "2026-02-28"), ("2027-11-30", "2028-02-29"), ("2025-12-31", "2026-03-31")],
    )
    def test_three_months_end_with_a_month_that_has_no_such_day(
        self, world: World, replied: str, last_on: str
    ) -> None:
        ConnectionApplication.objects.update(
            supply_kind="low_voltage", accepted_at=at("2025-03-03")
        )
        world.application.refresh_from_db()
        scheme = world.replied(replied)
        assert scheme.valid_until == dt.date.fromisoformat(last_on) + dt.timedelta(days=1)
        assert validity_clock(world).due_at.astimezone(CHINA).date().isoformat() == last_on

    def test_from_the_leap_day_it_ends_on_the_28th(self, world: World) -> None:
        ConnectionApplication.objects.update(
            accepted_at=at("2024-02-01"), submitted_at=at("2024-02-01")
        )
        scheme = world.replied("2028-02-29")
        assert scheme.valid_until == dt.date(2029, 3, 1)


class TestRequestExtension:
    @pytest.mark.parametrize(
        ("day", "state"),
        [("2026-02-28", "requested"), ("2026-03-01", "refused"), ("2026-03-10", "refused")],
    )
    def test_the_tenth_day_before_the_end_is_in_time_the_ninth_is_not(
        self, world: World, day: str, state: str
    ) -> None:
        scheme = world.replied("2025-03-10")
        extension = ask(world, scheme, day)
        assert extension.state == state
        assert extension.last_request_on == dt.date(2026, 2, 28)
        assert fresh(scheme).valid_until == dt.date(2026, 3, 11)

    @pytest.mark.parametrize(
        ("day", "state"), [("2028-02-29", "requested"), ("2028-03-01", "refused")]
    )
    def test_in_a_leap_year_the_29th_of_february_counts(
        self, world: World, day: str, state: str
    ) -> None:
        # Ten days before 10 March 2028 is 29 February.
        assert ask(world, world.replied("2027-03-10"), day).state == state

    @pytest.mark.parametrize(
        ("day", "state"), [("2025-10-02", "requested"), ("2025-10-03", "refused")]
    )
    def test_holidays_neither_lengthen_nor_shorten_it(
        self, world: World, day: str, state: str
    ) -> None:
        # The notice falls into the National Day holidays of 2025 (1 to 8 October).
        ConnectionApplication.objects.update(supply_kind="low_voltage")
        world.application.refresh_from_db()
        scheme = world.replied("2025-07-12")
        assert scheme.valid_until == dt.date(2025, 10, 13)
        assert ask(world, scheme, day).state == state

    def test_a_late_request_is_kept_with_the_clause(self, world: World) -> None:
        extension = ask(world, world.replied("2025-03-10"), "2026-03-01")
        assert "不少于 10 天" in extension.clause
        assert "2026-02-28" in extension.answer
        assert events()[-1] == "connections.scheme.extension_refused"

    def test_more_than_one_validity_is_refused(self, world: World) -> None:
        scheme = world.replied("2025-03-10")
        assert ask(world, scheme, "2026-01-05", "2027-03-11").state == "refused"
        assert ask(world, scheme, "2026-01-05", "2027-03-10").state == "requested"

    def test_a_second_request_waits_for_the_first(self, world: World) -> None:
        scheme = world.replied("2025-03-10")
        ask(world, scheme, "2026-01-05")
        with pytest.raises(UnableToExtendScheme, match="待答复"):
            ask(world, scheme, "2026-01-06")
        assert scheme.extensions.count() == 1


class TestGrantExtension:
    def test_scheme_and_clock_run_on(self, world: World) -> None:
        scheme = world.replied("2025-03-10")
        grant(world, ask(world, scheme, "2026-02-28"), "2026-03-02")
        assert fresh(scheme).valid_until == dt.date(2027, 3, 11)
        assert fresh(scheme).first_valid_until == dt.date(2026, 3, 11)
        assert validity_clock(world).extended_until == dt.date(2027, 3, 10)

    def test_in_parts_it_adds_up_to_one_validity_and_no_more(self, world: World) -> None:
        scheme = world.replied("2025-03-10")
        grant(world, ask(world, scheme, "2026-01-05", "2026-09-10"), "2026-01-06")
        second = ask(world, scheme, "2026-08-31", "2027-03-11")
        assert second.state == "refused"
        grant(world, ask(world, scheme, "2026-08-31", "2027-03-10"), "2026-09-01")
        third = ask(world, scheme, "2027-01-04")
        assert (third.state, fresh(scheme).valid_until) == ("refused", dt.date(2027, 3, 11))

    def test_a_refused_one_cannot_be_granted(self, world: World) -> None:
        scheme = world.replied("2025-03-10")
        late = ask(world, scheme, "2026-03-01")
        with pytest.raises(UnableToExtendScheme):
            grant(world, late, "2026-03-02")
        assert fresh(scheme).valid_until == dt.date(2026, 3, 11)


class TestLapseSchemes:
    def test_on_its_last_day_it_holds_and_the_day_after_it_lapses(self, world: World) -> None:
        scheme = world.replied("2025-03-10")
        assert connections_operations.lapse_schemes(at=at("2026-03-10", 23)) == []
        assert connections_operations.lapse_schemes(at=at("2026-03-11", 0)) == [scheme]
        assert fresh(scheme).state == "lapsed"
        assert world.fresh().state == "lapsed"
        assert world.fresh().ended_clause
        assert validity_clock(world).state == "cancelled"

    def test_the_customer_is_told_once(self, world: World) -> None:
        notifications_operations.load_shipped_words(at=at("2025-01-02"))
        world.replied("2025-03-10")
        connections_operations.lapse_schemes(at=at("2026-03-11"))
        message = Message.objects.get(kind="connections.scheme.lapsed")
        assert message.address == "13800000000"
        assert "2026-03-10" in message.body

    def test_twice_is_once(self, world: World) -> None:
        world.replied("2025-03-10")
        connections_operations.lapse_schemes(at=at("2026-06-01"))
        before = events()
        assert connections_operations.lapse_schemes(at=at("2026-06-02")) == []
        assert events() == before

    def test_works_begun_keep_it(self, world: World) -> None:
        scheme = world.replied("2025-03-10")
        SupplyScheme.objects.filter(pk=scheme.pk).update(state="started")
        assert connections_operations.lapse_schemes(at=at("2026-06-01")) == []

    def test_a_request_in_time_holds_it_until_decided(self, world: World) -> None:
        scheme = world.replied("2025-03-10")
        extension = ask(world, scheme, "2026-02-28")
        assert connections_operations.lapse_schemes(at=at("2026-03-20")) == []
        connections_operations.refuse_extension(
            extension_id=extension.pk,
            reason="电源已另作安排",
            clause="供电营业规则 第21条",
            by=world.manager,
            at=at("2026-03-20"),
        )
        assert connections_operations.lapse_schemes(at=at("2026-03-21")) == [scheme]
