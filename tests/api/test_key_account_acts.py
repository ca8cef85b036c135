"""A program does what the console does: plans, offers, surveys, the desk, certificates."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from busbar.access import operations as access_operations
from busbar.access.models import Mandate, Role
from busbar.journal.models import Entry
from busbar.key_accounts import operations as key_operations
from busbar.key_accounts.models import (
    AccountPlan,
    ManagerQualification,
    Opportunity,
    PlanSigning,
    ServiceDue,
    Solution,
)
from busbar.service_desk.models import Complaint, Interaction, Survey, SurveyInvitation
from tests.api.affair import ROOT
from tests.api.test_service_desk import program_of
from tests.imports.world import make_viewer
from tests.key_accounts.test_plans import paper
from tests.payments.world import at
from tests.service_desk.world import MONDAY, SYSTEM, Desk, make_desk

pytestmark = pytest.mark.django_db
NOW = at("2026-03-10", 10)
SECTIONS = {"profile": "轴承", "goals": "降本 3%", "budget_yuan": "50000.00"}


@pytest.fixture
def desk(db: None, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The desk's world with products, services, standards and mandates; now is a Tuesday."""
    desk = make_desk()
    key_operations.load_services_seed(at=at("2026-01-01"))
    key_operations.load_managers_seed(at=at("2026-01-01"))
    access_operations.load_mandates(at=at("2026-01-01"))
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    return desk


@pytest.fixture
def manager(desk: Desk) -> Client:
    return program_of(desk.manager)


@pytest.fixture
def head(desk: Desk) -> Client:
    """The county's head."""
    return program_of(make_viewer(desk.units["310101"], Role.MANAGER, number="E70"))


def post(client: Client, address: str, status: int = 200, **body: Any) -> Any:
    answer = client.post(f"{ROOT}/{address}", body, content_type="application/json")
    assert answer.status_code == status, answer.content.decode()
    return answer.json()


def get(client: Client, address: str, status: int = 200) -> Any:
    answer = client.get(f"{ROOT}/{address}")
    assert answer.status_code == status, answer.content.decode()
    return answer.json()


class TestPlans:
    def test_a_year_from_draft_to_review(self, desk: Desk, manager: Client) -> None:
        plan = post(manager, "account-plans", customer_number="K1", year=2026)
        here = f"account-plans/{plan['id']}"
        post(manager, f"{here}/sections", **SECTIONS)
        drafted = post(
            manager, f"{here}/measures", text="能效诊断", owner="E2", due_on="2026-04-01"
        )
        meeting = desk.hold(kind="meeting", subject="联合计划会")
        post(manager, f"{here}/meetings", interaction_id=meeting.pk)
        signed = post(
            manager, f"{here}/sign", our_signatory="李经理", their_signatory="王厂长",
            signed_on="2026-03-10", document_id=paper(desk).pk,
        )  # fmt: skip
        measure = drafted["measures"][0]
        told = post(
            manager, f"account-plans/measures/{measure['id']}/report", progress_percent=100,
            note="完成",
        )  # fmt: skip
        closed = post(manager, f"{here}/close", review="降本 3.2%")

        assert (measure["owner_name"], measure["due_on"]) == ("员工E2", "2026-04-01")
        assert (signed["state"], told["measures"][0]["state"]) == ("agreed", "done")
        assert (closed["state"], closed["goals"], closed["budget_yuan"]) == (
            "closed", "降本 3%", "50000.00",
        )  # fmt: skip
        assert PlanSigning.objects.get().content["goals"] == "降本 3%"

    def test_is_revised_as_the_next_version(self, desk: Desk, manager: Client) -> None:
        plan = AccountPlan.objects.get(pk=_agreed(desk, manager))

        again = post(manager, f"account-plans/{plan.pk}/revise", reason="增产")

        assert (again["state"], again["version"]) == ("draft", 2)

    def test_a_sector_s_plan_is_the_unit_s(self, desk: Desk, manager: Client) -> None:
        made = post(manager, "account-plans/sectors", sector="industry", unit="310101", year=2026)

        assert (made["scope"], made["customer_number"], made["sector"]) == (
            "sector", None, "industry",
        )  # fmt: skip

    def test_what_is_left_out_of_the_sections_stays(self, desk: Desk, manager: Client) -> None:
        plan = post(manager, "account-plans", customer_number="K1", year=2026)
        post(manager, f"account-plans/{plan['id']}/sections", **SECTIONS)

        told = post(
            manager, f"account-plans/{plan['id']}/sections", goals="降本 5%", budget_yuan="0"
        )

        assert (told["profile"], told["goals"], told["budget_yuan"]) == ("轴承", "降本 5%", "0.00")

    def test_refuses_with_the_operation_s_sentence(self, desk: Desk, manager: Client) -> None:
        plan = post(manager, "account-plans", customer_number="K1", year=2026)
        entries = Entry.objects.count()

        twice = post(manager, "account-plans", 409, customer_number="K1", year=2026)
        early = post(
            manager, f"account-plans/{plan['id']}/sign", 409, our_signatory="李",
            signed_on="2026-03-10",
        )  # fmt: skip
        post(manager, f"account-plans/{plan['id']}/sections", 422, goal="x", budget_yuan="1")
        nobody = post(
            manager, f"account-plans/{plan['id']}/measures", 404, text="x", owner="E4",
            due_on="2026-04-01",
        )  # fmt: skip

        assert twice["detail"] == "临江轴承厂已有 2026 年的计划"
        assert early["detail"] == "概况、目标和至少一项措施写好后才能签署"
        assert nobody["detail"] == "没有这条记录，或不在您的可见范围内"
        assert Entry.objects.count() == entries


