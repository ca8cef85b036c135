"""Visits planned, prepared and minuted; calls and messages; entered for the customer (U5, U24)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from busbar.access.visibility import Viewer
from busbar.customers.models import CustomerAccount
from busbar.journal.models import Entry
from busbar.kit.errors import Refusal
from busbar.payments.models import Receivable
from busbar.service_desk import operations, queries
from busbar.service_desk.models import Interaction
from busbar.service_desk.operations import UnableToRecordInteraction, UnableToServe
from tests.payments.world import at
from tests.service_desk.world import MONDAY, Desk


def refused(kind: type[Refusal], text: str, act: object) -> None:
    """The act is refused with the text; rows and journal stay as they were."""
    before, entries = list(Interaction.objects.order_by("id").values()), Entry.objects.count()
    with pytest.raises(kind, match=text), transaction.atomic():
        act()  # type: ignore[operator]
    assert list(Interaction.objects.order_by("id").values()) == before
    assert Entry.objects.count() == entries


def plan(desk: Desk, **facts: object) -> Interaction:
    """A visit a week from Monday."""
    usual: dict[str, object] = {
        "customer_number": "K1",
        "subject": "迎峰度夏走访",
        "planned_at": at("2026-03-16", 10),
        "owner_id": desk.manager.employee_id,
        "by": desk.manager,
        "at": at(MONDAY),
    }
    return operations.plan_interaction(**{**usual, **facts})  # type: ignore[arg-type]


def owe(account: CustomerAccount, *, fen: int) -> None:
    """A charge on the account, overdue since February the twentieth."""
    Receivable.objects.create(
        kind="late",
        account=account,
        month="2026-01",
        reference=f"DF{account.pk:012d}",
        amount_fen=fen,
        open_fen=fen,
        issued_on=dt.date(2026, 2, 3),
        due_on=dt.date(2026, 2, 20),
    )


class TestPlanning:
    def test_goes_from_planned_over_prepared_to_done(self, desk: Desk) -> None:
        desk.promise(days=3)
        desk.complain()
        row = plan(desk)

        operations.prepare_interaction(
            interaction_id=row.pk, topics="检修安排", by=desk.manager, at=at("2026-03-13")
        )
        done = operations.record_minutes(
            interaction_id=row.pk, happened_at=at("2026-03-16", 10), minutes="已谈妥",
            their_people="王厂长", by=desk.manager, at=at("2026-03-16", 12),
        )  # fmt: skip

        assert done.state == "done"
        headings = [heading for heading, _text in done.preparation]
        assert headings == ["未兑现的承诺", "未办结的投诉", "上次往来"]
        assert "已超期" in done.preparation[0][1]
        assert list(queries.list_planned(desk.manager)) == []

    def test_tells_who_sees_one_account_of_its_debt_alone(self, desk: Desk) -> None:
        desk.promise()
        desk.complain()
        theirs = CustomerAccount.objects.create(
            number="3101020001",
            name="轴承厂分厂",
            customer=desk.customer,
            unit=desk.units["310102"],
        )
        owe(theirs, fen=20_000)
        owe(desk.customer.accounts.get(number="3101000001"), fen=100_000)

        def told(viewer: Viewer) -> list[list[str]]:
            found = queries.brief(viewer, desk.customer, at=at(MONDAY, 12))
            return [line.plain() for line in found]

        assert told(desk.neighbor) == [["逾期电费", "1 笔共 200.00 元，最早 2026-02-20 到期"]]
        assert ["逾期电费", "2 笔共 1,200.00 元，最早 2026-02-20 到期"] in told(desk.manager)

    def test_in_the_past_or_by_telephone_is_refused(self, desk: Desk) -> None:
        refused(
            UnableToRecordInteraction,
            "计划时间已过",
            lambda: plan(desk, planned_at=at("2026-03-01")),
        )
        refused(UnableToRecordInteraction, "只有走访和会议", lambda: plan(desk, kind="call"))

    def test_minutes_say_who_was_there_and_what_was_said(self, desk: Desk) -> None:
        row = plan(desk)
        for facts, told in (
            ({"minutes": ""}, "纪要"),
            ({"their_people": " "}, "客户方参加"),
            ({"happened_at": at("2026-03-17")}, "不能在以后"),
        ):
            usual = {
                "happened_at": at("2026-03-16", 10), "minutes": "x", "their_people": "王厂长",
            }  # fmt: skip
            refused(
                UnableToRecordInteraction,
                told,
                lambda facts=facts, usual=usual: operations.record_minutes(
                    interaction_id=row.pk,
                    **{**usual, **facts},
                    by=desk.manager,
                    at=at("2026-03-16", 12),
                ),
            )

    def test_a_cancelled_one_stays_with_its_reason(self, desk: Desk) -> None:
        row = plan(desk)
        refused(
            UnableToRecordInteraction,
            "取消的原因",
            lambda: operations.cancel_interaction(
                interaction_id=row.pk, reason="", by=desk.manager, at=at("2026-03-10")
            ),
        )
        operations.cancel_interaction(
            interaction_id=row.pk, reason="客户出差", by=desk.manager, at=at("2026-03-10")
        )
        refused(
            UnableToRecordInteraction,
            "已取消，不能再改",
            lambda: operations.prepare_interaction(
                interaction_id=row.pk, topics="x", by=desk.manager, at=at("2026-03-11")
            ),
        )
        assert Interaction.objects.get().cancelled_because == "客户出差"


class TestForTheCustomer:
    def test_names_who_said_it_and_counts_as_theirs(self, desk: Desk) -> None:
        row = desk.hold(kind="call", is_for_customer=True, contact_name="王厂长", by=desk.agent)

        assert (row.direction, row.contact_name) == ("in", "王厂长")
        assert row.contact is not None
        assert row.entered_by_name == desk.agent.name

    def test_without_a_name_is_refused(self, desk: Desk) -> None:
        refused(
            UnableToRecordInteraction,
            "哪一位",
            lambda: desk.hold(kind="call", is_for_customer=True),
        )


class TestAttaching:
    def test_keeps_the_file_with_the_customer_s_documents(
        self, desk: Desk, tmp_path: Path, settings: Any
    ) -> None:
        settings.FILES_ROOT = tmp_path
        row = desk.hold()

        operations.attach_to_interaction(
            interaction_id=row.pk, title="签到表", file_name="a.pdf",
            chunks=[b"%PDF-1.4 x"], by=desk.manager, at=at(MONDAY, 11),
        )  # fmt: skip

        found = queries.get_interaction(desk.manager, row.pk)
        assert [file.document.title for file in found.files.all()] == ["签到表"]


class TestVisibility:
    def test_is_of_the_unit_and_the_team_and_no_neighbor(self, desk: Desk) -> None:
        row = desk.hold()

        assert queries.get_interaction(desk.agent, row.pk) == row
        with pytest.raises(Interaction.DoesNotExist):
            queries.get_interaction(desk.neighbor, row.pk)
        refused(UnableToServe, "没有客户 K1", lambda: desk.hold(by=desk.neighbor))
