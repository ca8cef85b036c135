"""A process's page: where it stands, why its dates, whose time it was, what is said in it."""

from __future__ import annotations

import datetime as dt

from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock
from busbar.clocks.subjects import Subject
from busbar.console.workflow.clock_page import months_of
from busbar.journal.operations import SYSTEM
from busbar.notifications.models import Message
from busbar.workflow.models import InstanceState, ProcessComment
from tests.console.work_region import count_queries
from tests.console.workflow.conftest import AT, Desk, now

HTMX = {"HX-Request": "true"}


class TestProcessPage:
    def test_tells_in_words_what_the_diagram_shows(self, desk: Desk) -> None:
        process = desk.start()
        desk.survey(process)

        page = desk.client("赵审").get(f"/work/processes/{process.pk}/")

        states = {step.element: step.state for step in page.context["steps"]}
        assert states == {
            "survey": "done",
            "approve": "current",
            "inform": "current",
            "close": "to-come",
        }

    def test_marks_the_diagram_s_elements_as_done_current_and_late(self, desk: Desk) -> None:
        process = desk.start(at=now() - dt.timedelta(days=30))

        client = desk.client("赵审")
        first = client.get(f"/work/processes/{process.pk}/diagram/").json()
        desk.survey(process)
        then = client.get(f"/work/processes/{process.pk}/diagram/?marks").json()

        assert first["marks"] == {"start": "done", "survey": "late"}
        assert "bpmndi:BPMNShape" in first["xml"]
        assert then["marks"]["survey"] == "done"
        assert then["marks"]["approve"] == "current"
        assert then["revision"] > first["revision"]
        assert "xml" not in then

    def test_does_not_exist_for_a_neighbor(self, desk: Desk) -> None:
        process, client = desk.start(), desk.client("邻县")

        for part in ("", "diagram/"):
            assert client.get(f"/work/processes/{process.pk}/{part}").status_code == 404
        for part in ("comment/", "cancel/"):
            assert client.post(f"/work/processes/{process.pk}/{part}").status_code == 404

    def test_splits_the_elapsed_time_without_remainder(self, desk: Desk) -> None:
        process = desk.start(at=now() - dt.timedelta(days=3, minutes=7))
        desk.survey(process)

        shares = desk.client("赵审").get(f"/work/processes/{process.pk}/").context["shares"]

        assert sum(part.minutes for part in shares.parts) == shares.minutes
        assert sum(part.tenths for part in shares.parts) == 1000
        assert shares.minutes >= 3 * 24 * 60 + 7
        assert shares.is_final is False

    def test_costs_the_same_queries_for_one_task_and_for_many(self, desk: Desk) -> None:
        from tests.console.workflow.test_work_list import _multiply

        process = desk.start()
        client, address = desk.client("赵审"), f"/work/processes/{process.pk}/"
        few = count_queries(client, address)

        _multiply(desk.task(process), 30)

        assert count_queries(client, address) == few


class TestCancel:
    def test_is_for_those_who_supervise_with_the_reason(self, desk: Desk) -> None:
        process = desk.start()
        address = f"/work/processes/{process.pk}/cancel/"

        refused = desk.client("李勘").post(address, {"reason": "重复"})
        desk.client("赵审").post(address, {"reason": ""})
        process.refresh_from_db()
        assert (refused.status_code, process.state) == (403, InstanceState.RUNNING)

        desk.client("赵审").post(address, {"reason": "重复"})
        process.refresh_from_db()
        assert (process.state, process.end_reason) == (InstanceState.CANCELLED, "重复")


class TestComment:
    def test_reaches_whom_it_mentions(self, desk: Desk) -> None:
        process, person = desk.start(), desk.people["赵审"]

        desk.client("李勘").post(
            f"/work/processes/{process.pk}/comment/",
            {"text": "请先看照片 <b>", "colleague": f"{person.number} 赵审"},
        )

        assert ProcessComment.objects.get().text == "@赵审 请先看照片 <b>"
        message = Message.objects.get(kind="workflow.process.mentioned")
        assert message.employee_id == person.pk
        text = desk.client("赵审").get(f"/work/processes/{process.pk}/").content.decode()
        assert '<b class="mention">@赵审</b> 请先看照片 &lt;b&gt;' in text

    def test_to_nobody_known_is_not_written(self, desk: Desk) -> None:
        process = desk.start()

        answer = desk.client("李勘").post(
            f"/work/processes/{process.pk}/comment/",
            {"text": "请看", "colleague": "查无此人"},
            follow=True,
        )

        assert "没有找到同事" in answer.content.decode()
        assert not ProcessComment.objects.exists()

    def test_is_not_for_the_regulator(self, desk: Desk) -> None:
        process = desk.start()

        answer = desk.client("监管").post(f"/work/processes/{process.pk}/comment/", {"text": "x"})

        assert (answer.status_code, ProcessComment.objects.count()) == (403, 0)


class TestWhy:
    def test_explains_every_day_in_a_drawer_and_on_a_page(self, desk: Desk) -> None:
        desk.start(at=dt.datetime(2026, 2, 12, 2, tzinfo=dt.UTC))
        clock = Clock.objects.get()
        client = desk.client("李勘")

        part = client.get(f"/clocks/{clock.pk}/why/", headers=HTMX).content.decode()
        page = client.get(f"/clocks/{clock.pk}/why/").content.decode()

        assert "2026-02-14" in part
        assert "起算当日不计入" in part
        assert "调休上班" in part
        assert "<html" not in part
        assert "<html" in page
        assert desk.client("邻县").get(f"/clocks/{clock.pk}/why/").status_code == 404

    def test_lays_the_days_on_weeks_of_their_months(self, desk: Desk) -> None:
        # 2026-02-12 is a Thursday; 2026-02-14 a Saturday worked in exchange.
        desk.start(at=dt.datetime(2026, 2, 12, 2, tzinfo=dt.UTC))
        found = clocks_queries.explain_clock(Clock.objects.get())

        (month,) = months_of(found, today=dt.date(2026, 2, 13))

        (week,) = month.weeks
        drawn = [None if cell is None else (cell.kind, cell.number) for cell in week]
        assert drawn == [
            None,
            None,
            None,
            ("workday", None),
            ("counted", 1),
            ("make_up", 2),
            None,
        ]
        assert [cell.is_due for cell in week if cell] == [False, False, True]

    def test_shows_a_pause_with_its_reason_and_evidence(self, desk: Desk) -> None:
        subject = Subject(type="test.visit", id=1, label="事项", unit_id=desk.county.pk)
        clock = clocks_operations.start_clock(
            code="scheme-reply-single", subject=subject, actor=SYSTEM, at=AT
        )
        reason = clock.limit.pause_reasons.order_by("pk")[0]
        clocks_operations.pause_clock(
            clock_id=clock.pk, reason=reason.code, evidence="补正通知 7 号", actor=SYSTEM, at=AT
        )

        text = desk.client("李勘").get(f"/clocks/{clock.pk}/why/").content.decode()

        assert reason.name in text
        assert "补正通知 7 号" in text
        assert "day-paused" in text