class TestServices:
    def test_are_recorded_with_the_talk_or_waived(self, desk: Desk, manager: Client) -> None:
        key_operations.raise_due_services(by=SYSTEM, at=at(MONDAY))
        first, second = ServiceDue.objects.order_by("pk")[:2]
        talk = desk.hold()

        done = post(
            manager, f"service-dues/{first.pk}/record", record="已走访", interaction_id=talk.pk
        )
        waived = post(manager, f"service-dues/{second.pk}/waive", reason="客户停产")

        assert (done["state"], waived["state"], waived["record"]) == (
            "done", "skipped", "客户停产",
        )  # fmt: skip
        first.refresh_from_db()
        assert first.interaction_id == talk.pk

    def test_tell_their_frequency_and_template(self, manager: Client) -> None:
        told = get(manager, "service-dues/services")

        assert len(told) == 7
        assert all(bool(row["every_days"]) != bool(row["event"]) for row in told)


class TestOffers:
    ASKED = {
        "customer_number": "K1", "product_code": "energy_audit", "reason": "单耗高",
        "expected_yuan": "12000.00", "price_yuan": "3000.00",
    }  # fmt: skip

    def test_go_from_the_chance_to_the_benefit(self, desk: Desk, manager: Client) -> None:
        made = post(manager, "opportunities", **self.ASKED)
        here = f"opportunities/{made['id']}"
        post(manager, f"{here}/decide", is_accepted=True)
        post(manager, f"{here}/deliver", delivery="审计报告")
        told = post(manager, f"{here}/benefit", benefit_yuan="15000.50", basis="4–6 月账单")

        assert (told["stage"], told["benefit_yuan"], told["benefit_basis"]) == (
            "measured", "15000.50", "4–6 月账单",
        )  # fmt: skip

    def test_are_lost_with_the_reason_only(self, desk: Desk, manager: Client) -> None:
        made = post(manager, "opportunities", **self.ASKED)

        bare = post(manager, f"opportunities/{made['id']}/decide", 409, is_accepted=False)
        lost = post(
            manager, f"opportunities/{made['id']}/decide", is_accepted=False, reason="已自建"
        )

        assert bare["detail"] == "请写明未成的原因"
        assert (lost["stage"], lost["lost_because"]) == ("lost", "已自建")

    def test_stand_together_in_a_solution(self, desk: Desk, manager: Client) -> None:
        made = post(manager, "solutions", customer_number="K1", name="节能", need="降低单耗")
        here = f"solutions/{made['id']}"
        item = post(manager, "opportunities", **self.ASKED, solution_id=made["id"])
        quoted = post(manager, f"{here}/quote")
        decided = post(manager, f"{here}/decide", is_accepted=True, decided_by="王厂长")
        post(manager, f"opportunities/{item['id']}/deliver", delivery="报告")
        done = post(manager, f"{here}/evaluate", evaluation="满意", score=5)

        assert (quoted["quoted_yuan"], decided["state"]) == ("3000.00", "accepted")
        assert (done["state"], done["score"]) == ("evaluated", 5)
        assert [row["stage"] for row in get(manager, here)["items"]] == ["delivered"]
        assert len(get(manager, "solutions?customer=K1")["items"]) == 1

    def test_are_of_the_catalogue(self, manager: Client) -> None:
        codes = {row["code"] for row in get(manager, "opportunities/products")}

        assert "energy_audit" in codes
        told = post(manager, "opportunities", 409, **{**self.ASKED, "product_code": "x"})
        assert told["detail"] == "目录里没有生效的产品 x"


