"""What a stop does to the capacity charge."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from busbar.connections.changes.charges import capacity_effect
from busbar.kit.periods import Period

DAY = dt.timedelta(days=1)


def effect(start: dt.date, end: dt.date, *, divisor: str, min_days: int | None = 15):
    return capacity_effect(
        stay=Period(start, end),
        kva=1000,
        price_yuan=Decimal(23),
        divisor=divisor,
        min_days=min_days,
        citation="第25条",
    )


class TestCapacityEffect:
    """Days charged and days free."""

    def test_divides_by_thirty_under_the_rules_of_1996(self) -> None:
        found = effect(dt.date(2015, 3, 11), dt.date(2015, 4, 1), divisor="30")

        (march,) = found.months
        assert (march.charged_days, march.divisor) == (10, 30)
        assert march.charged_yuan == Decimal("7666.67")
        assert found.saved_yuan == Decimal("15333.33")

    def test_divides_by_the_calendar_days_under_the_rules_of_2024(self) -> None:
        found = effect(dt.date(2025, 3, 11), dt.date(2025, 4, 1), divisor="calendar_month")

        (march,) = found.months
        assert (march.charged_days, march.divisor) == (10, 31)
        assert march.charged_yuan == Decimal("7419.35")
        assert found.saved_yuan == Decimal("15580.65")

    def test_charges_the_day_of_unsealing(self) -> None:
        found = effect(dt.date(2025, 3, 31), dt.date(2025, 4, 16), divisor="calendar_month")

        assert [month.charged_days for month in found.months] == [30, 15]

    def test_frees_a_whole_month_wholly(self) -> None:
        found = effect(dt.date(2025, 2, 1), dt.date(2025, 3, 1), divisor="30")

        assert found.saved_yuan == Decimal("23000.00")

    def test_saves_nothing_when_the_stay_is_a_day_short(self) -> None:
        found = effect(dt.date(2025, 3, 1), dt.date(2025, 3, 15), divisor="calendar_month")

        assert found.saved_yuan == 0
        assert found.because == "实际 14 天，不足 15 天，容（需）量电费照收（第25条）"

    @given(
        start=st.dates(dt.date(2024, 6, 1), dt.date(2027, 1, 1)),
        days=st.integers(15, 700),
    )
    def test_agrees_with_counting_day_by_day(self, start: dt.date, days: int) -> None:
        found = effect(start, start + days * DAY, divisor="calendar_month")

        expected = Decimal(0)
        for month in found.months:
            inside = [month.month.first + n * DAY for n in range(month.month.days)]
            charged = sum(not start <= day < start + days * DAY for day in inside)
            share = (Decimal(23000) * charged / len(inside)).quantize(
                Decimal("0.01"), "ROUND_HALF_UP"
            )
            expected += Decimal(23000) - share
        assert found.saved_yuan == expected
