"""The board of dunning cases and a case's page: by account manager, with pauses and reports."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Employee, Role
from busbar.access.visibility import Viewer
from busbar.arrears.models import CasePause, DunningCase
from busbar.customers.models import AccountTeamMember, Customer, CustomerGroup
from tests.arrears.world import Ladder, make_ladder
from tests.console.work_region import sign_in
from tests.imports.world import make_viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def ladder(db: None) -> Ladder:
    """One case that was opened."""
    made = make_ladder()
    made.open()
    return made


def browser_of(viewer: Viewer) -> Client:
    return sign_in(Employee.objects.get(pk=viewer.employee_id).user)


def cashier(ladder: Ladder) -> Client:
    """Somebody of the county who may collect."""
    return browser_of(make_viewer(ladder.world.county, Role.CASHIER, number="E90"))


def lead(case: DunningCase, viewer: Viewer) -> Employee:
    employee = Employee.objects.get(pk=viewer.employee_id)
    AccountTeamMember.objects.create(customer=case.account.customer, employee=employee, role="lead")
    return employee


class TestTasks:
    @pytest.mark.parametrize("address", ["/", "/work/"])
    def test_of_a_case_name_the_customer_to_whoever_sees_it(
        self, ladder: Ladder, address: str
    ) -> None:
        case, browser = ladder.case(), browser_of(ladder.collector)

        def told() -> str:
            text = browser.get(address).content.decode()
            return text[text.index(case.number) :][:400]

        assert case.account.customer.name not in told()
        lead(case, ladder.collector)
        assert case.account.customer.name in told()


class TestBoard:
    def test_names_the_next_step_and_the_account_manager_and_filters_by_it(
        self, ladder: Ladder
    ) -> None:
        person = lead(ladder.case(), ladder.collector)
        browser = cashier(ladder)

        page = browser.get("/arrears/")
        text = page.content.decode()

        assert person.name in text
        assert "催缴" in text
        assert "2026-03-23 07:00" in text
        assert [p.number for p in page.context["managers"]] == [person.number]
        assert len(browser.get("/arrears/", {"manager": person.number}).context["rows"]) == 1
        assert browser.get("/arrears/", {"manager": "E404"}).context["rows"] == []

    def test_is_narrowed_to_a_groups_branch(self, ladder: Ladder) -> None:
        top = CustomerGroup.objects.create(code="G1", name="集团")
        below = CustomerGroup.objects.create(code="G2", name="子集团", parent=top)
        CustomerGroup.objects.create(code="G3", name="另一集团")
        case, browser = ladder.case(), cashier(ladder)
        Customer.objects.filter(pk=case.account.customer_id).update(group=below)

        page = browser.get("/arrears/?group=G1")

        assert [row.number for row, *_rest in page.context["rows"]] == [case.number]
        assert "集团 ×" in page.content.decode()
        assert browser.get("/arrears/?group=G3").context["rows"] == []

    def test_takes_the_same_queries_for_few_and_for_many(self, ladder: Ladder) -> None:
        browser = cashier(ladder)
        counts = []
        for number in ("3101000020", "3101000021"):
            lead(ladder.case(), ladder.collector)
            for address in ("/arrears/", f"/arrears/{ladder.case().number}/"):
                with CaptureQueriesContext(connection) as seen:
                    assert browser.get(address).status_code == 200
                counts.append(len(seen))
            ladder.world.bill(ladder.world.account(number), "500.00")
            ladder.open()
        assert counts[:2] == counts[2:]

    def test_is_read_on_by_its_last_row(
        self, ladder: Ladder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.arrears.PAGE", 2)
        for number in ("3101000020", "3101000021"):
            ladder.world.bill(ladder.world.account(number), "500.00")
        ladder.open()
        browser = cashier(ladder)

        first = browser.get("/arrears/")
        second = browser.get("/arrears/", {"after": first.context["further"]})

        shown = [row[0].account.number for page in (first, second) for row in page.context["rows"]]
        assert shown == ["3101000001", "3101000020", "3101000021"]
        assert second.context["further"] == ""


class TestCase:
    def test_is_paused_and_goes_on_with_its_reasons(self, ladder: Ladder) -> None:
        browser, address = cashier(ladder), f"/arrears/{ladder.case().number}/"

        asked = {"act": "pause", "kind": "promise", "until": "2099-01-31", "reason": "分两期"}
        text = browser.post(address, asked, follow=True).content.decode()
        assert "分两期" in text
        assert "跟踪分期协议" in text
        assert "act-pause" not in text

        text = browser.post(
            address, {"act": "resume", "reason": "未按期缴"}, follow=True
        ).content.decode()
        assert "未按期缴" in text
        assert "act-resume" not in text

    def test_a_promise_without_its_day_is_refused_in_its_place(self, ladder: Ladder) -> None:
        answer = cashier(ladder).post(
            f"/arrears/{ladder.case().number}/",
            {"act": "pause", "kind": "promise", "reason": "分期"},
        )
        assert answer.status_code == 422
        text = answer.content.decode()
        assert "到期日" in text
        assert "分期" in text
        assert not CasePause.objects.exists()

    def test_only_whoever_collects_is_offered_to_act(self, ladder: Ladder) -> None:
        viewer = make_viewer(ladder.world.county, Role.DISPATCHER, number="E91")
        browser, address = browser_of(viewer), f"/arrears/{ladder.case().number}/"

        assert "act-pause" not in browser.get(address).content.decode()
        asked = {"act": "pause", "kind": "dispute", "reason": "异议"}
        assert browser.post(address, asked).status_code == 403
        assert not CasePause.objects.exists()

    def test_the_report_is_asked_of_important_customers_only(self, ladder: Ladder) -> None:
        browser, address = cashier(ladder), f"/arrears/{ladder.case().number}/"
        assert "act-report" not in browser.get(address).content.decode()
        customer = ladder.account.customer
        customer.importance = "first"
        customer.save()

        browser.post(address, {"act": "report", "report": "供函〔2026〕7号"})

        assert ladder.case().authority_report == "供函〔2026〕7号"
        assert "供函〔2026〕7号" in browser.get(address).content.decode()