class TestDesk:
    def test_a_visit_is_planned_prepared_and_held(self, desk: Desk, manager: Client) -> None:
        made = post(
            manager, "interactions/plans", customer_number="K1", subject="季度走访",
            planned_at="2026-03-12T09:00:00+08:00",
        )  # fmt: skip
        here = f"interactions/{made['id']}"
        ready = post(manager, f"{here}/prepare", topics="电压波动")
        held = post(
            manager, f"{here}/minutes", happened_at="2026-03-10T09:00:00+08:00",
            minutes="谈妥", their_people="王厂长",
        )  # fmt: skip

        assert (made["state"], ready["state"], held["state"]) == ("planned", "prepared", "done")

    def test_a_visit_is_cancelled_with_its_reason(self, desk: Desk, manager: Client) -> None:
        made = post(
            manager, "interactions/plans", customer_number="K1", subject="季度走访",
            planned_at="2026-03-12T09:00:00+08:00",
        )  # fmt: skip

        told = post(manager, f"interactions/{made['id']}/cancel", reason="客户停产检修")
        again = post(manager, f"interactions/{made['id']}/cancel", 409, reason="x")

        assert told["state"] == "cancelled"
        assert Interaction.objects.get().cancelled_because == "客户停产检修"
        assert again["detail"]

    def test_a_day_that_no_calendar_reaches_is_refused(self, desk: Desk, manager: Client) -> None:
        post(
            manager, "interactions/plans", 409, customer_number="K1", subject="x",
            planned_at="9999-12-31T23:59:59-12:00",
        )  # fmt: skip

        assert not Interaction.objects.exists()

    def test_a_promise_is_handed_over_and_withdrawn(self, desk: Desk, manager: Client) -> None:
        promise = desk.promise()

        moved = post(manager, f"promises/{promise.pk}/hand-over", owner="E2", reason="调岗")
        gone = post(
            manager, f"promises/{promise.pk}/withdraw", reason="客户自换", consent_by="王厂长"
        )

        assert (moved["owner_name"], gone["state"]) == ("员工E2", "withdrawn")

    def test_a_complaint_goes_to_the_call_back_by_another(
        self, desk: Desk, manager: Client
    ) -> None:
        number = desk.complain().number
        agent = program_of(desk.agent)
        post(manager, f"complaints/{number}/contact", note="已核实")
        post(
            manager, f"complaints/{number}/answer", answer="已更正", is_justified=True,
            cause="抄表差错", responsible_party="抄表班",
        )  # fmt: skip
        own = post(manager, f"complaints/{number}/call-back", 409, is_satisfied=True, note="x")
        done = post(agent, f"complaints/{number}/call-back", is_satisfied=True, note="满意")

        assert own["detail"] == "回访须由承办人以外的人进行"
        assert (done["state"], done["is_satisfied"]) == ("verified", True)

    def test_a_neighbor_finds_nothing_to_act_on(self, desk: Desk) -> None:
        number, promise = desk.complain().number, desk.promise()
        stranger = program_of(desk.neighbor)
        before = Complaint.objects.values().get(), Entry.objects.count()

        post(stranger, f"complaints/{number}/contact", 404, note="x")
        post(stranger, f"promises/{promise.pk}/withdraw", 404, reason="x", consent_by="y")
        post(stranger, f"interactions/{promise.interaction_id}/cancel", 404, reason="x")

        assert (Complaint.objects.values().get(), Entry.objects.count()) == before


