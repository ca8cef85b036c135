"""Portfolios, measures, qualifications, agreements and standards on the screens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Role
from busbar.customers.models import AccountTeamMember, Customer
from busbar.key_accounts.models import (
    Handover,
    ManagerQualification,
    ServiceAgreement,
    ServiceStandard,
    TrainingRecord,
)
from busbar.key_accounts.operations import qualifying
from tests.key_accounts.managers.test_measures import solve
from tests.key_accounts.managers.test_portfolios import certify, hand
from tests.key_accounts.managers.world import World

Browser = Callable[[str], Client]
PAGES = (
    "/portfolio/", "/portfolios/", "/portfolios/unowned/", "/portfolios/balance/AK/",
    "/portfolios/of/E004/", "/handovers/", "/qualifications/", "/service-standards/",
    "/service-agreements/", "/department-orders/measures/",
    "/department-orders/measures/?by=department",
)  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
class TestEveryPage:
    def test_opens_for_the_county_s_head(
        self, world: World, browser: Browser, address: str
    ) -> None:
        assert browser("县领导").get(address).status_code == 200

    def test_takes_no_more_queries_for_more_rows(
        self, world: World, browser: Browser, address: str
    ) -> None:
        client, counts = browser("县领导"), []
        for wanted in (2, 7):
            while Customer.objects.count() < wanted:
                number = f"K{Customer.objects.count() + 1}"
                world.team(world.customer(number), "王经理")
                world.customer(f"X{number}")
                certify(world, "王经理", "senior", f"2026-01-{Customer.objects.count():02d}")
                solve(world, world.send(customer=number))
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            counts.append(len(queries))

        assert counts[0] == counts[1], address


class TestHandover:
    def asked(self, world: World, **more: object) -> dict[str, object]:
        return {"to_number": "E005", "reason": "调走", "which": "all", **more}

    def test_hands_over_with_one_click(self, world: World, browser: Browser) -> None:
        certify(world, "李经理")

        answer = browser("县领导").post("/portfolios/of/E004/", self.asked(world))

        assert answer["Location"] == "/handovers/"
        assert AccountTeamMember.objects.get(role="lead").employee.name == "李经理"

    def test_says_which_certificate_is_missing(self, world: World, browser: Browser) -> None:
        answer = browser("县领导").post("/portfolios/of/E004/", self.asked(world))

        assert answer.status_code == 422
        assert "没有担任A角所需的有效资格" in answer.content.decode()
        assert not Handover.objects.exists()

    def test_is_refused_to_a_manager_of_customers(self, world: World, browser: Browser) -> None:
        assert browser("王经理").post("/portfolios/of/E004/", {}).status_code == 403

    def test_is_returned_from_the_list(self, world: World, browser: Browser) -> None:
        certify(world, "李经理")
        certify(world, "王经理")
        made = hand(world)

        browser("县领导").post(f"/handovers/{made.number}/return/", {"reason": "误操作"})

        assert AccountTeamMember.objects.get(role="lead").employee.name == "王经理"

    def test_a_refused_return_says_why(self, world: World, browser: Browser) -> None:
        certify(world, "李经理")
        made = hand(world)

        answer = browser("县领导").post(f"/handovers/{made.number}/return/", {"reason": "x"})

        assert answer.status_code == 422
        assert "王经理没有担任A角所需的有效资格" in answer.content.decode()


class TestUnowned:
    def test_gives_a_customer_its_lead(self, world: World, browser: Browser) -> None:
        world.customer("K2")
        certify(world, "李经理")

        browser("县领导").post(
            "/portfolios/unowned/", {"customer_number": "K2", "employee_number": "E005"}
        )

        assert AccountTeamMember.objects.get(customer__number="K2").employee.name == "李经理"

    def test_shows_nothing_of_another_county(self, world: World, browser: Browser) -> None:
        world.customer("K9", "B")

        assert "客户K9" not in browser("县领导").get("/portfolios/unowned/").content.decode()


class TestMyPortfolio:
    def test_shows_my_customers_with_the_way_to_order(self, world: World, browser: Browser) -> None:
        page = browser("王经理").get("/portfolio/").content.decode()

        assert "客户K1" in page
        assert "/customers/K1/orders/new/" in page

    def test_is_offered_on_today(self, world: World, browser: Browser) -> None:
        assert 'href="/portfolio/"' in browser("王经理").get("/").content.decode()


class TestMeasures:
    def test_leads_to_the_orders_it_counts(self, world: World, browser: Browser) -> None:
        order = world.send()
        solve(world, order)
        client = browser("市领导")
        days = "since=2026-03-01&until=2026-03-31"

        page = client.get(f"/department-orders/measures/?by=manager&{days}").content.decode()
        assert "不足 10 件，不排名" in page
        assert "44%" not in page  # one of one: 21–100 %
        assert "21%–100%" in page

        person = world.employee("王经理").pk
        rows = client.get(
            f"/department-orders/?whose=all&state=solved&manager={person}"
            "&closed_since=2026-03-01&closed_until=2026-03-31"
        ).content.decode()
        assert order.number in rows


class TestQualifications:
    def test_enters_a_certificate_and_a_course(self, world: World, browser: Browser) -> None:
        client = browser("县领导")
        client.post("/qualifications/", {
            "act": "qualification", "employee_number": "E005", "kind": "senior",
            "certificate": "G-1", "issuer": "省公司", "issued_on": "2026-01-15",
        })  # fmt: skip
        client.post("/qualifications/", {
            "act": "training", "employee_number": "E005", "course": "谈判", "hours": "8",
            "completed_on": "2026-02-01", "passed": "on",
        })  # fmt: skip

        assert ManagerQualification.objects.get().certificate == "G-1"
        assert TrainingRecord.objects.get().course == "谈判"

    def test_revokes_a_certificate_or_says_why_not(self, world: World, browser: Browser) -> None:
        certify(world, "李经理", "senior", "2026-01-15")
        client, held = browser("县领导"), ManagerQualification.objects.get()
        asked = {"act": "revocation", "held": f"senior/{held.certificate}", "reason": "舞弊"}

        early = client.post("/qualifications/", {**asked, "revoked_on": "2026-01-15"})
        held.refresh_from_db()
        assert (early.status_code, str(held.valid_until)) == (422, "2028-01-15")
        assert "吊销日应在发证日 2026-01-15 之后" in early.content.decode()

        client.post("/qualifications/", {**asked, "revoked_on": "2026-03-01"})
        held.refresh_from_db()
        assert str(held.valid_until) == "2026-03-01"

    def test_is_refused_to_a_manager_of_customers(self, world: World, browser: Browser) -> None:
        assert browser("王经理").post("/qualifications/", {}).status_code == 403
        assert qualifying.ManagerQualification.objects.count() == 0


class TestAgreements:
    PROMISE = {
        "provider": "CT", "receiver": "AK", "order_kind": "metering_fault", "words": "一天到",
        "reply_limit": "department-order-reply", "work_limit": "department-order-express",
        "valid_from": "2026-12-01", "source": "文1",
    }  # fmt: skip

    def test_enters_and_ends_one(self, world: World, browser: Browser) -> None:
        client = browser("市领导")
        assert client.post("/service-agreements/", self.PROMISE).status_code == 302
        agreement = ServiceAgreement.objects.get()

        ending = {"until": "2027-01-01", "reason": "撤"}
        client.post(f"/service-agreements/{agreement.number}/end/", ending)

        agreement.refresh_from_db()
        assert str(agreement.valid_until) == "2027-01-01"

    def test_refuses_a_looser_promise(self, world: World, browser: Browser) -> None:
        looser = {**self.PROMISE, "reply_limit": "department-order-data"}

        answer = browser("市领导").post("/service-agreements/", looser)

        assert answer.status_code == 422
        assert "承诺不能宽于授权" in answer.content.decode()
        assert not ServiceAgreement.objects.exists()


class TestStandards:
    def test_enters_a_stricter_figure(self, world: World, browser: Browser) -> None:
        browser("县领导").post("/service-standards/", {
            "unit": "A", "code": "portfolio-most", "amount": "100", "valid_from": "2026-12-01",
            "source": "文1",
        })  # fmt: skip

        assert ServiceStandard.objects.exclude(unit=None).get().amount == 100


class TestRegulator:
    def test_reads_and_changes_nothing(self, world: World, browser: Browser) -> None:
        world.hire("监管", "P", Role.REGULATOR)
        client = browser("监管")

        for address in PAGES:
            assert client.get(address).status_code == 200, address
            assert client.post(address, {}).status_code in {403, 405}, address
