"""What is owed beside the bills: asked for, decided by another, in the ledger, taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from busbar.access.models import Role
from busbar.access.visibility import NotPermitted
from busbar.billing.quote import QuoteRefused
from busbar.claims import operations, queries
from busbar.claims.models import Claim
from busbar.claims.operations import (
    UnableToCompute,
    UnableToDecideClaim,
    UnableToRequestClaim,
    UnableToTakeBackClaim,
)
from busbar.journal.models import Entry
from busbar.kit.errors import Refusal
from busbar.payments import operations as payments_operations
from busbar.payments import queries as payments_queries
from busbar.payments.models import LateCharge, LedgerTransaction, PaymentMatch, Receivable
from busbar.pricing import operations as pricing_operations
from tests.claims.world import FAST, OUTAGE, THEFT, World, ledger_of
from tests.imports.world import make_viewer
from tests.payments.world import at, balance
from tests.shelf import lay


def refused(words: str, act: Callable[[], Any], kind: type[Refusal] = UnableToRequestClaim) -> None:
    """The act says so, and neither a claim nor money changed."""
    before = (list(Claim.objects.order_by("pk").values()), money())
    with pytest.raises(kind, match=words):
        act()
    assert (list(Claim.objects.order_by("pk").values()), money()) == before


def money() -> tuple[int, int]:
    return Receivable.objects.count(), LedgerTransaction.objects.count()


class TestRequestClaim:
    def test_computes_a_theft_and_owes_nothing_yet(self, world: World) -> None:
        claim = world.request(THEFT)

        assert (claim.kind, claim.state, claim.amount_fen) == ("theft", "requested", 230_400)
        assert [(line["id"], line["amount_yuan"]) for line in claim.answer["lines"]] == [
            ("theft.owed", "576.00"), ("breach.multiple", "1728.00"),
        ]  # fmt: skip
        assert claim.answer["lines"][0]["formula"] == "2 × 90 × 8 × 0.4 = 576.00 元"
        assert claim.answer["rule_set"] == "R2024"
        assert claim.number.startswith("ZB26000001")
        assert money() == (0, 0)

    def test_is_written_in_the_journal_with_its_ground(self, world: World) -> None:
        claim = world.request(THEFT)

        entry = Entry.objects.get(event="claims.claim.requested")
        assert (entry.subject_label, entry.reason) == (claim.number, "用电检查单 2026-017")

    def test_numbers_follow_each_other_in_a_year(self, world: World) -> None:
        first, second = world.request(THEFT), world.request(FAST)

        assert (first.number[:10], second.number[:10]) == ("ZB26000001", "ZB26000002")

    def test_the_kept_document_computes_to_the_kept_answer(self, world: World) -> None:
        for document in (THEFT, FAST, OUTAGE):
            claim = world.request(document)
            claim.refresh_from_db()

            assert queries.comes_out_again(claim)

    def test_one_that_was_altered_does_not(self, world: World) -> None:
        claim = world.request(THEFT)
        claim.document["days"] = "91"

        assert not queries.comes_out_again(claim)

    def test_refuses_what_cannot_be_claimed(self, world: World) -> None:
        def asking(document: dict[str, Any], **facts: Any) -> Callable[[], Any]:
            return lambda: world.request(document, **facts)

        refused("没有户号 9999", asking(THEFT, account_number="9999"))
        refused("请写明事由和依据", asking(THEFT, ground=" "))
        refused("在今天之后", asking({**THEFT, "on": "2026-02-08"}))
        refused("kind 应为", asking({**THEFT, "kind": "bill"}), UnableToCompute)
        undated = {"rule_set": "R2024", **{k: v for k, v in THEFT.items() if k != "on"}}
        refused("须写明发生或查明日期", asking(undated), UnableToCompute)
        unpriced = {key: value for key, value in FAST.items() if key != "tariff"}
        refused("没有电价", asking(unpriced), UnableToCompute)
        refused("为零", asking({**FAST, "error_percent": "0"}), UnableToCompute)
        refused(r"\$\.days：", asking({**THEFT, "days": "-1"}), QuoteRefused)

    def test_only_who_may_and_who_sees_the_account(self, world: World) -> None:
        cashier = world.payments.cashier
        stranger = make_viewer(_neighbour(world), Role.SAFETY_INSPECTOR, number="E12")

        refused("提出追补与赔偿", lambda: world.request(by=cashier), NotPermitted)
        refused("不在您的范围之内", lambda: world.request(by=stranger))


def _neighbour(world: World) -> Any:
    from busbar.access.models import OrganizationUnit

    return OrganizationUnit.objects.create(
        code="N", name="邻县", kind="county", parent=world.payments.province, path="000001"
    )


class TestDecideClaim:
    def test_approved_is_owed_with_its_incomes_apart(self, world: World) -> None:
        claim = world.approve(world.request(THEFT))

        owed = claim.receivable
        assert owed is not None
        assert (owed.kind, owed.amount_fen, owed.open_fen) == ("claim", 230_400, 230_400)
        assert (owed.issued_on, owed.due_on) == (dt.date(2026, 2, 7), dt.date(2026, 2, 22))
        head = LedgerTransaction.objects.get()
        assert head.kind == "claimed"
        assert ledger_of(head.pk) == [
            ("receivable", 230_400), ("revenue", -57_600), ("claim_income", -172_800),
        ]  # fmt: skip
        assert balance(world.account) == (230_400, 0, 0)
        assert payments_queries.list_disagreements() == []

    def test_energy_too_much_becomes_credit(self, world: World) -> None:
        claim = world.approve(world.request(FAST))

        # Half the error of 10 %: 11,000 ÷ 1.1 × 10 % ÷ 2 = 500 kWh at 0.50 yuan.
        assert claim.amount_fen == -25_000
        assert ledger_of(LedgerTransaction.objects.get().pk) == [
            ("credit", -25_000), ("revenue", 25_000),
        ]  # fmt: skip
        assert balance(world.account) == (0, 25_000, 0)

    def test_compensation_is_the_company_s_expense(self, world: World) -> None:
        claim = world.approve(world.request(OUTAGE))

        # 30 h × (30,000 ÷ 30 ÷ 24) × 0.62 × 5 = 3,875.00 yuan.
        assert claim.amount_fen == -387_500
        assert ledger_of(LedgerTransaction.objects.get().pk) == [
            ("credit", -387_500), ("compensation", 387_500),
        ]  # fmt: skip
        assert payments_queries.list_disagreements() == []

    def test_the_credit_pays_the_next_bill(self, world: World) -> None:
        world.approve(world.request(FAST))

        owed = world.payments.bill(world.account, "1000.00")

        assert owed.open_fen == 75_000
        assert balance(world.account) == (75_000, 0, 0)

    def test_a_payer_who_names_it_pays_it(self, world: World) -> None:
        claim = world.approve(world.request(THEFT))
        assert claim.receivable is not None

        world.payments.pay("2304.00", claim.receivable.reference)

        claim.receivable.refresh_from_db()
        assert (claim.receivable.open_fen, claim.receivable.settled_on) == (
            0, dt.date(2026, 2, 10),
        )  # fmt: skip

    def test_it_is_no_bill_it_is_not_charged_for_being_late(self, world: World) -> None:
        lay(pricing_operations.load_seed)
        world.approve(world.request(THEFT))

        charged = payments_operations.charge_late_payments(
            by=world.payments.accountant, at=at("2026-04-01")
        )

        assert (charged, LateCharge.objects.count()) == (0, 0)

    def test_refused_owes_nothing_and_keeps_the_reason(self, world: World) -> None:
        claim = world.request(THEFT)

        operations.refuse_claim(
            number=claim.number, remark="证据不足", by=world.leader, at=at("2026-02-07")
        )

        claim.refresh_from_db()
        assert (claim.state, claim.decision_remark, claim.receivable) == (
            "refused", "证据不足", None,
        )  # fmt: skip
        assert money() == (0, 0)

    def test_nobody_decides_about_his_own_nor_twice(self, world: World) -> None:
        both = make_viewer(world.payments.county, Role.SAFETY_INSPECTOR, Role.MANAGER, number="E13")
        own, decided = world.request(by=both), world.approve(world.request())

        def approving(claim: Claim, by: Any) -> Callable[[], Any]:
            return lambda: operations.approve_claim(
                number=claim.number, remark="", by=by, at=at("2026-02-08")
            )

        refused("不能由提出的人自己审批", approving(own, both), UnableToDecideClaim)
        refused("已入账，不能再审批", approving(decided, both), UnableToDecideClaim)
        refused("审批追补与赔偿", approving(own, world.inspector), NotPermitted)
        refused(
            "须写明理由",
            lambda: operations.refuse_claim(
                number=own.number, remark="", by=world.leader, at=at("2026-02-08")
            ),
            UnableToDecideClaim,
        )


class TestTakeBackClaim:
    def test_unpaid_it_is_owed_no_more(self, world: World) -> None:
        claim = world.take_back(world.approve(world.request(THEFT)))

        owed = claim.receivable
        assert owed is not None
        owed.refresh_from_db()
        assert (claim.state, owed.open_fen, balance(world.account)) == (
            "taken_back", 0, (0, 0, 0),
        )  # fmt: skip
        heads = list(LedgerTransaction.objects.order_by("pk"))
        assert [head.kind for head in heads] == ["claimed", "claim_reversed", "matched"]
        assert ledger_of(heads[1].pk) == [
            ("credit", -230_400), ("revenue", 57_600), ("claim_income", 172_800),
        ]  # fmt: skip
        assert payments_queries.list_disagreements() == []

    def test_what_was_paid_of_it_becomes_credit(self, world: World) -> None:
        claim = world.approve(world.request(THEFT))
        assert claim.receivable is not None
        world.payments.pay("304.00", claim.receivable.reference)

        world.take_back(claim)

        assert balance(world.account) == (0, 30_400, 0)
        assert payments_queries.list_disagreements() == []

    def test_credit_it_gave_is_taken_from_what_is_there(self, world: World) -> None:
        claim = world.approve(world.request(OUTAGE))
        world.payments.bill(world.account, "3000.00")
        assert balance(world.account) == (0, 87_500, 0)

        world.take_back(claim)

        assert balance(world.account) == (300_000, 0, 0)
        assert payments_queries.list_disagreements() == []

    def test_its_payment_undone_owes_nothing_again(self, world: World) -> None:
        claim = world.approve(world.request(THEFT))
        assert claim.receivable is not None
        world.payments.pay("2304.00", claim.receivable.reference)
        world.take_back(claim)
        match = PaymentMatch.objects.get(payment__isnull=False)

        payments_operations.undo_match(
            match_id=match.pk, reason="付错户号", by=world.payments.cashier, at=at("2026-03-03")
        )

        claim.receivable.refresh_from_db()
        assert (claim.receivable.open_fen, balance(world.account)) == (0, (0, 0, 0))
        assert payments_queries.list_disagreements() == []

    def test_refuses_what_was_not_raised_and_wants_a_reason(self, world: World) -> None:
        waiting, raised = world.request(THEFT), world.approve(world.request(THEFT))

        def taking(claim: Claim, reason: str, by: Any) -> Callable[[], Any]:
            return lambda: operations.take_back_claim(
                number=claim.number, reason=reason, by=by, at=at("2026-03-02")
            )

        leader = world.leader
        refused("只有已入账的才能冲回", taking(waiting, "误", leader), UnableToTakeBackClaim)
        refused("请写明冲回的原因", taking(raised, " ", leader), UnableToTakeBackClaim)
        refused("审批追补与赔偿", taking(raised, "误", world.inspector), NotPermitted)


class TestListClaims:
    def test_finds_by_state_kind_number_account_and_customer(self, world: World) -> None:
        first, second = world.request(THEFT), world.approve(world.request(FAST))

        def found(**asked: str) -> list[str]:
            return [row.number for row in queries.list_claims(world.leader, **asked)]

        assert found() == [second.number, first.number]
        assert found(state="requested") == [first.number]
        assert found(kind="meter_error") == [second.number]
        assert found(text=second.number) == [second.number]
        assert found(text="3101") == [second.number, first.number]
        assert found(text="红星") == [second.number, first.number]
        assert found(text="蓝天") == []

    def test_a_neighbour_sees_none(self, world: World) -> None:
        claim = world.request(THEFT)
        stranger = make_viewer(_neighbour(world), Role.MANAGER, number="E12")

        assert list(queries.list_claims(stranger)) == []
        assert queries.find_claim(stranger, claim.number) is None

    def test_a_statement_names_it_and_what_was_taken_back(self, world: World) -> None:
        world.take_back(world.approve(world.request(THEFT)))

        lines = payments_queries.get_statement(
            world.leader, [world.account.pk], since=dt.date(2026, 1, 1)
        )[world.account.pk]

        assert [(line.kind, line.amount_yuan, line.owed_yuan) for line in lines] == [
            ("claim", 2304, 2304), ("claim_back", -2304, 0),
        ]  # fmt: skip