class TestSurveys:
    def test_a_round_is_opened_answered_and_closed(self, desk: Desk, head: Client) -> None:
        agent = program_of(desk.agent)
        made = post(
            agent, "satisfaction-surveys", code="Q1", name="一季度", unit="310101",
            closes_on="2026-03-20", sample_size=2, seed=7,
        )  # fmt: skip
        first, second = get(agent, "satisfaction-surveys/Q1/invitations")
        questions = get(agent, "satisfaction-surveys/Q1")["questions"]
        sheet = [
            {"order": q["order"], "score": 9 if q["kind"] == "recommend" else 4}
            for q in questions
            if q["kind"] != "text"
        ]
        answered = post(
            agent, f"satisfaction-surveys/invitations/{first['id']}/answers", person="王厂长",
            answers=sheet,
        )  # fmt: skip
        silent = post(
            agent, f"satisfaction-surveys/invitations/{second['id']}/silence", state="refused"
        )
        closed = post(agent, "satisfaction-surveys/Q1/close")
        told = get(agent, "satisfaction-surveys/Q1")

        assert (made["population"], answered["state"], silent["state"]) == (
            2, "answered", "refused",
        )  # fmt: skip
        assert closed["closed_at"] is not None
        assert (told["invited"], told["answered"], told["refused"]) == (2, 1, 1)
        assert told["weighted"]["value"] == 75

    def test_refuses_a_sheet_with_a_question_left_out(self, desk: Desk) -> None:
        agent = program_of(desk.agent)
        post(
            agent, "satisfaction-surveys", code="Q1", name="一季度", unit="310101",
            closes_on="2026-03-20", sample_size=1, seed=7,
        )  # fmt: skip
        invitation = SurveyInvitation.objects.get()

        told = post(
            agent, f"satisfaction-surveys/invitations/{invitation.pk}/answers", 409,
            person="王厂长", answers=[],
        )  # fmt: skip

        assert told["detail"].startswith("还有问题没有评分：")
        assert SurveyInvitation.objects.values_list("state", flat=True).get() == "waiting"

    def test_is_nobody_s_of_the_neighbor_s(self, desk: Desk) -> None:
        agent, stranger = program_of(desk.agent), program_of(desk.neighbor)
        post(
            agent, "satisfaction-surveys", code="Q1", name="一季度", unit="310101",
            closes_on="2026-03-20", sample_size=1, seed=7,
        )  # fmt: skip

        assert get(stranger, "satisfaction-surveys") == []
        get(stranger, "satisfaction-surveys/Q1", 404)
        get(stranger, "satisfaction-surveys/Q1/invitations", 404)
        post(stranger, "satisfaction-surveys/Q1/close", 404)
        assert Survey.objects.get().closed_at is None


class TestKeeping:
    CERTIFICATE = {
        "employee": "E1", "kind": "middle", "certificate": "ZJ-1", "issuer": "省公司培训中心",
        "issued_on": "2026-01-15",
    }  # fmt: skip

    def test_certificates_are_recorded_and_revoked(self, head: Client) -> None:
        made = post(head, "manager-qualifications", **self.CERTIFICATE)
        gone = post(
            head, "manager-qualifications/revoke", kind="middle", certificate="ZJ-1",
            revoked_on="2026-03-01", reason="考试舞弊",
        )  # fmt: skip

        assert (made["valid_until"], gone["valid_until"]) == ("2029-01-15", "2026-03-01")

    def test_courses_are_recorded_and_listed(self, head: Client) -> None:
        post(
            head, "manager-training", employee="E1", course="用电安全", hours="16.5",
            completed_on="2026-02-01", score="88",
        )  # fmt: skip

        (told,) = get(head, "manager-training")

        assert (told["employee"], told["hours"], told["score"], told["passed"]) == (
            "E1", "16.5", "88.0", True,
        )  # fmt: skip

    def test_a_company_sets_its_own_figure_only_stricter(self, head: Client) -> None:
        asked = {"unit": "310101", "valid_from": "2026-04-01", "source": "县〔2026〕1号"}

        made = post(head, "service-standards/portfolio-most/versions", amount="100", **asked)
        looser = post(head, "service-standards/portfolio-least/versions", 409, amount="20", **asked)
        post(
            head, "service-standards/portfolio-most/versions", 404, amount="1",
            **{**asked, "unit": "310102"},
        )  # fmt: skip

        assert (made["amount"], made["certainty"]) == ("100", "local")
        assert "上级不少于 25 户，不能定为 20" in looser["detail"]

    def test_an_own_mandate_ends_again(self, head: Client) -> None:
        version = {
            "unit": "310101", "most_amount_yuan": "50000.00", "valid_from": "2026-04-01",
            "reason": "从严", "source": "县1号",
        }  # fmt: skip
        post(head, "mandates/bill/versions", **version)

        end = {"unit": "310101", "until": "2026-06-01", "reason": "回归"}
        told = post(head, "mandates/bill/versions/end", valid_from="2026-04-01", **end)
        post(head, "mandates/bill/versions/end", 404, valid_from="2026-04-02", **end)

        assert told["valid_until"] == "2026-06-01"
        assert Mandate.objects.exclude(unit=None).get().valid_until == dt.date(2026, 6, 1)

    def test_are_closed_to_managers_of_customers(self, manager: Client) -> None:
        entries = Entry.objects.count()

        told = post(manager, "manager-qualifications", 403, **self.CERTIFICATE)
        post(
            manager, "manager-training", 403, employee="E1", course="x", hours="1",
            completed_on="2026-02-01",
        )  # fmt: skip
        post(
            manager, "service-standards/portfolio-most/versions", 403, unit="310101",
            amount="1", valid_from="2026-04-01", source="x",
        )  # fmt: skip

        assert told["detail"] == "没有“维护资格与培训”的权限"
        assert not ManagerQualification.objects.exists()
        assert Entry.objects.count() == entries


