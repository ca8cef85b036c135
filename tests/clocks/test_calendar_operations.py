"""Keeping the calendar: load, edit, upload; read back through the queries."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import CalendarDay
from busbar.clocks.operations import CalendarRow
from busbar.journal.models import Entry

AT = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
KEEPER = Viewer(1, 1, "省管理员", "000", frozenset(Permission))
COUNTY = Viewer(2, 2, "县管理员", "000000000", frozenset(Permission))
CLERK = Viewer(3, 3, "核算员", "000", frozenset({Permission.RUN_BILLS}))

pytestmark = pytest.mark.django_db


def upload(
    *rows: tuple[str, str, str], announce: tuple[int, ...] = (), by: Viewer = KEEPER
) -> clocks_operations.Upload:
    """Upload the rows; the first is line 2 of the file."""
    numbered = [CalendarRow(n, *row) for n, row in enumerate(rows, start=2)]
    return clocks_operations.upload_calendar(
        rows=numbered, source="国办发明电〔2026〕7号", announce=announce, by=by, at=AT
    )


def kind_of(date: str) -> tuple[str, str, bool] | None:
    """The stored day, or None."""
    day = clocks_queries.get_day(dt.date.fromisoformat(date))
    return (day.kind, day.name, day.is_provisional) if day else None


class TestLoadAnnouncedYears:
    """The published years in the table."""

    def test_every_day_of_23_years_arrives(self) -> None:
        loaded = clocks_operations.load_announced_years(at=AT)
        assert loaded == clocks_operations.Loaded(created=8401, updated=0, unchanged=0)
        assert CalendarDay.objects.count() == 8401
        assert kind_of("2025-09-28") == ("make_up", "国庆节", False)
        assert kind_of("2026-02-23") == ("holiday", "春节", False)
        assert clocks_queries.list_years() == [(y, False) for y in range(2004, 2027)]

    def test_a_second_load_changes_nothing(self) -> None:
        clocks_operations.load_announced_years(at=AT)
        again = clocks_operations.load_announced_years(at=AT)
        assert again == clocks_operations.Loaded(created=0, updated=0, unchanged=8401)
        assert Entry.objects.filter(event="clocks.calendar.loaded").count() == 1

    def test_an_edited_day_stays(self) -> None:
        clocks_operations.load_announced_years(at=AT)
        clocks_operations.edit_day(
            date=dt.date(2026, 8, 10), kind="holiday", name="台风停工", by=KEEPER, at=AT,
            reason="省政府通告",
        )  # fmt: skip
        again = clocks_operations.load_announced_years(at=AT)
        assert (again.updated, again.kept) == (0, 1)
        assert kind_of("2026-08-10") == ("holiday", "台风停工", False)

    def test_provisional_days_give_way(self) -> None:
        CalendarDay.objects.create(
            date=dt.date(2025, 9, 28), kind="weekend", source="推算", is_provisional=True
        )
        assert clocks_operations.load_announced_years(at=AT).updated == 1
        assert kind_of("2025-09-28") == ("make_up", "国庆节", False)


class TestLoadProvisionalYear:
    """A year before its announcement."""

    def test_the_year_is_written_and_marked(self) -> None:
        loaded = clocks_operations.load_provisional_year(year=2027, at=AT)
        assert loaded.created == 365
        assert kind_of("2027-10-01") == ("holiday", "国庆节", True)
        assert clocks_queries.list_years() == [(2027, True)]
        assert not CalendarDay.objects.filter(kind="make_up").exists()

    def test_an_announced_year_is_refused(self) -> None:
        with pytest.raises(clocks_operations.UnableToLoadYear, match="2026 年的放假安排已公布"):
            clocks_operations.load_provisional_year(year=2026, at=AT)
        assert not CalendarDay.objects.exists()

    def test_a_year_somebody_announced_is_refused(self) -> None:
        upload(("2027-01-01", "法定节假日", "元旦"), announce=(2027,))
        with pytest.raises(clocks_operations.UnableToLoadYear, match="管理员录入"):
            clocks_operations.load_provisional_year(year=2027, at=AT)

    def test_a_day_somebody_edited_stays(self) -> None:
        clocks_operations.load_provisional_year(year=2027, at=AT)
        clocks_operations.edit_day(
            date=dt.date(2027, 1, 4), kind="holiday", name="元旦", by=KEEPER, at=AT, reason="预告"
        )
        again = clocks_operations.load_provisional_year(year=2027, at=AT)
        assert (again.created, again.updated, again.kept) == (0, 0, 1)
        assert kind_of("2027-01-04") == ("holiday", "元旦", False)


class TestEditDay:
    """One day by hand."""

    def edit(self, date: str, kind: str, name: str = "", by: Viewer = KEEPER) -> CalendarDay:
        """Edit with a reason."""
        return clocks_operations.edit_day(
            date=dt.date.fromisoformat(date), kind=kind, name=name, by=by, at=AT, reason="通告"
        )

    def test_the_change_is_journaled_with_its_reason(self) -> None:
        self.edit("2026-08-10", "holiday", "台风停工")
        entry = Entry.objects.get()
        assert (entry.event, entry.subject_label, entry.actor_name, entry.reason) == (
            "clocks.day.edited",
            "2026-08-10",
            "省管理员",
            "通告",
        )
        assert entry.changes == {"kind": [None, "holiday"], "name": [None, "台风停工"]}

    @pytest.mark.parametrize(
        ("date", "kind", "name", "sentence"),
        [
            ("2026-08-08", "workday", "", "2026-08-08 是周六，上班应填“调休上班”"),
            ("2026-08-10", "make_up", "春节", "2026-08-10 是周一，本为工作日"),
            ("2026-08-10", "weekend", "", "2026-08-10 是周一，放假应填“法定节假日”"),
            ("2026-08-10", "holiday", " ", "法定节假日须写明节日名称"),
            ("2026-08-10", "feast", "", "性质须为工作日、周末、法定节假日、调休上班之一"),
            ("2026-08-10", "holiday", "长" * 51, "名称最长 50 个字"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, date: str, kind: str, name: str, sentence: str
    ) -> None:
        with pytest.raises(clocks_operations.DayRefused, match=sentence):
            self.edit(date, kind, name)
        assert not CalendarDay.objects.exists()
        assert not Entry.objects.exists()

    def test_no_change_is_refused(self) -> None:
        self.edit("2026-08-10", "holiday", "台风停工")
        with pytest.raises(clocks_operations.UnableToEditDay, match="没有变化"):
            self.edit("2026-08-10", "holiday", "台风停工")

    def test_no_reason_is_refused(self) -> None:
        with pytest.raises(clocks_operations.UnableToEditDay, match="须写明原因"):
            clocks_operations.edit_day(
                date=dt.date(2026, 8, 10), kind="holiday", name="台风", by=KEEPER, at=AT, reason=" "
            )

    @pytest.mark.parametrize(
        ("by", "sentence"), [(COUNTY, "只能由省公司"), (CLERK, "没有“系统管理”的权限")]
    )
    def test_only_the_top_administrator_edits(self, by: Viewer, sentence: str) -> None:
        with pytest.raises(NotPermitted, match=sentence):
            self.edit("2026-08-10", "holiday", "台风停工", by=by)
        assert not CalendarDay.objects.exists()


class TestUploadCalendar:
    """The days of a notice."""

    def test_announcing_a_year_leaves_nothing_provisional(self) -> None:
        clocks_operations.load_provisional_year(year=2027, at=AT)
        result = upload(
            ("2027-01-01", "法定节假日", "元旦"),
            ("2027年2月5日", "放假", "春节"),
            ("2027/2/14", "上班", "春节"),
            announce=(2027,),
        )
        assert result.announced_years == (2027,)
        assert result.refusals == ()
        assert clocks_queries.has_announced_year(2027)
        assert kind_of("2027-02-14") == ("make_up", "春节", False)
        assert kind_of("2027-10-01") == ("workday", "", False)
        assert Entry.objects.order_by("-id")[0].event == "clocks.calendar.year_announced"

    def test_good_rows_are_kept_and_bad_ones_come_back(self) -> None:
        result = upload(
            ("2027-01-01", "法定节假日", "元旦"),
            ("2027-02-30", "法定节假日", "春节"),
            ("2027-02-06", "工作日", ""),
            ("2027-02-08", "法定节假日", ""),
            ("2027/1/1", "法定节假日", "元旦"),
            ("元旦", "法定节假日", "元旦"),
        )
        assert [str(refusal) for refusal in result.refusals] == [
            "第 3 行“日期”列的值“2027-02-30”：应为日期，如 2027-10-01",
            "第 4 行“性质”列的值“工作日”：2027-02-06 是周六，上班应填“调休上班”",
            "第 5 行“名称”列的值“”：法定节假日须写明节日名称",
            "第 6 行“日期”列的值“2027/1/1”：同一日期只能出现一次",
            "第 7 行“日期”列的值“元旦”：应为日期，如 2027-10-01",
        ]
        assert list(CalendarDay.objects.values_list("date", "name")) == [
            (dt.date(2027, 1, 1), "元旦")
        ]

    def test_a_refused_row_withholds_the_announcement(self) -> None:
        clocks_operations.load_provisional_year(year=2027, at=AT)
        result = upload(
            ("2027-01-01", "法定节假日", "元旦"),
            ("2027-02-31", "法定节假日", "春节"),
            announce=(2027,),
        )
        assert result.announced_years == ()
        assert kind_of("2027-01-01") == ("holiday", "元旦", False)
        assert kind_of("2027-02-06") == ("holiday", "春节", True)

    def test_the_same_upload_twice_changes_nothing(self) -> None:
        rows = ("2027-01-01", "法定节假日", "元旦")
        assert upload(rows, announce=(2027,)).created == 365
        again = upload(rows, announce=(2027,))
        assert (again.created, again.updated, again.unchanged) == (0, 0, 365)
        assert Entry.objects.count() == 1

    def test_an_announcement_without_a_holiday_of_the_year_is_refused(self) -> None:
        with pytest.raises(clocks_operations.UnableToUploadCalendar, match="没有 2028 年的节假日"):
            upload(("2027-01-01", "法定节假日", "元旦"), announce=(2028,))
        assert not CalendarDay.objects.exists()

    def test_an_upload_without_a_good_row_is_refused_with_its_first_fault(self) -> None:
        with pytest.raises(
            clocks_operations.UnableToUploadCalendar, match="第一处：第 2 行“日期”列的值“x”"
        ):
            upload(("x", "y", "z"))

    def test_a_county_does_not_upload(self) -> None:
        with pytest.raises(NotPermitted):
            upload(("2027-01-01", "法定节假日", "元旦"), by=COUNTY)
        assert not CalendarDay.objects.exists()


class TestQueries:
    """Counting on what the table holds."""

    def test_an_edited_day_moves_the_end(self) -> None:
        clocks_operations.load_announced_years(at=AT)
        before = clocks_queries.add_working_days(start=dt.date(2026, 8, 7), count=1)
        clocks_operations.edit_day(
            date=dt.date(2026, 8, 10), kind="holiday", name="台风停工", by=SYSTEM_VIEWER, at=AT,
            reason="通告",
        )  # fmt: skip
        after = clocks_queries.add_working_days(start=dt.date(2026, 8, 7), count=1)
        assert (before.end, after.end) == (dt.date(2026, 8, 10), dt.date(2026, 8, 11))
        assert after.days[-2].reason == "周一，台风停工放假，不计入"

    def test_an_empty_table_answers_as_announced_and_is_not_written(
        self, django_assert_num_queries
    ) -> None:
        with django_assert_num_queries(1):
            count = clocks_queries.add_working_days(start=dt.date(2025, 9, 26), count=2)
        # With the make-up Sunday: 28 and 29 September.
        assert (count.end, count.provisional) == (dt.date(2025, 9, 29), False)
        assert not CalendarDay.objects.exists()

    def test_announcing_makes_a_provisional_end_firm(self) -> None:
        clocks_operations.load_announced_years(at=AT)
        start = dt.date(2026, 12, 31)
        assert clocks_queries.add_working_days(start=start, count=1).provisional
        upload(("2027-01-01", "放假", "元旦"), ("2027-01-02", "上班", "元旦"), announce=(2027,))
        count = clocks_queries.add_working_days(start=start, count=1)
        assert (count.end, count.provisional) == (dt.date(2027, 1, 2), False)

    def test_a_stretch_of_holidays_longer_than_expected_is_read_on(self) -> None:
        days = [dt.date(2026, 3, 1) + dt.timedelta(days=n) for n in range(200)]
        CalendarDay.objects.bulk_create(
            CalendarDay(date=day, kind="holiday", name="停工", source="测试") for day in days
        )
        count = clocks_queries.add_working_days(start=days[0], count=1)
        assert count.end == dt.date(2026, 9, 17)

    def test_counting_reads_up_to_and_with_the_end(self) -> None:
        clocks_operations.load_announced_years(at=AT)
        count = clocks_queries.count_working_days(
            start=dt.date(2025, 9, 30), end=dt.date(2025, 10, 11)
        )
        assert (count.count, count.days[-1].date) == (3, dt.date(2025, 10, 11))

    def test_list_days_fills_what_the_table_lacks(self) -> None:
        upload(("2027-01-01", "放假", "元旦"))
        days = clocks_queries.list_days(dt.date(2027, 1, 1), dt.date(2027, 1, 3))
        assert [(day.kind, day.is_provisional) for _, day in days] == [
            ("holiday", False),
            ("weekend", True),
        ]
