"""Due chips and minutes in words."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.console.workflow.due import DueWords
from busbar.kit.periods import CHINA

MONDAY = dt.datetime(2026, 3, 2, 10, tzinfo=CHINA)


def end_of(day: dt.date) -> dt.datetime:
    """The last second of a day, as clocks of days end."""
    return dt.datetime.combine(day, dt.time(23, 59, 59), CHINA)


class TestDueWords:
    @pytest.mark.parametrize(
        ("day", "words", "tone"),
        [
            (dt.date(2026, 3, 2), "今日到期", "warn"),
            (dt.date(2026, 3, 4), "剩 2 个工作日", "warn"),
            (dt.date(2026, 3, 9), "剩 5 个工作日", ""),
            (dt.date(2026, 2, 27), "超期 2 个工作日", "bad"),
            # That Saturday was worked in exchange, the Sunday was free.
            (dt.date(2026, 2, 28), "超期 1 个工作日", "bad"),
            (dt.date(2036, 3, 3), "2036-03-03 到期", ""),
        ],
    )
    def test_count_working_days_to_the_due_day_and_past_it(
        self, ground: None, day: dt.date, words: str, tone: str
    ) -> None:
        due = end_of(day)

        said = DueWords([due], at=MONDAY).of(due)

        assert (said.words, said.tone) == (words, tone)

    def test_says_so_where_there_is_no_limit(self, ground: None) -> None:
        assert DueWords([None], at=MONDAY).of(None).words == "无时限"