class TestDeciding:
    def test_a_need_is_recorded_and_met(self, desk: Desk, manager: Client) -> None:
        made = post(
            manager, "customer-needs", customer_number="K1", kind="product", text="节能改造"
        )
        met = post(manager, f"customer-needs/{made['id']}/meet", how="已交付")

        assert (made["met_at"], met["met_how"]) == (None, "已交付")
        assert [row["id"] for row in get(manager, "customer-needs?customer=K1")] == [made["id"]]

    def test_an_override_takes_a_second_person(
        self, desk: Desk, manager: Client, head: Client
    ) -> None:
        made = post(
            manager, "recognition-overrides", customer_number="K1", category="potential",
            holds=True, reason="新厂区在建", expires_on="2027-03-01",
        )  # fmt: skip
        adopted = post(head, f"recognition-overrides/{made['id']}/decide", approved=True)
        ended = post(head, f"recognition-overrides/{made['id']}/end")

        assert [made["state"], adopted["state"], ended["state"]] == [
            "proposed", "adopted", "ended",
        ]  # fmt: skip

    def test_an_importance_grade_takes_a_second_person(
        self, desk: Desk, manager: Client, head: Client
    ) -> None:
        key_operations.load_recognition_seed(at=at("2026-01-01"))
        code = _first_criterion()
        made = post(
            manager,
            "importance-assessments",
            customer_number="K1",
            answers=[{"criterion": code, "basis": "停电致爆"}],
        )
        decided = post(head, f"importance-assessments/{made['id']}/decide", approved=True)

        desk.customer.refresh_from_db()
        assert decided["state"] == "adopted"
        assert desk.customer.importance == made["grade"]

    def test_reviews_are_listed_and_a_year_without_one_is_not_found(
        self, manager: Client, head: Client
    ) -> None:
        assert get(manager, "yearly-reviews") == []
        post(head, "yearly-reviews/2026/submit", 409)
        told = post(manager, "yearly-reviews", 409, year=2026)
        assert "须由能看到全公司的人员发起" in told["detail"]


def test_nobody_of_another_county_and_no_regulator_changes_anything(desk: Desk) -> None:
    """Every act on a customer of the county, by each role of the next one."""
    acts = _acts(_something_of_everything(desk))
    for serial, role in enumerate(Role):
        unit = "310101" if role == Role.REGULATOR else "310102"
        client = program_of(make_viewer(desk.units[unit], role, number=f"E9{serial:02d}"))
        entries = Entry.objects.count()

        for address, body in acts:
            answer = client.post(f"{ROOT}/{address}", body, content_type="application/json")
            told = (role, address, answer.content.decode())
            assert answer.status_code in {403, 404, 409}, told

        assert Entry.objects.count() == entries, role


def test_anonymous_is_let_in_nowhere(desk: Desk) -> None:
    for address, body in _acts(_something_of_everything(desk)):
        answer = Client().post(f"{ROOT}/{address}", body, content_type="application/json")
        assert answer.status_code == 401, address


def _something_of_everything(desk: Desk) -> dict[str, Any]:
    plan = key_operations.open_plan(customer_number="K1", year=2026, by=desk.manager, at=NOW)
    measure = key_operations.add_measure(
        plan_id=plan.pk, text="x", owner_id=desk.manager.employee_id or 0,
        due_on=dt.date(2026, 4, 1), by=desk.manager, at=NOW,
    )  # fmt: skip
    key_operations.raise_due_services(by=SYSTEM, at=at(MONDAY))
    chance: Opportunity = key_operations.find_opportunity(
        customer_number="K1", product_code="energy_audit", reason="x", expected_yuan=Decimal(1),
        by=desk.manager, at=NOW,
    )  # fmt: skip
    solution: Solution = key_operations.open_solution(
        customer_number="K1", name="x", need="x", by=desk.manager, at=NOW
    )
    return {
        "plan": plan.pk, "measure": measure.pk, "chance": chance.pk, "solution": solution.pk,
        "due": ServiceDue.objects.order_by("pk")[0].pk, "promise": desk.promise().pk,
        "complaint": desk.complain().number, "talk": Interaction.objects.order_by("pk")[0].pk,
    }  # fmt: skip


