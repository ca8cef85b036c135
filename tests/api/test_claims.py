"""Claims for programs: the same acts, the same eyes, the computation with every rule."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import Viewer
from busbar.claims.models import Claim
from busbar.customers.models import CustomerGroup
from busbar.journal.models import Entry
from busbar.payments import queries as payments_queries
from busbar.payments.models import LedgerTransaction, Receivable
from tests.api.affair import ROOT, client_of, get, post
from tests.claims.world import FAST, OUTAGE, THEFT, World, make_claims_world
from tests.imports.world import make_viewer
from tests.payments.world import at, balance

pytestmark = pytest.mark.django_db
GROUND = "用电检查单 2026-017"
ASKED = {"account_number": "3101000001", "document": THEFT, "ground": GROUND}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The county of the room's tests, on 6 February 2026."""
    monkeypatch.setattr("busbar.api.claims.now", lambda: at("2026-02-06"))
    return make_claims_world()


def program_of(viewer: Viewer) -> Client:
    return client_of(Employee.objects.get(pk=viewer.employee_id).user)


def stranger(world: World) -> Client:
    """Somebody of the next county who may ask and decide."""
    next_county = OrganizationUnit.objects.create(
        code="N", name="邻县公司", kind="county", parent=world.payments.province, path="000001"
    )
    return program_of(make_viewer(next_county, Role.SAFETY_INSPECTOR, Role.MANAGER, number="E9"))


def kept() -> tuple[Any, ...]:
    """Everything that a claim could have changed."""
    return (
        list(Claim.objects.order_by("pk").values()),
        list(Receivable.objects.order_by("pk").values()),
        LedgerTransaction.objects.count(),
        Entry.objects.count(),
    )


class TestRequest:
    def test_computes_and_shows_each_line_with_its_rules(self, world: World) -> None:
        told = post(program_of(world.inspector), "claims", ASKED)

        assert (told["kind"], told["state"], told["amount_yuan"]) == (
            "theft", "requested", "2304.00",
        )  # fmt: skip
        assert (told["account_number"], told["customer_name"], told["ground"]) == (
            "3101000001", "红星钢铁", GROUND,
        )  # fmt: skip
        assert (told["reference"], told["open_yuan"], told["due_on"]) == (None, None, None)
        assert told["document"] == {**THEFT, "reference": "3101000001"}
        assert (told["rule_set"], told["comes_out_again"], told["notes"]) == ("R2024", True, [])
        owed, multiple = told["lines"]
        assert (owed["line_id"], owed["amount_yuan"], owed["formula"]) == (
            "theft.owed", "576.00", "2 × 90 × 8 × 0.4 = 576.00 元",
        )  # fmt: skip
        assert (multiple["based_on"], multiple["quantity"], multiple["amount_yuan"]) == (
            ["theft.owed"], "576", "1728.00",
        )  # fmt: skip
        first = multiple["rules"][0]
        assert (first["code"], first["value"], first["certainty"]) == (
            "theft.multiple", "3", "unverified",
        )  # fmt: skip
        assert first["article"]
        assert "省发改委电价表" in {rule["source"] for rule in owed["rules"]}
        assert told["quantities"][0]["value"] == "1440"

    def test_names_every_place_that_has_to_change(self, world: World) -> None:
        inspector, before = program_of(world.inspector), kept()

        def refused(document: dict[str, Any], **facts: Any) -> str:
            asked = {**ASKED, "document": document, **facts}
            return str(post(inspector, "claims", asked, status=409)["detail"])

        both = refused({**THEFT, "days": "-1", "hours": "3"})
        assert "$.days：现为 -1，" in both
        assert "$.hours：" in both
        assert "kind 应为" in refused({"kind": "bill"})
        assert "NUL" in refused({**THEFT, "price_source": "\x00"})
        assert refused(THEFT, ground=" ") == "请写明事由和依据，如检查单号"
        post(inspector, "claims", {**ASKED, "grounds": "x"}, status=422)
        post(inspector, "claims", {**ASKED, "document": []}, status=422)
        assert kept() == before

    def test_only_by_who_may_for_an_account_in_sight(self, world: World) -> None:
        foreign, before = stranger(world), kept()

        post(foreign, "claims", ASKED, status=404)
        told = post(program_of(world.payments.cashier), "claims", ASKED, status=403)

        assert "提出追补与赔偿" in told["detail"]
        assert kept()[:3] == before[:3]


