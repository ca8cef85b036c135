"""A customer reads the bills that were released to it under its own address (N9)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import Bill
from busbar.billing.operations import correct_bills, release_bills
from busbar.console.service_desk import publishing
from busbar.customers.models import (
    Customer,
    CustomerAccount,
    CustomerMerge,
    MergeKind,
)
from busbar.journal.models import Entry
from busbar.payments import operations as payments_operations
from busbar.payments.models import Receivable
from busbar.service_desk import operations
from busbar.service_desk.models import PromisePublication
from busbar.service_desk.queries import published_bills
from busbar.supply.models import UsagePoint
from tests.billing import world
from tests.console.work_region import (
    DECEMBER,
    FOREIGN,
    OWN,
    Region,
    count_queries,
    make_billed,
    make_units,
)

pytestmark = pytest.mark.django_db
LATER = world.AT + dt.timedelta(days=3)


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """An account of each of two customers; December and January billed, released and owed."""
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    operations.load_satisfaction_seed(at=world.AT)
    payments_operations.load_payments_seed(at=world.AT)
    for month in (DECEMBER, world.MONTH):
        release_bills(month=month, by=SYSTEM_VIEWER, at=world.AT)
    payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=world.AT)
    look_at(monkeypatch, LATER)
    return made


def look_at(monkeypatch: pytest.MonkeyPatch, moment: dt.datetime) -> None:
    monkeypatch.setattr(publishing.timezone, "now", lambda: moment)


def publish(number: str = OWN, *, shows_bills: bool = True) -> operations.Published:
    return operations.publish_ledger(
        customer_number=f"K{number}",
        given_to="李会计",
        shows_bills=shows_bills,
        by=SYSTEM_VIEWER,
        at=world.AT,
    )


def page_of(word: str, *place: str) -> Any:
    """What somebody without a sign-in is answered: the list, or a bill of account and month."""
    path = "".join(f"{part}/" for part in ("bills", *place)) if place else ""
    return Client().get(f"/our-promises/{word}/{path}")


def text_of(word: str, *place: str) -> str:
    return page_of(word, *place).content.decode()


def account() -> CustomerAccount:
    return CustomerAccount.objects.get(number=OWN)


def assert_opens_nothing(word: str, *place: str) -> None:
    """Page and paper answer as a wrong word does."""
    said = text_of("wrong").partition("<main")[2]
    assert "这条链接没有内容" in said
    for address in (place, (*place, "paper")):
        answer = page_of(word, *address)
        assert answer.status_code == 404
        assert answer.content.decode().partition("<main")[2] == said


class TestList:
    def test_shows_months_amounts_and_what_is_open(self, region: Region) -> None:
        owed = Receivable.objects.get(account__number=OWN, month="2025-12")
        Receivable.objects.filter(pk=owed.pk).update(open_fen=0, settled_on=dt.date(2026, 2, 4))

        answer = page_of(publish().word)

        rows = answer.context["ledger"].bills.rows
        bills = {b.month: b for b in Bill.objects.filter(account__number=OWN)}
        january = Receivable.objects.get(account__number=OWN, month="2026-01")
        assert [(r.bill, r.due_on, r.open_yuan) for r in rows] == [
            (bills["2026-01"], january.due_on, bills["2026-01"].amount),
            (bills["2025-12"], owed.due_on, 0),
        ]
        text = answer.content.decode()
        assert f"{bills['2026-01'].amount:,}" in text
        assert "未缴" in text
        assert "已缴清" in text
        assert FOREIGN not in text

    def test_is_not_there_where_the_address_was_given_for_promises(self, region: Region) -> None:
        word = publish(shows_bills=False).word

        answer = page_of(word)

        assert answer.status_code == 200
        assert answer.context["ledger"].bills is None
        assert "电费账单" not in answer.content.decode()
        assert "2026-01" not in answer.content.decode()
        assert_opens_nothing(word, OWN, "2026-01")

    def test_leaves_out_what_was_not_released(self, region: Region) -> None:
        Bill.objects.filter(account__number=OWN, month="2026-01").update(released_at=None)
        word = publish().word

        assert [r.bill.month for r in page_of(word).context["ledger"].bills.rows] == ["2025-12"]
        assert_opens_nothing(word, OWN, "2026-01")

    def test_ends_thirteen_months_back(
        self, region: Region, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        word = publish().word
        PromisePublication.objects.update(ends_at=dt.datetime(2028, 1, 1, tzinfo=dt.UTC))

        look_at(monkeypatch, dt.datetime(2027, 1, 20, tzinfo=dt.UTC))
        assert page_of(word, OWN, "2025-12").status_code == 200
        look_at(monkeypatch, dt.datetime(2027, 2, 1, tzinfo=dt.UTC))

        assert [r.bill.month for r in page_of(word).context["ledger"].bills.rows] == ["2026-01"]
        assert_opens_nothing(word, OWN, "2025-12")

    def test_goes_on_where_the_page_before_ended(
        self, region: Region, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(published_bills, "PAGE", 1)
        word = publish().word

        first = page_of(word).context["ledger"].bills
        assert [r.bill.month for r in first.rows] == ["2026-01"]
        rest = Client().get(f"/our-promises/{word}/", {"after": first.after})

        bills = rest.context["ledger"].bills
        assert ([r.bill.month for r in bills.rows], bills.after) == (["2025-12"], "")
        nonsense = Client().get(f"/our-promises/{word}/?after=%00@x")
        assert nonsense.context["ledger"].bills == first

    def test_takes_as_many_queries_for_one_bill_as_for_two(self, region: Region) -> None:
        address = f"/our-promises/{publish().word}/"
        both = count_queries(Client(), address)
        Bill.objects.filter(account__number=OWN, month="2026-01").update(released_at=None)

        assert count_queries(Client(), address) == both == 5


class TestBill:
    def test_explains_every_line_as_the_house_does(self, region: Region) -> None:
        text = text_of(publish().word, OWN, "2026-01")

        bill = Bill.objects.get(account__number=OWN, month="2026-01")
        assert bill.lines.count() > 3
        for line in bill.lines.all():
            assert line.name in text
            assert line.formula.replace("'", "&#x27;") in text
        assert "测试价格表" in text
        assert "出处" in text

    def test_leads_nowhere_into_the_house(self, region: Region) -> None:
        manager = region.hire(Role.ACCOUNT_MANAGER)
        word = publish().word

        for text in (text_of(word), text_of(word, OWN, "2026-01")):
            links = [part.split('"')[0] for part in text.split('href="')[1:]]
            mine = (f"/our-promises/{word}/", "/static/", "#", "?")
            assert [link for link in links if not link.startswith(mine)] == []
            assert "hx-" not in text.replace("htmx", "")
            assert manager.name not in text

    def test_is_had_as_the_paper_that_goes_by_mail(self, region: Region) -> None:
        answer = page_of(publish().word, OWN, "2026-01", "paper")

        assert answer.content.startswith(b"%PDF")
        assert f"{OWN}-2026-01.pdf" in answer["Content-Disposition"]

    def test_of_another_customer_opens_nothing(self, region: Region) -> None:
        word = publish().word
        assert page_of(publish(FOREIGN).word, FOREIGN, "2026-01").status_code == 200

        assert_opens_nothing(word, FOREIGN, "2026-01")
        assert_opens_nothing(word, OWN, "2026-07")
        assert_opens_nothing(word, OWN, "x")
        assert_opens_nothing(word, "%00", "2026-01")

    def test_opens_nothing_by_a_word_taken_back_or_ended(
        self, region: Region, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        issued, other = publish(), publish()
        operations.revoke_publication(
            publication_id=issued.publication.pk, by=SYSTEM_VIEWER, at=LATER
        )

        assert_opens_nothing(issued.word, OWN, "2026-01")
        assert_opens_nothing("wrong", OWN, "2026-01")
        assert page_of(other.word, OWN, "2026-01").status_code == 200
        look_at(monkeypatch, other.publication.ends_at)
        assert_opens_nothing(other.word, OWN, "2026-01")

    @pytest.mark.parametrize("place", [(), (OWN, "2026-01"), (OWN, "2026-01", "paper"), ("x", "y")])
    def test_is_held_by_no_cache_no_site_and_no_search_engine(
        self, region: Region, place: tuple[str, ...]
    ) -> None:
        answer = page_of(publish().word, *place)

        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"

    def test_takes_a_constant_number_of_queries(self, region: Region) -> None:
        address = f"/our-promises/{publish().word}/bills/{OWN}/2026-01/"
        with CaptureQueriesContext(connection) as many:
            Client().get(address)
        bill = Bill.objects.get(account__number=OWN, month="2026-01")
        bill.lines.exclude(position=bill.lines.order_by("position").first().position).delete()

        assert count_queries(Client(), address) == len(many) == 5


class TestCorrection:
    def test_is_shown_when_it_is_released_and_not_before(
        self, region: Region, tmp_path: Path
    ) -> None:
        first = Bill.objects.get(account__number=OWN, month="2026-01")
        point = UsagePoint.objects.get(account=first.account)
        doubled = world.curves([point], load=world.FLAT_LOAD * 2, days=1)
        world.store(tmp_path / "lake", doubled, key="late")
        correct_bills(
            month=world.MONTH,
            account_ids=[first.account_id],
            reason="补抄 1 月 1 日",
            by=SYSTEM_VIEWER,
            at=LATER,
        )
        word = publish().word
        assert page_of(word).context["ledger"].bills.rows[0].bill == first
        assert "补抄" not in text_of(word, OWN, "2026-01")

        release_bills(month=world.MONTH, by=SYSTEM_VIEWER, at=LATER)
        payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=LATER)

        answer = page_of(word, OWN, "2026-01")
        shown = answer.context["shown"]
        assert (shown.bill.replaces, shown.open_yuan) == (first, shown.bill.amount)
        text = answer.content.decode()
        assert "补抄 1 月 1 日" in text
        assert f"{shown.bill.amount - first.amount:,}" in text


class TestAnAccountThatPassedOn:
    def test_takes_no_bill_of_its_former_customer_along(
        self, region: Region, tmp_path: Path
    ) -> None:
        CustomerAccount.objects.filter(number=OWN).update(
            customer=Customer.objects.get(number=f"K{FOREIGN}")
        )
        former, new = publish(OWN).word, publish(FOREIGN).word

        assert_opens_nothing(former, OWN, "2026-01")
        assert_opens_nothing(new, OWN, "2026-01")
        rows = page_of(new).context["ledger"].bills.rows
        assert {r.bill.account.number for r in rows} == {FOREIGN}

    def test_stays_closed_when_an_old_month_is_corrected_for_the_new_one(
        self, region: Region
    ) -> None:
        CustomerAccount.objects.filter(number=OWN).update(
            customer=Customer.objects.get(number=f"K{FOREIGN}")
        )
        bill = Bill.objects.get(account__number=OWN, month="2026-01")
        entry = Entry.objects.get(event="billing.bill.released", subject_id=bill.pk)
        bill.is_current = False
        bill.save()
        again = Bill.objects.get(pk=bill.pk)
        again.pk, again.revision, again.replaces, again.reason = None, 1, bill, "补抄"
        again.is_current, again.released_at = True, None
        again.save()
        release_bills(month=world.MONTH, by=SYSTEM_VIEWER, at=LATER)

        assert (
            Entry.objects.filter(event="billing.bill.released", subject_id=again.pk)
            .values_list("customer_id", flat=True)
            .get()
            != entry.customer_id
        )
        assert_opens_nothing(publish(FOREIGN).word, OWN, "2026-01")

    def test_is_read_by_the_customer_that_the_former_was_merged_into(self, region: Region) -> None:
        old, into = account().customer, Customer.objects.get(number=f"K{FOREIGN}")
        CustomerAccount.objects.filter(number=OWN).update(customer=into)
        merge = CustomerMerge.objects.create(
            kind=MergeKind.MERGE,
            customer=into,
            other_id=old.pk,
            other_number=old.number,
            other_name=old.name,
            made_at=LATER,
            made_by="归并员",
        )
        word = publish(FOREIGN).word
        assert page_of(word, OWN, "2026-01").status_code == 200

        CustomerMerge.objects.filter(pk=merge.pk).update(undone_at=LATER)

        assert_opens_nothing(word, OWN, "2026-01")


class TestPublishing:
    def test_shows_bills_only_where_the_box_is_ticked(self, region: Region) -> None:
        client = region.client(Role.ACCOUNT_MANAGER)
        address = f"/customers/K{OWN}/promise-links/"

        client.post(address, {"given_to": "王厂长"})
        told = client.post(address, {"given_to": "李会计", "shows_bills": "1"})

        rows = PromisePublication.objects.order_by("id")
        assert list(rows.values_list("given_to", "shows_bills")) == [
            ("王厂长", False),
            ("李会计", True),
        ]
        assert "近 13 个月已发行的电费账单" in told.content.decode()
        entry = Entry.objects.latest("id")
        assert entry.changes["shows_bills"] is True
        tab = client.get(f"/customers/K{OWN}/tab/relations/").content.decode()
        assert tab.count("含账单") == 1