def _acts(ids: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    plan, chance = f"account-plans/{ids['plan']}", f"opportunities/{ids['chance']}"
    solution, complaint = f"solutions/{ids['solution']}", f"complaints/{ids['complaint']}"
    return [
        ("account-plans", {"customer_number": "K2", "year": 2026}),
        ("account-plans/sectors", {"sector": "industry", "unit": "310101", "year": 2026}),
        (f"{plan}/sections", SECTIONS),
        (f"{plan}/measures", {"text": "x", "owner": "E1", "due_on": "2026-04-01"}),
        (f"{plan}/meetings", {"interaction_id": ids["talk"]}),
        (f"{plan}/sign", {"our_signatory": "x", "signed_on": "2026-03-10"}),
        (f"{plan}/revise", {"reason": "x"}),
        (f"{plan}/close", {"review": "x"}),
        (
            f"account-plans/measures/{ids['measure']}/report",
            {"progress_percent": 1, "note": "x"},
        ),
        (f"service-dues/{ids['due']}/waive", {"reason": "x"}),
        (f"service-dues/{ids['due']}/record", {"record": "x"}),
        (
            "opportunities",
            {
                "customer_number": "K1", "product_code": "energy_audit", "reason": "x",
                "expected_yuan": "1",
            },
        ),
        (f"{chance}/decide", {"is_accepted": True}),
        (f"{chance}/deliver", {"delivery": "x"}),
        (f"{chance}/benefit", {"benefit_yuan": "1", "basis": "x"}),
        ("solutions", {"customer_number": "K1", "name": "x", "need": "x"}),
        (f"{solution}/quote", {}),
        (f"{solution}/decide", {"is_accepted": True, "decided_by": "x"}),
        (f"{solution}/evaluate", {"evaluation": "x", "score": 5}),
        (
            "interactions/plans",
            {
                "customer_number": "K1", "subject": "x",
                "planned_at": "2026-03-12T09:00:00+08:00",
            },
        ),
        (f"interactions/{ids['talk']}/prepare", {"topics": "x"}),
        (f"promises/{ids['promise']}/withdraw", {"reason": "x", "consent_by": "y"}),
        (f"promises/{ids['promise']}/hand-over", {"owner": "E1", "reason": "x"}),
        (f"{complaint}/contact", {"note": "x"}),
        (f"{complaint}/call-back", {"is_satisfied": True, "note": "x"}),
        (
            "satisfaction-surveys",
            {
                "code": "Q9", "name": "x", "unit": "310101", "closes_on": "2026-03-20",
                "sample_size": 1, "seed": 1,
            },
        ),
        ("manager-qualifications", TestKeeping.CERTIFICATE),
        (
            "manager-training",
            {"employee": "E1", "course": "x", "hours": "1", "completed_on": "2026-02-01"},
        ),
        (
            "service-standards/portfolio-most/versions",
            {"unit": "310101", "amount": "1", "valid_from": "2026-04-01", "source": "x"},
        ),
        ("customer-needs", {"customer_number": "K1", "kind": "product", "text": "x"}),
        (
            "recognition-overrides",
            {
                "customer_number": "K1", "category": "potential", "holds": True,
                "reason": "x", "expires_on": "2027-03-01",
            },
        ),
        (
            "importance-assessments",
            {"customer_number": "K1", "answers": [{"criterion": "x", "basis": "y"}]},
        ),
    ]  # fmt: skip


def _agreed(desk: Desk, client: Client) -> int:
    plan = post(client, "account-plans", customer_number="K1", year=2026)
    here = f"account-plans/{plan['id']}"
    post(client, f"{here}/sections", **SECTIONS)
    post(client, f"{here}/measures", text="x", owner="E1", due_on="2026-04-01")
    post(client, f"{here}/meetings", interaction_id=desk.hold(kind="meeting").pk)
    post(
        client, f"{here}/sign", our_signatory="李", their_signatory="王", signed_on="2026-03-10",
        document_id=paper(desk).pk,
    )  # fmt: skip
    return int(plan["id"])


def _first_criterion() -> str:
    from busbar.key_accounts.queries.rules import list_importance_criteria

    return str(list_importance_criteria(NOW.date())[0].code)
