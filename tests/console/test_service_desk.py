"""The desk's pages: what is offered to whom, one merged timeline, what is due today."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee
from busbar.access.visibility import Viewer
from busbar.console.timeline import read_timeline
from busbar.service_desk.models import Interaction, Promise
from tests.payments.world import at
from tests.service_desk.world import MONDAY, Desk, make_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def browser(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(Employee.objects.get(pk=viewer.employee_id).user)
    return client


class TestMinutesOnAPhone:
    def test_a_talk_is_entered_with_a_promise_after_it(self, desk: Desk) -> None:
        client = browser(desk.manager)
        answer = client.post(
            "/interactions/new/?customer=K1",
            {
                "customer_number": "K1", "kind": "visit", "direction": "out", "subject": "走访",
                "happened_at": "2026-03-09T09:00", "owner_id": desk.manager.employee_id,
                "minutes": "谈妥",
            },
        )  # fmt: skip
        row = Interaction.objects.get()
        assert answer["Location"] == f"/interactions/{row.pk}/"

        client.post(
            f"/interactions/{row.pk}/",
            {
                "act": "promise", "text": "换表箱", "due_days": 3,
                "owner_id": desk.manager.employee_id, "made_to": "王厂长",
            },
        )  # fmt: skip
        assert Promise.objects.get().text == "换表箱"

    def test_a_refused_form_answers_with_itself(self, desk: Desk) -> None:
        answer = browser(desk.manager).post("/interactions/new/?customer=K1", {"subject": "x"})

        assert answer.status_code == 422
        assert not Interaction.objects.exists()


class TestComplaintLedger:
    def test_lists_what_is_settled_beside_what_waits(self, desk: Desk) -> None:
        settled, waiting = desk.complain(), desk.complain(hour=10)
        desk.settle(settled, satisfied=True)
        client = browser(desk.manager)

        page = client.get("/complaints/")
        done = client.get("/complaints/?state=verified").content.decode()

        assert page.status_code == 200
        assert settled.number in page.content.decode()
        assert waiting.number in page.content.decode()
        assert (settled.number in done, waiting.number in done) == (True, False)


class TestTheOwner:
    def test_is_offered_the_keeping_without_the_permission(self, desk: Desk) -> None:
        row = desk.promise(owner_id=desk.colleague.employee_id)

        page = browser(desk.colleague).get(f"/promises/{row.pk}/").content.decode()

        assert "登记兑现" in page


class TestTheTimeline:
    def test_merges_its_sources_and_reads_on_without_loss_or_double(self, desk: Desk) -> None:
        for day in ("2026-03-09", "2026-03-10", "2026-03-11"):
            desk.promise(day=day)
            desk.complain(day=day)

        whole = read_timeline(desk.manager, desk.customer.pk, limit=100).entries
        pages, before = [], None
        while True:
            page = read_timeline(desk.manager, desk.customer.pk, before=before, limit=2)
            pages += page.entries
            if not page.next_before:
                break
            before = page.entries[-1].key

        assert len(whole) == 9
        assert [entry.key for entry in pages] == [entry.key for entry in whole]
        assert {entry.source for entry in whole} == {"talk", "promise", "complaint"}
        assert read_timeline(desk.neighbor, desk.customer.pk, limit=9).entries == []

    def test_takes_the_same_queries_whatever_happened(self, desk: Desk) -> None:
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as seen:
                read_timeline(replace(desk.manager), desk.customer.pk, limit=30)
            counts.append(len(seen))
            for _more in range(5):
                desk.promise()

        assert counts[0] == counts[1]


class TestToday:
    def test_says_what_is_due_with_its_rule_and_one_action(self, desk: Desk) -> None:
        desk.promise(days=1)
        row = desk.complain()

        page = browser(desk.manager).get("/?of=mine").content.decode()

        assert "承诺已超期：更换计量箱" in page
        assert f"/complaints/{row.number}/" in page
        assert "投诉联系客户已于 2026-03-10 09:00 超期" in page

    def test_takes_the_same_queries_for_few_and_for_many(self, desk: Desk) -> None:
        client, counts = browser(desk.manager), []
        for _ in range(2):
            desk.promise(days=1)
            desk.complain()
            client.get("/?of=mine")
            with CaptureQueriesContext(connection) as seen:
                client.get("/?of=mine")
            counts.append(len(seen))
            for _more in range(3):
                desk.promise(days=1)
                desk.complain()

        assert counts[0] == counts[1]


class TestSatisfaction:
    def test_the_customer_s_page_adds_up_its_reasons(self, desk: Desk) -> None:
        desk.complain()

        page = browser(desk.manager).get("/customers/K1/tab/relations/")

        explained = page.context["explained"]
        pulls = sum(part.pull for part in explained.index.parts)
        assert Decimal(explained.index.prior + pulls) == pytest.approx(
            Decimal(explained.index.score)
        )
        assert at(MONDAY) < page.context["pieces"][0].evidence.at.replace(hour=23)
