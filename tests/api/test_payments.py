"""Payments for programs: the same acts, the same eyes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import Viewer
from busbar.journal.models import Entry
from busbar.payments.models import Payment, PaymentMatch, Receivable
from tests.api.affair import ROOT, client_of, get, post
from tests.imports.world import make_viewer
from tests.payments.world import World, balance, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def program_of(viewer: Viewer) -> Client:
    return client_of(Employee.objects.get(pk=viewer.employee_id).user)


def stranger(world: World, role: Role) -> Client:
    """Somebody of the next county."""
    next_county = OrganizationUnit.objects.create(
        code="N", name="邻县公司", kind="county", parent=world.province, path="000001"
    )
    return program_of(make_viewer(next_county, role, number="E9"))


def kept() -> tuple[Any, ...]:
    """Everything that money could have changed."""
    return (
        list(PaymentMatch.objects.order_by("pk").values()),
        list(Receivable.objects.order_by("pk").values()),
        Entry.objects.count(),
    )


class TestMatching:
    def waiting(self, world: World) -> tuple[Payment, Receivable]:
        """100 yuan owed, 60 came without a word."""
        owed = world.bill(world.account("3101000001"), "100.00")
        return world.pay("60.00", "货款"), owed

    def test_pays_a_bill_by_its_reference(self, world: World) -> None:
        payment, owed = self.waiting(world)

        answer = post(
            program_of(world.cashier),
            f"payments/{payment.pk}/match",
            {"bill_reference": owed.reference, "reason": "电话核实"},
        )

        assert (answer["bill_reference"], answer["account_number"]) == (
            owed.reference,
            "3101000001",
        )
        assert balance(owed.account) == (4000, 0, 0)
        shown = get(program_of(world.cashier), f"payments/{payment.pk}")
        assert len(shown["parts"]) == 1

    def test_is_undone_with_its_reason(self, world: World) -> None:
        payment, owed = self.waiting(world)
        cashier = program_of(world.cashier)
        body = {"bill_reference": owed.reference, "reason": "电话核实"}
        post(cashier, f"payments/{payment.pk}/match", body)
        match = PaymentMatch.objects.get()

        answer = post(cashier, f"payment-matches/{match.pk}/undo", {"reason": "认错了"})

        assert answer["undone_reason"] == "认错了"
        assert balance(owed.account) == (10000, 0, 0)

    @pytest.mark.parametrize(("role", "status"), [(Role.MANAGER, 403), (Role.REGULATOR, 403)])
    def test_is_refused_to_who_takes_no_payments(
        self, world: World, role: Role, status: int
    ) -> None:
        payment, owed = self.waiting(world)
        program = program_of(make_viewer(world.county, role, number="E8"))
        before = kept()

        match = {"bill_reference": owed.reference, "reason": "试"}
        credit = {"account_number": "3101000001", "reason": "试"}
        refund = {"payment_id": payment.pk, "amount_yuan": "1", "ground": "试"}
        post(program, f"payments/{payment.pk}/match", match, status=status)
        post(program, f"payments/{payment.pk}/credit", credit, status=status)
        post(program, "payment-refunds", refund, status=status)

        assert kept() == before

    def test_does_not_exist_for_another_county(self, world: World) -> None:
        payment, owed = self.waiting(world)
        program = stranger(world, Role.CASHIER)
        before = kept()

        body = {"bill_reference": owed.reference, "reason": "试"}
        post(program, f"payments/{payment.pk}/match", body, status=404)

        assert program.get(f"{ROOT}/payments/{payment.pk}").status_code == 404
        assert program.get(f"{ROOT}/receivables/statement/3101000001").status_code == 404
        assert get(program, "receivables")["items"] == []
        assert get(program, "payments")["items"] == []
        assert kept() == before


class TestStatement:
    def test_tells_bill_money_and_what_is_owed(self, world: World) -> None:
        owed = world.bill(world.account("3101000001"), "100.00")
        world.pay("60.00", owed.reference)

        told = get(
            program_of(world.accountant), "receivables/statement/3101000001", since="2026-01-01"
        )

        assert (told["owed_yuan"], told["credit_yuan"]) == ("40.00", "0.00")
        assert len(told["lines"]) == 2
