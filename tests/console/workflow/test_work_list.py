"""The work list: whose tasks, how urgent, claimed in place, the same queries however many."""

from __future__ import annotations

import datetime as dt

from busbar.journal.models import Entry
from busbar.workflow import operations
from busbar.workflow.models import TaskState, UserTask
from tests.console.work_region import count_queries
from tests.console.workflow.conftest import Desk, now

DAY = dt.timedelta(days=1)
HTMX = {"HX-Request": "true"}


class TestWorkList:
    def test_shows_what_a_person_owns_or_may_claim_and_nothing_to_a_neighbor(
        self, desk: Desk
    ) -> None:
        desk.start(1)

        assert "勘察事项 001" in desk.client("李勘").get("/work/").content.decode()
        assert "勘察事项 001" not in desk.client("孙客").get("/work/").content.decode()
        for tab in ("mine", "department", "done"):
            text = desk.client("邻县").get(f"/work/?tab={tab}").content.decode()
            assert "勘察事项" not in text

    def test_lists_the_department_s_to_its_manager(self, desk: Desk) -> None:
        desk.start(1)

        page = desk.client("赵审").get("/work/?tab=department")

        assert [line.task.title for line in page.context["lines"]] == ["现场勘察"]
        assert page.context["lines"][0].may_claim is False

    def test_is_ordered_by_due_time_and_narrowed_to_the_late(self, desk: Desk) -> None:
        desk.start(1, now())
        desk.start(2, now() - 30 * DAY)

        client = desk.client("李勘")
        every = [line.task.instance.subject_label for line in client.get("/work/").context["lines"]]
        late = client.get("/work/?due=late").context["lines"]

        assert every == ["勘察事项 002", "勘察事项 001"]
        assert [line.task.instance.subject_label for line in late] == ["勘察事项 002"]
        assert late[0].due.tone == "bad"
        assert late[0].due.words.startswith("超期 ")

    def test_is_narrowed_by_process_and_stage(self, desk: Desk) -> None:
        desk.start(1)
        client = desk.client("李勘")

        sizes = {
            query: len(client.get(f"/work/?{query}").context["lines"])
            for query in ("process=site_visit", "process=other", "stage=2", "stage=3", "stage=x")
        }

        assert sizes == {
            "process=site_visit": 1,
            "process=other": 0,
            "stage=2": 1,
            "stage=3": 0,
            "stage=x": 1,
        }

    def test_keeps_what_one_finished(self, desk: Desk) -> None:
        desk.survey(desk.start(1))

        page = desk.client("李勘").get("/work/?tab=done")

        assert [line.due.words for line in page.context["lines"]] == ["按期办理"]
        assert [size for _key, _label, size in page.context["tabs"]] == [0, 2, 1]

    def test_is_read_on_by_key_without_gap_or_repetition(self, desk: Desk, monkeypatch) -> None:
        from busbar.console.workflow import work_list

        monkeypatch.setattr(work_list, "PAGE", 2)
        for number in range(1, 6):
            desk.start(number)
        client, seen, after = desk.client("李勘"), [], ""
        while after is not None:
            page = client.get("/work/", {"after": after}, headers=HTMX)
            seen += [line.task.pk for line in page.context["lines"]]
            after = page.context["next_after"]

        assert seen == list(UserTask.objects.order_by("sort_at", "pk").values_list("pk", flat=True))

    def test_begins_at_the_top_after_a_damaged_key(self, desk: Desk) -> None:
        desk.start(1)

        for key in ("x", "_", "2026-13-01_1", "2026-03-02T00:00:00+00:00_x"):
            assert len(desk.client("李勘").get("/work/", {"after": key}).context["lines"]) == 1

    def test_costs_the_same_queries_for_ten_and_for_two_hundred(self, desk: Desk) -> None:
        template = desk.task(desk.start(1))
        client = desk.client("李勘")
        _multiply(template, 9)
        few = {tab: count_queries(client, f"/work/?tab={tab}") for tab in ("mine", "department")}
        today = count_queries(client, "/")

        _multiply(template, 190)

        assert few == {
            tab: count_queries(client, f"/work/?tab={tab}") for tab in ("mine", "department")
        }
        assert count_queries(client, "/") == today
        assert UserTask.objects.count() == 200


class TestClaim:
    def test_answers_with_the_row_and_its_new_owner(self, desk: Desk) -> None:
        task = desk.task(desk.start(1))

        answer = desk.client("李勘").post(
            f"/work/tasks/{task.pk}/claim/", {"from": "list"}, headers=HTMX
        )

        task.refresh_from_db()
        assert (task.state, task.owner_id) == (TaskState.CLAIMED, desk.people["李勘"].pk)
        assert "李勘" in answer.content.decode()
        assert "success" in answer["HX-Trigger"]

    def test_tells_the_second_person_plainly_who_has_it(self, desk: Desk) -> None:
        task = desk.task(desk.start(1))
        operations.claim_task(task_id=task.pk, viewer=desk.viewer("李勘"), at=now())
        before = Entry.objects.count()

        answer = desk.client("王察").post(f"/work/tasks/{task.pk}/claim/", follow=True)

        assert "已由李勘领取" in answer.content.decode()
        assert Entry.objects.count() == before

    def test_is_refused_to_a_neighbor(self, desk: Desk) -> None:
        task = desk.task(desk.start(1))

        desk.client("邻县").post(f"/work/tasks/{task.pk}/claim/")

        task.refresh_from_db()
        assert task.owner_id is None


class TestToday:
    def test_shows_own_tasks_with_their_reasons_first(self, desk: Desk) -> None:
        desk.start(1, now() - 30 * DAY)

        text = desk.client("李勘").get("/").content.decode()

        assert text.index("勘察事项 001") < text.index("没有需要处理的事")
        assert "部门会签" in text
        assert "已超期<b>1</b>" in text


def _multiply(task: UserTask, count: int) -> None:
    import uuid

    UserTask.objects.bulk_create(
        UserTask(
            **{
                field.attname: getattr(task, field.attname)
                for field in UserTask._meta.concrete_fields
                if field.name not in {"id", "spiff_id"}
            },
            spiff_id=uuid.uuid4(),
        )
        for _ in range(count)
    )
