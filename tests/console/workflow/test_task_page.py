"""A task's page: the form, what is refused beside its fields, and every other action."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from busbar.access.models import User
from busbar.journal.models import Entry
from busbar.kit.periods import CHINA
from busbar.workflow import operations
from busbar.workflow.models import (
    Consultation,
    SupervisionFinding,
    TaskAttachment,
    TaskState,
    UserTask,
)
from tests.console.workflow.conftest import Desk, now
from tests.console.workflow.site_visits import PNG, SURVEYED

HTMX = {"HX-Request": "true"}


class TestPage:
    def test_draws_every_kind_of_field(self, desk: Desk) -> None:
        task = desk.task(desk.start())

        text = desk.client("李勘").get(f"/work/tasks/{task.pk}/").content.decode()

        for part in (
            'type="text" id="field-place"',
            'inputmode="decimal" id="field-capacity_kva"',
            'inputmode="numeric" id="field-transformers"',
            'type="date" id="field-visited_on"',
            'type="datetime-local" id="field-met_at"',
            'type="radio" name="supply_kind" value="dual"',
            'type="checkbox" name="hazards" value="trench"',
            'type="radio" name="is_ready" value="false"',
            'type="file" multiple id="field-photos"',
            'capture="environment"',
            'name="equipment-0-power_kw"',
            'name="equipment-NEW-name"',
            '<textarea class="form-control" rows="4" id="field-opinion"',
        ):
            assert part in text

    @pytest.mark.parametrize(("name", "status"), [("邻县", 404), ("孙客", 200), ("监管", 200)])
    def test_is_open_to_those_who_see_the_process(self, desk: Desk, name: str, status: int) -> None:
        task = desk.task(desk.start())

        answer = desk.client(name).get(f"/work/tasks/{task.pk}/")

        assert answer.status_code == status
        assert "task-form" not in answer.content.decode()

    def test_says_whose_the_task_is(self, desk: Desk) -> None:
        task = desk.task(desk.start())
        operations.claim_task(task_id=task.pk, viewer=desk.viewer("李勘"), at=now())

        text = desk.client("王察").get(f"/work/tasks/{task.pk}/").content.decode()

        assert "由李勘办理，请先请其转办" in text

    def test_says_whose_the_task_is_in_english(self, desk: Desk) -> None:
        task = desk.task(desk.start())
        operations.claim_task(task_id=task.pk, viewer=desk.viewer("李勘"), at=now())
        client = desk.client("王察")
        User.objects.update(language="en")

        text = client.get(f"/work/tasks/{task.pk}/").content.decode()

        assert "李勘 has the task “现场勘察” in hand; ask them to pass it on" in text

    def test_shows_earlier_answers_in_words(self, desk: Desk) -> None:
        process = desk.start()
        desk.survey(process)
        task = desk.task(process, "approve")

        text = desk.client("赵审").get(f"/work/tasks/{task.pk}/").content.decode()

        assert "东区一号门" in text
        assert "800 kVA" in text
        assert "单电源" in text

    def test_begins_from_the_last_answer_when_the_matter_comes_back(self, desk: Desk) -> None:
        process = desk.start()
        desk.survey(process)
        back = desk.task(process, "approve")
        operations.return_task(
            task_id=back.pk, reason="照片不清", viewer=desk.viewer("赵审"), at=now()
        )
        inform = desk.task(process, "inform")
        operations.complete_task(
            task_id=inform.pk,
            data={"outcome": "agreed"},
            viewer=desk.viewer("孙客"),
            at=now(),
        )

        page = desk.client("李勘").get(f"/work/tasks/{desk.task(process).pk}/")

        values = {one.name: one.value for one in page.context["fields"]}
        assert (values["place"], values["capacity_kva"]) == ("东区一号门", "800")
        assert values["is_ready"] == "true"


class TestComplete:
    def test_moves_the_process_on_with_rows_and_files(self, desk: Desk) -> None:
        process = desk.start()
        task = desk.task(process)
        form = {
            **SURVEYED,
            "capacity_kva": " １,２００ ",
            "hazards": ["trench", "live"],
            "equipment-0-name": "电炉",
            "equipment-0-power_kw": "400",
            "equipment-3-name": "空压机",
            "equipment-7-name": "",
            "photos": SimpleUploadedFile("门口.png", PNG, "image/png"),
        }

        answer = desk.client("李勘").post(f"/work/tasks/{task.pk}/complete/", form)

        task.refresh_from_db()
        assert answer["Location"] == f"/work/processes/{process.pk}/"
        assert task.state == TaskState.COMPLETED
        assert task.data["capacity_kva"] == 1200
        assert task.data["hazards"] == ["trench", "live"]
        assert [row["name"] for row in task.data["equipment"]] == ["电炉", "空压机"]
        assert TaskAttachment.objects.get(task=task).file_name == "门口.png"

    def test_says_what_is_wrong_beside_its_field_and_loses_nothing(self, desk: Desk) -> None:
        task = desk.task(desk.start())
        before = Entry.objects.count()
        form = {**SURVEYED, "capacity_kva": "多", "equipment-0-name": "电炉", "is_ready": "false"}

        answer = desk.client("李勘").post(f"/work/tasks/{task.pk}/complete/", form)

        fields = {one.name: one for one in answer.context["fields"]}
        assert answer.status_code == 422
        assert fields["capacity_kva"].error == "“核定容量”应为数字"
        assert fields["capacity_kva"].value == "多"
        assert fields["place"].value == "东区一号门"
        assert fields["is_ready"].value == "false"
        assert fields["equipment"].rows[0][0].value == "电炉"
        task.refresh_from_db()
        assert (task.state, Entry.objects.count()) == (TaskState.OPEN, before)

    def test_sends_only_the_sentences_to_a_page_that_stays(self, desk: Desk) -> None:
        task = desk.task(desk.start())
        form = {**SURVEYED, "supply_kind": "dual"}

        answer = desk.client("李勘").post(f"/work/tasks/{task.pk}/complete/", form, headers=HTMX)

        told = json.loads(answer["HX-Trigger"])["busbar:refused"]
        assert (answer.status_code, answer.content) == (422, b"")
        assert told["errors"] == {"second_source": "“备用电源说明”必须填写"}

    def test_says_what_is_wrong_in_english_to_whoever_reads_it(self, desk: Desk) -> None:
        task = desk.task(desk.start())
        before = Entry.objects.count()
        form = {**SURVEYED, "capacity_kva": "0.5", "place": "", "equipment-0-power_kw": "-1"}
        client = desk.client("李勘")
        User.objects.update(language="en")

        page = client.post(f"/work/tasks/{task.pk}/complete/", form)
        sent = client.post(f"/work/tasks/{task.pk}/complete/", form, headers=HTMX)

        said = {
            "capacity_kva": "“核定容量” must not be less than 1 kVA",
            "equipment": (
                "“主要用电设备” row 1: “功率” must not be less than 0 kW; "
                "“名称” has to be filled in"
            ),
            "place": "“勘察地点” has to be filled in",
        }
        assert {f.name: f.error for f in page.context["fields"] if f.error} == said
        assert said["equipment"] in page.content.decode()
        assert json.loads(sent["HX-Trigger"])["busbar:refused"] == {
            "sentence": "3 corrections needed",
            "errors": said,
        }
        task.refresh_from_db()
        assert (task.state, Entry.objects.count()) == (TaskState.OPEN, before)

    def test_adds_a_row_without_scripts(self, desk: Desk) -> None:
        task = desk.task(desk.start())
        form = {"equipment-0-name": "电炉", "busbar-add-row": "equipment"}

        answer = desk.client("李勘").post(f"/work/tasks/{task.pk}/complete/", form)

        rows = {one.name: one for one in answer.context["fields"]}["equipment"].rows
        assert [row[0].value for row in rows] == ["电炉", ""]
        assert answer.status_code == 200

    def test_tells_whoever_comes_second_that_it_is_done(self, desk: Desk) -> None:
        process = desk.start()
        task = desk.task(process)
        desk.survey(process)

        answer = desk.client("王察").post(f"/work/tasks/{task.pk}/complete/", SURVEYED)

        assert answer.status_code == 403 or "已由李勘" in answer.content.decode()

    def test_takes_an_earlier_moment_only_with_its_reason(self, desk: Desk) -> None:
        process = desk.start(at=now() - dt.timedelta(hours=3))
        task = desk.task(process)
        early = (now() - dt.timedelta(hours=1)).astimezone(CHINA)
        form = {**SURVEYED, "busbar-done-at": f"{early:%Y-%m-%dT%H:%M}"}
        client = desk.client("李勘")

        refused = client.post(f"/work/tasks/{task.pk}/complete/", form)
        done = client.post(
            f"/work/tasks/{task.pk}/complete/", {**form, "busbar-reason": "现场无网络"}
        )

        assert "请写明补录的原因" in refused.content.decode()
        assert done.status_code == 302
        kinds = SupervisionFinding.objects.filter(task=task).values_list("kind", flat=True)
        assert list(kinds) == ["back_dated"]

    def test_refuses_a_moment_that_is_none(self, desk: Desk) -> None:
        task = desk.task(desk.start())
        form = {**SURVEYED, "busbar-done-at": "昨天"}

        answer = desk.client("李勘").post(f"/work/tasks/{task.pk}/complete/", form)

        assert "应为日期和时间" in answer.content.decode()
        assert UserTask.objects.get(pk=task.pk).is_open


class TestActions:
    def test_puts_a_task_back(self, desk: Desk) -> None:
        task = desk.task(desk.start())
        operations.claim_task(task_id=task.pk, viewer=desk.viewer("李勘"), at=now())

        desk.client("李勘").post(f"/work/tasks/{task.pk}/release/")

        task.refresh_from_db()
        assert (task.state, task.owner_id) == (TaskState.OPEN, None)

    def test_hands_a_task_over_with_the_reason(self, desk: Desk) -> None:
        task, to = desk.task(desk.start()), desk.people["王察"]
        client = desk.client("李勘")
        client.post(f"/work/tasks/{task.pk}/claim/")

        client.post(f"/work/tasks/{task.pk}/hand-over/", {"to": to.pk, "reason": "出差"})

        task.refresh_from_db()
        assert task.owner_id == to.pk

    def test_offers_only_people_of_the_unit_and_role(self, desk: Desk) -> None:
        task = desk.task(desk.start())

        page = desk.client("李勘").get(f"/work/tasks/{task.pk}/")

        assert [one.name for one in page.context["successors"]] == ["李勘", "王察"]

    def test_returns_a_task_with_the_reason(self, desk: Desk) -> None:
        process = desk.start()
        desk.survey(process)
        task = desk.task(process, "approve")
        client = desk.client("赵审")

        without = client.post(f"/work/tasks/{task.pk}/return/", {"reason": " "}, follow=True)
        client.post(f"/work/tasks/{task.pk}/return/", {"reason": "照片不清"})

        task.refresh_from_db()
        assert "请写明退回的原因" in without.content.decode()
        assert (task.state, task.reason) == (TaskState.RETURNED, "照片不清")

    def test_shows_no_return_where_the_definition_has_none(self, desk: Desk) -> None:
        task = desk.task(desk.start())

        text = desk.client("李勘").get(f"/work/tasks/{task.pk}/").content.decode()

        assert "send-back" not in text


class TestConsultation:
    def ask(self, desk: Desk) -> Consultation:
        """李勘 asks the neighbor."""
        task = desk.task(desk.start())
        desk.client("李勘").post(
            f"/work/tasks/{task.pk}/consult/",
            {"colleague": f"{desk.people['邻县'].number} 邻县", "question": "邻线余量够吗"},
        )
        return Consultation.objects.get()

    def test_reaches_a_colleague_who_does_not_see_the_task(self, desk: Desk) -> None:
        asked = self.ask(desk)
        client = desk.client("邻县")

        assert "邻线余量够吗" in client.get("/work/").content.decode()
        client.post(f"/work/consultations/{asked.pk}/answer/", {"answer": "够"})

        asked.refresh_from_db()
        assert asked.answer == "够"
        text = desk.client("李勘").get(f"/work/tasks/{asked.task_id}/").content.decode()
        assert "够" in text

    def test_is_answered_only_by_whom_it_was_put_to(self, desk: Desk) -> None:
        asked = self.ask(desk)

        answer = desk.client("王察").post(
            f"/work/consultations/{asked.pk}/answer/", {"answer": "够"}
        )

        asked.refresh_from_db()
        assert (answer.status_code, asked.answered_at) == (403, None)

    def test_finds_colleagues_by_name_and_never_the_regulator(self, desk: Desk) -> None:
        client = desk.client("李勘")

        assert "邻县" in client.get("/work/colleagues/?colleague=邻").content.decode()
        assert "监管" not in client.get("/work/colleagues/?colleague=监").content.decode()


class TestAttachment:
    def test_is_a_picture_to_those_who_see_the_task_only(self, desk: Desk) -> None:
        task = desk.task(desk.start())
        form = {**SURVEYED, "photos": SimpleUploadedFile("a.png", PNG, "image/png")}
        desk.client("李勘").post(f"/work/tasks/{task.pk}/complete/", form)
        address = f"/work/files/{TaskAttachment.objects.get().pk}/"

        seen = desk.client("赵审").get(address)

        assert b"".join(seen) == PNG
        assert seen["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert desk.client("邻县").get(address).status_code == 404
