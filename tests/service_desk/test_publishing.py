"""A customer reads what was promised to it under an address of its own (N9)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.test import Client

from busbar.console.service_desk import publishing
from busbar.customers.models import CustomerAccount
from busbar.journal.models import Entry
from busbar.kit.errors import Refusal
from busbar.service_desk import operations, queries
from busbar.service_desk.models import PromisePublication
from busbar.service_desk.operations import UnableToPublishPromises, UnableToServe
from tests.payments.world import at
from tests.service_desk.world import MONDAY, Desk

NOON = at(MONDAY, 12)


@pytest.fixture(autouse=True)
def _on_that_monday(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is read an hour after it was published."""
    monkeypatch.setattr(publishing.timezone, "now", lambda: at(MONDAY, 13))


def publish(desk: Desk, **facts: object) -> operations.Published:
    usual: dict[str, object] = {
        "customer_number": "K1", "given_to": "王厂长", "by": desk.manager, "at": NOON,
    }  # fmt: skip
    return operations.publish_ledger(**{**usual, **facts})  # type: ignore[arg-type]


def refused(kind: type[Refusal], text: str, act: object) -> None:
    """The act is refused with the text; addresses and journal stay as they were."""
    before, entries = list(PromisePublication.objects.values()), Entry.objects.count()
    with pytest.raises(kind, match=text), transaction.atomic():
        act()  # type: ignore[operator]
    assert list(PromisePublication.objects.values()) == before
    assert Entry.objects.count() == entries


class TestPublishing:
    def test_opens_the_promises_and_the_rate_without_names_of_ours(self, desk: Desk) -> None:
        kept, late = desk.promise(days=3), desk.promise(days=1, text="答复容量")
        operations.keep_promise(
            promise_id=kept.pk, evidence="已更换", by=desk.manager, at=at("2026-03-10")
        )
        word = publish(desk).word

        ledger = queries.read_ledger(word, at=at("2026-03-20"))

        assert ledger is not None
        assert (ledger.customer_name, ledger.rate.in_time, ledger.rate.late) == ("临江轴承厂", 1, 1)
        assert [(p.text, p.is_late) for p in ledger.promises] == [
            (late.text, True),
            (kept.text, False),
        ]
        page = Client().get(f"/our-promises/{word}/").content.decode()
        assert "更换计量箱" in page
        assert desk.manager.name not in page
        assert "已更换" not in page

    def test_keeps_no_word_and_tells_the_journal_to_whom(self, desk: Desk) -> None:
        issued = publish(desk)

        assert issued.word not in str(PromisePublication.objects.values().get())
        entry = Entry.objects.latest("id")
        assert (entry.event, entry.changes["given_to"]) == (
            "service_desk.publication.issued",
            "王厂长",
        )
        assert issued.word not in str(entry.changes)

    def test_ends_by_itself_and_when_it_is_taken_back(self, desk: Desk) -> None:
        first, second = publish(desk), publish(desk, given_to="李会计")
        assert first.publication.ends_at == NOON + dt.timedelta(days=180)

        operations.revoke_publication(
            publication_id=second.publication.pk, by=desk.manager, at=at(MONDAY, 13)
        )

        assert queries.read_ledger(second.word, at=at(MONDAY, 14)) is None
        assert queries.read_ledger(first.word, at=NOON + dt.timedelta(days=180)) is None
        assert queries.read_ledger("no such word", at=NOON) is None
        assert list(
            queries.list_publications(desk.manager, desk.customer.pk, at=at(MONDAY, 14))
        ) == [first.publication]
        refused(
            UnableToPublishPromises,
            "已经失效",
            lambda: operations.revoke_publication(
                publication_id=second.publication.pk, by=desk.manager, at=at(MONDAY, 15)
            ),
        )

    def test_is_for_those_who_look_after_the_whole_customer(self, desk: Desk) -> None:
        issued = publish(desk)
        refused(UnableToServe, "没有客户 K1", lambda: publish(desk, by=desk.neighbor))
        CustomerAccount.objects.create(
            number="3101020001", name="分厂", customer=desk.customer, unit=desk.units["310102"]
        )
        refused(UnableToPublishPromises, "只能公开", lambda: publish(desk, by=desk.neighbor))
        refused(UnableToPublishPromises, "哪一位", lambda: publish(desk, given_to=" "))
        refused(
            UnableToPublishPromises,
            "没有这条公开链接",
            lambda: operations.revoke_publication(
                publication_id=issued.publication.pk, by=desk.neighbor, at=NOON
            ),
        )


class TestPage:
    def test_of_a_wrong_word_is_not_there_and_says_whom_to_ask(self, desk: Desk) -> None:
        answer = Client().get("/our-promises/wrong/")

        assert answer.status_code == 404
        assert "请向您的客户经理索取" in answer.content.decode()

    def test_is_kept_by_no_cache_and_hands_its_address_to_nobody(self, desk: Desk) -> None:
        answer = Client().get(f"/our-promises/{publish(desk).word}/")

        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"