class TestDecision:
    def test_yes_makes_it_owed_until_a_day(self, world: World) -> None:
        claim = world.request(THEFT)

        body = {"approved": True, "remark": "同意"}
        told = post(program_of(world.leader), f"claims/{claim.number}/decision", body)

        owed = Receivable.objects.get()
        assert (told["state"], told["decision_remark"], told["reference"]) == (
            "raised", "同意", owed.reference,
        )  # fmt: skip
        assert (told["open_yuan"], told["due_on"]) == ("2304.00", "2026-02-21")
        assert balance(world.account) == (230_400, 0, 0)

    def test_a_no_wants_a_reason(self, world: World) -> None:
        claim, leader = world.request(THEFT), program_of(world.leader)
        path, before = f"claims/{claim.number}/decision", Claim.objects.values().get()

        bare = post(leader, path, {"approved": False}, status=409)
        assert (bare["detail"], Claim.objects.values().get()) == ("不予批准须写明理由", before)
        told = post(leader, path, {"approved": False, "remark": "证据不足"})

        assert (told["state"], told["decision_remark"]) == ("refused", "证据不足")
        assert not Receivable.objects.exists()

    def test_is_not_one_s_own_nor_made_twice(self, world: World) -> None:
        both = make_viewer(world.payments.county, Role.SAFETY_INSPECTOR, Role.MANAGER, number="E13")
        own, decided = world.request(by=both), world.approve(world.request())
        program, yes = program_of(both), {"approved": True}
        inspector, before = program_of(world.inspector), kept()[:3]

        own_path = f"claims/{own.number}/decision"
        told = [
            post(program, own_path, yes, status=409),
            post(program, f"claims/{decided.number}/decision", yes, status=409),
            post(inspector, own_path, yes, status=403),
        ]

        assert [one["detail"] for one in told] == [
            "追补单不能由提出的人自己审批",
            f"追补单 {decided.number}已入账，不能再审批",
            "没有“审批追补与赔偿”的权限",
        ]
        post(program, own_path, {"approved": "perhaps"}, status=422)
        assert kept()[:3] == before


class TestReversal:
    def test_is_owed_no_more(self, world: World) -> None:
        claim = world.approve(world.request(THEFT))
        path = f"claims/{claim.number}/reversal"

        told = post(program_of(world.leader), path, {"reason": "认定有误"})

        assert (told["state"], told["taken_back_reason"], told["open_yuan"]) == (
            "taken_back", "认定有误", "0.00",
        )  # fmt: skip
        assert balance(world.account) == (0, 0, 0)
        assert payments_queries.list_disagreements() == []

    def test_is_refused_of_what_is_not_owed(self, world: World) -> None:
        waiting, raised = world.request(THEFT), world.approve(world.request(THEFT))
        leader, inspector = program_of(world.leader), program_of(world.inspector)
        before = kept()[:3]

        post(leader, f"claims/{waiting.number}/reversal", {"reason": "误"}, status=409)
        post(leader, f"claims/{raised.number}/reversal", {"reason": " "}, status=409)
        post(inspector, f"claims/{raised.number}/reversal", {"reason": "误"}, status=403)

        assert kept()[:3] == before


class TestList:
    def test_is_narrowed_and_newest_first_by_page(self, world: World) -> None:
        theft, fast, outage = (world.request(d) for d in (THEFT, FAST, OUTAGE))
        world.approve(fast)
        leader = program_of(world.leader)
        group = CustomerGroup.objects.create(code="G1", name="红星集团")

        def found(**asked: Any) -> list[str]:
            return [row["number"] for row in get(leader, "claims", **asked)["items"]]

        first = get(leader, "claims", limit=2)
        assert [row["number"] for row in first["items"]] == [outage.number, fast.number]
        assert found(limit=2, after=first["next"]) == [theft.number]
        assert found(state="raised") == [fast.number]
        assert found(kind="compensation") == [outage.number]
        assert (found(text="红星"), found(text=theft.number)) == (found(), [theft.number])
        assert found(group="G1") == []
        world.account.customer.group = group
        world.account.customer.save()
        assert found(group="G1") == found()
        assert leader.get(f"{ROOT}/claims", {"state": "lost"}).status_code == 422

    def test_takes_as_many_queries_whatever_its_length(self, world: World) -> None:
        leader, counts = program_of(world.leader), []
        for _ in range(3):
            world.approve(world.request(THEFT))
            with CaptureQueriesContext(connection) as seen:
                get(leader, "claims")
            counts.append(len(seen))

        assert len(set(counts)) == 1
        assert counts[0] <= 6, counts

    def test_shows_nothing_to_another_county(self, world: World) -> None:
        claim, foreign = world.approve(world.request(THEFT)), stranger(world)
        before = kept()

        path = f"claims/{claim.number}"
        assert get(foreign, "claims")["items"] == []
        assert foreign.get(f"{ROOT}/{path}").status_code == 404
        post(foreign, f"{path}/decision", {"approved": True}, status=404)
        post(foreign, f"{path}/reversal", {"reason": "误"}, status=404)
        assert Client().get(f"{ROOT}/claims").status_code == 401
        assert kept() == before

    def test_tells_what_the_company_owes_below_nought(self, world: World) -> None:
        claim = world.approve(world.request(OUTAGE))

        told = get(program_of(world.leader), f"claims/{claim.number}")

        assert (told["amount_yuan"], told["open_yuan"]) == ("-3875.00", "0.00")
        assert [line["amount_yuan"] for line in told["lines"]] == ["3875.00"]

    def test_tells_where_the_document_no_longer_comes_out(self, world: World) -> None:
        altered, untaken = world.request(THEFT), world.request(THEFT)
        Claim.objects.filter(pk=altered.pk).update(document={**altered.document, "days": "91"})
        Claim.objects.filter(pk=untaken.pk).update(document={**untaken.document, "days": "x"})
        leader = program_of(world.leader)

        told = [get(leader, f"claims/{row.number}") for row in (altered, untaken)]

        assert [one["comes_out_again"] for one in told] == [False, False]
