"""The inbox: own messages only, read and followed; the bell counts."""

from __future__ import annotations

from busbar.jobs.notifications import tell_people
from busbar.journal.models import Entry
from busbar.notifications.models import Message
from tests.console.work_region import count_queries
from tests.console.workflow.conftest import Desk, now


def told(desk: Desk) -> Message:
    """李勘 is told of a new task, as the job does."""
    desk.start()
    for entry in Entry.objects.filter(event="workflow.task.opened"):
        tell_people(entry)
    return Message.objects.get(employee=desk.people["李勘"])


class TestInbox:
    def test_shows_own_messages_and_counts_them_in_the_bell(self, desk: Desk) -> None:
        told(desk)

        text = desk.client("李勘").get("/messages/").content.decode()

        assert "新任务：现场勘察" in text
        assert 'class="bell-count tabular">1<' in text
        assert "现场勘察" not in desk.client("孙客").get("/messages/?show=all").content.decode()

    def test_follows_a_message_to_its_task_and_notes_that_it_was_read(self, desk: Desk) -> None:
        message = told(desk)

        answer = desk.client("李勘").post(f"/messages/{message.pk}/open/")

        message.refresh_from_db()
        assert answer["Location"] == f"/work/tasks/{message.subject_id}/"
        assert message.read_at is not None

    def test_marks_one_read_in_place_and_all_at_once(self, desk: Desk) -> None:
        message = told(desk)
        client = desk.client("李勘")

        row = client.post(f"/messages/{message.pk}/read/", headers={"HX-Request": "true"})
        Message.objects.filter(pk=message.pk).update(read_at=None)
        client.post("/messages/read/")

        assert "is-unread" not in row.content.decode()
        assert not Message.objects.filter(employee=desk.people["李勘"], read_at=None).exists()

    def test_keeps_another_s_messages_shut(self, desk: Desk) -> None:
        message = told(desk)

        for verb in ("open", "read"):
            status = desk.client("孙客").post(f"/messages/{message.pk}/{verb}/").status_code
            assert status == 404
        message.refresh_from_db()
        assert message.read_at is None

    def test_costs_the_same_queries_for_one_and_for_many(self, desk: Desk) -> None:
        message = told(desk)
        client = desk.client("李勘")
        few = count_queries(client, "/messages/")
        copies = [
            Message(
                **{
                    field.attname: getattr(message, field.attname)
                    for field in Message._meta.concrete_fields
                    if field.name not in {"id", "key", "created_at"}
                },
                created_at=now(),
            )
            for _ in range(120)
        ]
        Message.objects.bulk_create(copies)

        assert count_queries(client, "/messages/") == few
        assert "99+" in client.get("/messages/").content.decode()
