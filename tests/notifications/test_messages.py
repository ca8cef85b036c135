"""Saying it: words from templates, inboxes, receipts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import NotPermitted, Viewer
from busbar.customers.models import Contact
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM
from busbar.notifications import operations as notifications_operations
from busbar.notifications import queries as notifications_queries
from busbar.notifications.models import Delivery, Message, MessageTemplate, Receipt
from busbar.notifications.operations import (
    About,
    Recipient,
    UnableToChangeTemplate,
    UnableToRecordReceipt,
    UnableToSendMessage,
)
from tests.imports.world import AT, make_viewer

Units = dict[str, OrganizationUnit]
LATER = AT + dt.timedelta(hours=1)
TASK = {"title": "现场勘察", "label": "YK-1", "due": "截止 2026年3月6日 17:00"}


def about(unit: OrganizationUnit, **more: Any) -> About:
    return About("connections.application", 7, unit.pk, **more)


def tell(viewer: Viewer, unit: OrganizationUnit, **more: Any) -> Message:
    """A new task, said to an employee."""
    facts = {
        "kind": "workflow.task.opened",
        "to": Recipient(employee_id=viewer.employee_id),
        "about": about(unit),
        "facts": TASK,
        "actor": SYSTEM,
        "at": AT,
    }
    return notifications_operations.send_message(**{**facts, **more})


@pytest.fixture
def officer(units: Units) -> Viewer:
    return make_viewer(units["310101"], Role.CONNECTION_OFFICER, number="E1")


class TestSendMessage:
    def test_says_the_template_s_words_into_the_inbox(self, units: Units, officer: Viewer) -> None:
        message = tell(officer, units["310101"])

        assert message.subject == "新任务：现场勘察"
        assert message.body == "YK-1：任务“现场勘察”等待办理。截止 2026年3月6日 17:00"
        assert list(message.deliveries.values_list("channel", "state")) == [("in_app", "sent")]
        entry = Entry.objects.get(event="notifications.message.sent")
        assert (entry.subject_id, entry.unit_path) == (message.pk, units["310101"].path)

    def test_says_the_same_cause_once(self, units: Units, officer: Viewer) -> None:
        first = tell(officer, units["310101"], key="journal:1:1")
        again = tell(officer, units["310101"], key="journal:1:1")

        assert again == first
        assert Message.objects.count() == 1

    def test_a_brace_in_a_name_stays_text(self, units: Units, officer: Viewer) -> None:
        message = tell(officer, units["310101"], facts={**TASK, "title": "{due}{0.__class__}"})
        assert message.subject == "新任务：{due}{0.__class__}"

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"kind": "no.such"}, "没有“no.such”的消息模板"),
            ({"facts": {"title": "x", "label": "y"}}, "需要的内容 due 没有给出"),
            ({"to": Recipient()}, "三者之一"),
            ({"to": Recipient(employee_id=1, address="a@b.cn")}, "三者之一"),
            ({"to": Recipient(employee_id=999_999)}, "收件职员不存在"),
            ({"to": Recipient(address="a@b.cn"), "channels": ["sms"]}, "没有可用的联系方式"),
        ],
    )
    def test_refuses_and_says_why(
        self, units: Units, officer: Viewer, changed: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(UnableToSendMessage, match=sentence), transaction.atomic():
            tell(officer, units["310101"], **changed)
        assert not Message.objects.exists()
        assert not Delivery.objects.exists()

    def test_a_contact_hears_by_the_ways_that_lead_there(
        self, units: Units, officer: Viewer, contact: Contact
    ) -> None:
        message = tell(
            officer,
            units["310101"],
            kind="connections.paper.issued",
            to=Recipient(contact_id=contact.pk),
            facts={"paper": "供电方案答复单", "name": "李晓东", "number": "1"},
        )
        waiting = message.deliveries.get()
        assert (waiting.channel, waiting.address, waiting.state) == (
            "sms",
            "13800000000",
            "queued",
        )


class TestInbox:
    def test_pages_newest_first_without_gap_or_repetition(
        self, units: Units, officer: Viewer, django_assert_num_queries: Any
    ) -> None:
        said = [tell(officer, units["310101"]).pk for _ in range(5)]
        with django_assert_num_queries(1):
            first = notifications_queries.list_inbox(officer, limit=2)
        second = notifications_queries.list_inbox(officer, limit=2, after=first.next_after)
        last = notifications_queries.list_inbox(officer, limit=2, after=second.next_after)

        seen = [m.pk for page in (first, second, last) for m in page.messages]
        assert seen == said[::-1]
        assert last.next_after is None

    def test_reading_is_noted_once_and_by_the_reader_only(
        self, units: Units, officer: Viewer
    ) -> None:
        message = tell(officer, units["310101"])
        other = make_viewer(units["310101"], Role.MANAGER, number="E2")

        with pytest.raises(NotPermitted):
            notifications_operations.mark_read(message_id=message.pk, viewer=other, at=LATER)
        assert notifications_queries.count_unread(officer) == 1

        for at in (LATER, LATER + dt.timedelta(hours=1)):
            notifications_operations.mark_read(message_id=message.pk, viewer=officer, at=at)
        message.refresh_from_db()
        assert message.read_at == LATER
        assert notifications_queries.count_unread(officer) == 0
        assert Entry.objects.filter(event="notifications.message.read").count() == 1

    def test_all_can_be_read_at_once(self, units: Units, officer: Viewer) -> None:
        for _ in range(3):
            tell(officer, units["310101"])
        assert notifications_operations.mark_all_read(viewer=officer, at=LATER) == 3
        assert notifications_operations.mark_all_read(viewer=officer, at=LATER) == 0
        assert notifications_queries.count_unread(officer) == 0

    def test_another_county_sees_nothing_of_it(self, units: Units, officer: Viewer) -> None:
        message = tell(officer, units["310101"])
        stranger = make_viewer(units["310102"], Role.MANAGER, number="E3")
        head = make_viewer(units["3101"], Role.MANAGER, number="E4")

        with pytest.raises(Message.DoesNotExist):
            notifications_queries.get_message(stranger, message.pk)
        assert notifications_queries.get_message(head, message.pk) == message
        assert notifications_queries.list_messages_about(officer, "connections.application", 7) == [
            message
        ]

    def test_one_s_own_messages_are_seen_whatever_unit_they_came_from(
        self, units: Units, officer: Viewer
    ) -> None:
        message = tell(officer, units["3101"])
        assert notifications_queries.get_message(officer, message.pk) == message

    def test_the_database_knows_one_recipient_only(self, units: Units, contact: Contact) -> None:
        viewer = make_viewer(units["310101"], Role.MANAGER, number="E9")
        message = tell(viewer, units["310101"])
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.filter(pk=message.pk).update(contact=contact)


class TestReceipts:
    def record(self, officer: Viewer, units: Units, **more: Any) -> Receipt:
        facts = {
            "kind": "signed",
            "about": about(units["310101"], label="供电方案答复单"),
            "person": " 李晓东 ",
            "means": "当面签收",
            "received_at": AT,
            "viewer": officer,
            "at": LATER,
            "evidence_sha256": "ab" * 32,
        }
        return notifications_operations.record_receipt(**{**facts, **more})

    def test_keeps_who_when_how_and_the_evidence(self, units: Units, officer: Viewer) -> None:
        receipt = self.record(officer, units)

        assert (receipt.person, receipt.recorded_by) == ("李晓东", "员工E1")
        entry = Entry.objects.get(event="notifications.receipt.signed")
        assert entry.changes["evidence_sha256"] == "ab" * 32
        found = notifications_queries.list_receipts(officer, "connections.application", 7)
        assert found == [receipt]

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"kind": "maybe"}, "送达、签收或拒收"),
            ({"person": " "}, "请填写签收人"),
            ({"received_at": LATER + dt.timedelta(seconds=1)}, "晚于现在"),
            ({"evidence_sha256": "xyz"}, "64 位"),
            ({"message_id": 999_999}, "没有这条消息"),
        ],
    )
    def test_refuses_what_contradicts_itself(
        self, units: Units, officer: Viewer, changed: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(UnableToRecordReceipt, match=sentence):
            self.record(officer, units, **changed)
        assert not Receipt.objects.exists()

    def test_refuses_a_unit_outside_the_viewer_s_branch(
        self, units: Units, officer: Viewer
    ) -> None:
        with pytest.raises(NotPermitted):
            self.record(officer, units, about=about(units["310102"]))


class TestWords:
    def test_loading_again_keeps_what_was_changed(self, units: Units) -> None:
        MessageTemplate.objects.filter(kind="workflow.task.opened").update(subject="任务")
        assert notifications_operations.load_shipped_words(at=LATER) == 0
        assert MessageTemplate.objects.get(kind="workflow.task.opened").subject == "任务"

    def test_an_administrator_changes_them_within_the_known_facts(self, units: Units) -> None:
        admin = make_viewer(units["31"], Role.ADMINISTRATOR, number="A1")
        words = {"kind": "workflow.task.opened", "body": "{title}", "channels": ["in_app", "sms"]}
        notifications_operations.change_template(
            subject="待办 {label}", viewer=admin, at=LATER, **words
        )
        assert MessageTemplate.objects.get(kind="workflow.task.opened").subject == "待办 {label}"

        with pytest.raises(UnableToChangeTemplate, match="没有 secret"):
            notifications_operations.change_template(
                subject="{secret}", viewer=admin, at=LATER, **words
            )

    def test_nobody_else_may(self, units: Units, officer: Viewer) -> None:
        with pytest.raises(NotPermitted):
            notifications_operations.change_quiet_hours(
                channel="sms",
                starts=dt.time(22),
                ends=dt.time(7),
                source="x",
                viewer=officer,
                at=LATER,
            )
