"""Customers hear of a paper when it is issued: once, by their own telephone, at a decent hour."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from tests.billing import world as billing_world
from tests.connections.processes.world import PDF, at
from tests.connections.works import world as works_world

from busbar.clocks.subjects import Subject
from busbar.connections import operations as connections_operations
from busbar.connections.models import ConnectionApplication, IssuedPaper
from busbar.customers.models import Contact
from busbar.jobs import outbox, papers
from busbar.jobs.outbox import Reaction
from busbar.journal.operations import SYSTEM
from busbar.notifications import operations as notifications_operations
from busbar.notifications.models import Message

REACTIONS = (Reaction("connections.papers", papers.PREFIXES, papers.tell_of_paper),)


@pytest.fixture
def application(ground: None, settings: Any, tmp_path: Path) -> ConnectionApplication:
    settings.FILES_ROOT = tmp_path / "files"
    settings.BUSBAR_HOME = tmp_path
    notifications_operations.load_shipped_words(at=at("2025-01-02"))
    return works_world.make_world().application


def issue(
    application: ConnectionApplication | None,
    kind: str = "scheme_reply",
    *,
    about: Subject | None = None,
    when: dt.datetime = at("2025-09-26"),  # noqa: B008 - a moment is a constant
) -> IssuedPaper:
    return connections_operations.issue_paper(
        kind=kind,
        pdf=PDF,
        facts={},
        application=application,
        about=about,
        actor=SYSTEM,
        at=when,
    )


class TestTellOfPaper:
    def test_writes_to_the_contact_of_the_application_once(
        self, application: ConnectionApplication
    ) -> None:
        paper = issue(application)

        outbox.work_off(REACTIONS)
        outbox.work_off(REACTIONS)

        message = Message.objects.get()
        assert message.subject == "供电方案答复单"
        assert message.body == (
            f"尊敬的{application.contact_name}：供电方案答复单（编号{paper.number}）已出具，"
            "请及时查收。"
        )
        delivery = message.deliveries.get()
        assert (delivery.channel, delivery.address) == ("sms", application.contact_phone)
        assert (message.subject_type, message.subject_id) == ("connections.paper", paper.pk)

    def test_waits_for_the_morning_as_other_messages(
        self, application: ConnectionApplication
    ) -> None:
        night = at("2025-09-26", 23)
        issue(application, when=night)

        outbox.work_off(REACTIONS)
        done = notifications_operations.deliver_due(at=night)

        assert (done.sent, done.postponed) == (0, 1)
        assert Message.objects.get().deliveries.get().next_try_at > night

    def test_says_nothing_of_our_own_record_or_of_a_paper_revoked_meanwhile(
        self, application: ConnectionApplication
    ) -> None:
        issue(application, "registration")
        revoked = issue(application)
        IssuedPaper.objects.filter(pk=revoked.pk).update(
            revoked_at=at("2025-09-27"), revoked_reason="打印有误"
        )

        outbox.work_off(REACTIONS)

        assert not Message.objects.exists()

    def test_of_another_matter_goes_to_the_customers_first_contact(
        self, application: ConnectionApplication
    ) -> None:
        point = billing_world.make_account(application.unit, "1001")
        customer = point.account.customer
        Contact.objects.create(customer=customer, name="副手", role="电工", phone="13900000001")
        about = Subject(
            type="connections.change", id=7, label="BG7", customer_id=customer.pk,
            unit_id=application.unit_id,
        )  # fmt: skip
        issue(None, "change_notice", about=about)
        outbox.work_off(REACTIONS)
        assert not Message.objects.exists()  # nobody is named first

        Contact.objects.create(
            customer=customer, name="王主任", role="主任", phone="13900000000", is_primary=True
        )
        issue(None, "change_notice", about=about)
        outbox.work_off(REACTIONS)

        assert Message.objects.get().recipient_name == "王主任"

    def test_goes_on_where_somebody_cannot_be_reached(
        self, application: ConnectionApplication
    ) -> None:
        customer = billing_world.make_account(application.unit, "1001").account.customer
        Contact.objects.create(customer=customer, name="无号", role="主任", is_primary=True)
        issue(
            None,
            "change_notice",
            about=Subject(
                type="connections.change",
                id=7,
                label="BG7",
                customer_id=customer.pk,
                unit_id=application.unit_id,
            ),
        )
        issue(application)

        outbox.work_off(REACTIONS)

        assert Message.objects.get().recipient_name == application.contact_name
