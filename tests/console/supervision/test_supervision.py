"""督办: exact figures on a made-up set, who may look, what may be taken away."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.test import Client

from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import ClockAlert
from busbar.clocks.queries import oversight
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM
from busbar.kit.periods import Period
from busbar.workflow.models import ProcessInstance, SupervisionFinding
from busbar.workflow.queries import delays
from tests.console.supervision.conftest import client_of
from tests.console.work_region import count_queries
from tests.workflow.conftest import AT, Company, complete, start, subject

pytestmark = pytest.mark.django_db

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
MARCH = "?since=2026-03-01&until=2026-03-31"
STEPS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def countersigned(company: Company, number: int, after: dt.timedelta) -> ProcessInstance:
    """A process whose dispatch department answered so long after it was asked (two days lawful)."""
    instance = start(company, "supply", number)
    surveyed = {"supply_kind": "single", "capacity_kva": "400"}
    complete(instance, "survey", company.people["甲"], surveyed)
    complete(instance, "scheme", company.people["甲"], {"summary": "一回路"}, at=AT + HOUR)
    complete(
        instance, "dispatch", company.people["调度"], {"outcome": "agreed"}, at=AT + HOUR + after
    )
    return instance


def errand(company: Company, number: int, *, late: bool) -> ProcessInstance:
    """A process finished after a week; where `late`, two working days were lawful."""
    instance = start(company, "errand", number)
    about = subject(company, number)
    if late:
        clock = clocks_operations.start_clock(
            code="countersign", subject=about, actor=SYSTEM, at=AT
        )
    for step in STEPS:
        complete(instance, step, company.people["客服"], {"word": "好"}, at=AT + 7 * DAY)
    if late:
        clocks_operations.stop_clock(clock_id=clock.pk, actor=SYSTEM, at=AT + 7 * DAY)
    instance.refresh_from_db()
    return instance


class TestWhoMay:
    @pytest.mark.parametrize("page", ["", "rates/", "delays/", "clocks/"])
    @pytest.mark.parametrize(
        ("name", "status"),
        [("县长", 200), ("管理员", 200), ("监管", 200), ("甲", 403), ("客服", 403)],
    )
    def test_managers_administrators_and_the_regulator_read(
        self, loaded: Company, page: str, name: str, status: int
    ) -> None:
        assert client_of(loaded, name).get(f"/supervision/{page}").status_code == status

    @pytest.mark.parametrize("page", ["", "rates/", "delays/"])
    def test_the_regulator_takes_nothing_away(self, loaded: Company, page: str) -> None:
        regulator, before = client_of(loaded, "监管"), Entry.objects.count()

        assert regulator.post(f"/supervision/{page}export/").status_code == 403
        assert Entry.objects.count() == before
        assert not regulator.get(f"/supervision/{page}").context["may_export"]


class TestFindings:
    def test_a_late_answer_is_found_with_its_process(
        self, loaded: Company, manager: Client
    ) -> None:
        countersigned(loaded, 1, HOUR)
        late = countersigned(loaded, 2, 8 * DAY)

        response = manager.get(f"/supervision/{MARCH}")
        assert [f.instance_id for f in response.context["findings"]] == [late.pk]
        assert dict(response.context["kinds"])["late"] == 1
        assert f"/work/processes/{late.pk}/" in response.content.decode()

    def test_filters_narrow_and_the_counts_stay_of_all_kinds(
        self, loaded: Company, manager: Client
    ) -> None:
        countersigned(loaded, 2, 8 * DAY)

        for narrowed in ("&kind=skipped", "&unit=A", "&process=errand", "&person=甲"):
            assert manager.get(f"/supervision/{MARCH}{narrowed}").context["findings"] == []
        for narrowed in ("&kind=late", "&process=supply", "&person=调度"):
            found = manager.get(f"/supervision/{MARCH}{narrowed}").context["findings"]
            assert len(found) == 1, narrowed
        assert manager.get(f"/supervision/{MARCH}&kind=skipped").context["total"] == 1
        april = manager.get("/supervision/?since=2026-04-01&until=2026-04-30")
        assert april.context["findings"] == []

    def test_of_another_branch_are_not_seen(self, loaded: Company) -> None:
        countersigned(loaded, 2, 8 * DAY)
        loaded.hire("乙县长", "B", "manager")

        assert client_of(loaded, "乙县长").get(f"/supervision/{MARCH}").context["total"] == 0

    @pytest.mark.parametrize("key", ["x", "2026-03-02_1", "_", "2026-03-02T00:00:00+08:00_x"])
    def test_a_damaged_page_key_begins_at_the_beginning(self, manager: Client, key: str) -> None:
        assert manager.get("/supervision/", {"before": key}).status_code == 200

    def test_take_as_many_queries_for_one_as_for_five(
        self, loaded: Company, manager: Client
    ) -> None:
        countersigned(loaded, 1, 8 * DAY)
        one = count_queries(manager, f"/supervision/{MARCH}")
        for number in range(2, 6):
            countersigned(loaded, number, 8 * DAY)

        assert count_queries(manager, f"/supervision/{MARCH}") == one
        assert manager.get(f"/supervision/{MARCH}").context["total"] == 5

    def test_export_is_journaled_and_harmless_in_a_spreadsheet(
        self, loaded: Company, manager: Client
    ) -> None:
        countersigned(loaded, 2, 8 * DAY)
        SupervisionFinding.objects.update(note="=HYPERLINK(1)")

        csv = manager.post(f"/supervision/export/{MARCH}&format=csv").content.decode("utf-8-sig")
        assert "'=HYPERLINK(1)" in csv
        book = manager.post(f"/supervision/export/{MARCH}&format=xlsx").content
        rows = list(openpyxl.load_workbook(io.BytesIO(book)).active.values)
        assert rows[1][1:5] == ("超期", "供电方案（测试）", "事项2", "调度会签")
        exported = Entry.objects.filter(event="console.table.exported")
        assert [entry.changes["rows"] for entry in exported] == [1, 1]


class TestRates:
    @pytest.fixture
    def answered(self, loaded: Company) -> Company:
        """Three in time, one late."""
        for number, after in enumerate((HOUR, 2 * HOUR, DAY, 8 * DAY), start=1):
            countersigned(loaded, number, after)
        return loaded

    @pytest.mark.parametrize(
        ("group", "label"),
        [
            ("step", "调度会签"),
            ("person", "调度"),
            ("department", "CD调度中心"),
            ("process", "供电方案（测试）"),
            ("period", "2026-03"),
        ],
    )
    def test_are_exact_by(self, answered: Company, group: str, label: str) -> None:
        boss = client_of(answered, "管理员")
        lines = boss.get(f"/supervision/rates/{MARCH}&by={group}").context["lines"]

        (line,) = lines
        assert (line.rate.due, line.rate.on_time, line.rate.late) == (4, 3, 1)
        assert line.percent == "75.0"
        assert line.label[:2] == label[:2]

    def test_small_counts_are_said(self, answered: Company, manager: Client) -> None:
        text = manager.get(f"/supervision/rates/{MARCH}").content.decode()

        assert "只有 4 项到期，参考意义有限" in text
        assert "不足 10 项，样本少" in text

    def test_without_any_promise_the_page_says_so(self, manager: Client) -> None:
        assert "没有到期的任务" in manager.get("/supervision/rates/").content.decode()

    def test_export_has_the_table(self, answered: Company, manager: Client) -> None:
        csv = manager.post(f"/supervision/rates/export/{MARCH}").content.decode("utf-8-sig")
        assert csv.splitlines() == ["步骤,到期,按期,未按期,按期率 %", "调度会签,4,3,1,75.0"]

    def test_take_as_many_queries_for_four_as_for_six(
        self, answered: Company, manager: Client
    ) -> None:
        four = count_queries(manager, f"/supervision/rates/{MARCH}")
        countersigned(answered, 5, HOUR)
        countersigned(answered, 6, HOUR)
        assert count_queries(manager, f"/supervision/rates/{MARCH}") == four


class TestDelays:
    OVERDUE = dt.timedelta(days=4, hours=9)
    """From the close of Wednesday 4 March to Monday 9 March, nine in the morning."""

    def test_are_attributed_exactly(self, loaded: Company, manager: Client) -> None:
        late = errand(loaded, 1, late=True)
        errand(loaded, 2, late=False)

        context = manager.get(f"/supervision/delays/{MARCH}").context
        (line,) = context["lines"]
        assert line.row.key == "2026-03"
        assert (line.row.processes, line.row.whole) == (2, self.OVERDUE)
        assert (context["late"], context["overdue"]) == (1, "4.4")
        assert [one.instance.pk for one, _days, _who in context["worst"]] == [late.pk]

    def test_the_parties_add_up_to_the_whole(self, loaded: Company, manager: Client) -> None:
        errand(loaded, 1, late=True)

        lines = manager.get(f"/supervision/delays/{MARCH}&measure=elapsed").context
        assert sum((p.row.elapsed for p in lines["parties"]), dt.timedelta()) == 7 * DAY
        assert sum((p.row.overdue for p in lines["parties"]), dt.timedelta()) == self.OVERDUE
        assert lines["lines"][0].row.whole == 7 * DAY

    def test_say_the_same_as_the_process_s_own_attribution(self, loaded: Company) -> None:
        errand(loaded, 1, late=True)

        key = ("test.matter", 1)
        assert oversight.attribute_many([key])[key] == clocks_queries.attribute(*key)

    def test_leave_out_what_still_has_a_clock_and_say_so(
        self, loaded: Company, manager: Client
    ) -> None:
        errand(loaded, 1, late=False)
        clocks_operations.start_clock(
            code="refund", subject=subject(loaded), actor=SYSTEM, at=AT + 7 * DAY
        )
        response = manager.get(f"/supervision/delays/{MARCH}")

        assert response.context["found"].unattributed == 1
        assert "另有 1 件还有计时未完" in response.content.decode()

    def test_of_another_branch_are_not_seen(self, loaded: Company) -> None:
        errand(loaded, 1, late=True)
        period = Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1))

        seen = delays.list_finished(loaded.people["邻县"], period=period)
        assert seen.processes == []

    def test_take_as_many_queries_for_one_as_for_four(
        self, loaded: Company, manager: Client
    ) -> None:
        errand(loaded, 1, late=True)
        one = count_queries(manager, f"/supervision/delays/{MARCH}")
        for number in (2, 3, 4):
            errand(loaded, number, late=True)
        assert count_queries(manager, f"/supervision/delays/{MARCH}") == one

    def test_export_says_whose(self, loaded: Company, manager: Client) -> None:
        errand(loaded, 1, late=True)
        csv = manager.post(f"/supervision/delays/export/{MARCH}").content.decode("utf-8-sig")
        assert csv.splitlines()[1].endswith(",168.0,105.0")


class TestClocks:
    def clock(self, company: Company, number: int, code: str = "countersign") -> int:
        """A clock that started on that Monday."""
        about = subject(company, number)
        return clocks_operations.start_clock(code=code, subject=about, actor=SYSTEM, at=AT).pk

    def test_late_and_paused_ones_are_told_apart(self, loaded: Company, manager: Client) -> None:
        self.clock(loaded, 1)
        paused = self.clock(loaded, 2, "scheme-reply-single")
        clocks_operations.pause_clock(
            clock_id=paused,
            reason="customer-documents",
            evidence="告知书 1 号",
            actor=SYSTEM,
            at=AT + DAY,
        )
        counts = oversight.count_open_clocks(loaded.people["县长"], at=AT + 30 * DAY)

        assert (counts.late, counts.running, counts.paused) == (1, 0, 1)
        page = manager.get("/supervision/clocks/?standing=paused")
        assert [line.clock.pk for line in page.context["lines"]] == [paused]

    def test_are_read_on_by_key(self, loaded: Company) -> None:
        for number in range(1, 4):
            self.clock(loaded, number)
        viewer = loaded.people["县长"]
        first = oversight.list_open_clocks(viewer, at=AT, limit=2)
        rest = oversight.list_open_clocks(
            viewer, at=AT, after=(first[-1].due_at, first[-1].pk), limit=2
        )
        assert len({clock.pk for clock in (*first, *rest)}) == 3

    def test_escalations_that_were_raised_are_shown(self, loaded: Company, manager: Client) -> None:
        self.clock(loaded, 1)
        clocks_operations.climb_ladders(at=AT + 10 * DAY)
        overdue = ClockAlert.objects.filter(rung__moment="overdue").count()

        assert overdue > 0
        shown = manager.get("/supervision/clocks/").context["alerts"]
        assert len(shown) == overdue
        every = manager.get("/supervision/clocks/?alerts=all").context["alerts"]
        assert len(every) == ClockAlert.objects.count()

    def test_take_as_many_queries_for_one_as_for_four(
        self, loaded: Company, manager: Client
    ) -> None:
        self.clock(loaded, 1)
        clocks_operations.climb_ladders(at=AT + 10 * DAY)
        one = count_queries(manager, "/supervision/clocks/")
        for number in (2, 3, 4):
            self.clock(loaded, number)
        clocks_operations.climb_ladders(at=AT + 10 * DAY)
        assert count_queries(manager, "/supervision/clocks/") == one

    @pytest.mark.parametrize("key", ["x", "2026-03-02T00:00:00_1", "_", "2026_x"])
    def test_a_damaged_page_key_begins_at_the_beginning(self, manager: Client, key: str) -> None:
        assert manager.get("/supervision/clocks/", {"after": key}).status_code == 200
