"""大客户: the list with reasons, its filters and export, the customer's tab, the rules."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django_q.models import OrmQ

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.console.key_accounts.listing import PAGE
from busbar.customers.models import Customer, CustomerAccount, CustomerGroup
from busbar.journal.models import Entry
from busbar.key_accounts import evidence
from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts.models import (
    CustomerNeed,
    ImportanceAssessment,
    OverrideState,
    RecognitionCriterion,
    RecognitionOverride,
    ReviewItem,
    YearlyReview,
)
from busbar.kit.periods import CHINA
from tests.console.belongings import put
from tests.console.work_region import count_queries, sign_in
from tests.key_accounts.world import AT, JANUARY, World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """A county with one economic customer, and one of the neighbor's."""
    made = make_world()
    made.year(made.customer("BIG", industry_code="3120"), 6_000_000, yuan=3_600_000, kw=1600)
    made.year(made.customer("SMALL"), 12_000, yuan=6_000, kw=5)
    foreign = made.customer("FOREIGN", unit=made.neighbor, importance="first")
    made.year(foreign, 12_000)
    made.evaluate()
    return made


def client_of(world: World, *roles: Role, province: bool = False) -> Client:
    from busbar.access.models import User

    viewer = world.viewer(*roles, unit=world.province if province else world.county)
    return sign_in(User.objects.get(pk=viewer.user_id))


class TestList:
    def test_shows_who_and_why_of_the_branch(self, world: World) -> None:
        page = client_of(world, Role.ACCOUNT_MANAGER).get("/key-accounts/")

        text = page.content.decode()
        assert "客户BIG" in text
        assert "年用电量 6,000,000kWh" in text
        assert "黑色金属冶炼和压延加工业" in text
        assert "客户SMALL" not in text
        assert "客户FOREIGN" not in text

    def test_shows_those_outside_on_request_and_narrows(self, world: World) -> None:
        client = client_of(world, Role.ACCOUNT_MANAGER)

        def numbers(query: str) -> list[str]:
            lines = client.get(f"/key-accounts/?{query}").context["lines"]
            return [line.row.customer.number for line in lines]

        assert numbers("of=everyone") == ["BIG", "SMALL"]
        assert numbers("category=important") == []
        assert numbers("division=31") == ["BIG"]
        assert numbers("division=17") == []
        assert numbers("of=everyone&q=SMALL") == ["SMALL"]
        assert numbers("unit=D") == ["BIG"]
        assert numbers("after=NaN@1") == ["BIG"]
        assert numbers(f"after=3600000@{10**9}") == []

    def test_is_narrowed_to_a_groups_branch(self, world: World) -> None:
        top = CustomerGroup.objects.create(code="G1", name="集团")
        below = CustomerGroup.objects.create(code="G2", name="子集团", parent=top)
        Customer.objects.filter(number="SMALL").update(group=below)

        page = client_of(world, Role.ACCOUNT_MANAGER).get("/key-accounts/?of=everyone&group=G1")

        assert [line.row.customer.number for line in page.context["lines"]] == ["SMALL"]
        assert page.wsgi_request.chosen_group.name == "集团"

    def test_says_so_before_anything_was_evaluated(self) -> None:
        world = make_world()

        page = client_of(world, Role.ACCOUNT_MANAGER).get("/key-accounts/")

        assert "还没有完成过评定" in page.content.decode()

    def test_takes_the_same_queries_for_a_full_page(self, world: World) -> None:
        client = client_of(world, Role.ACCOUNT_MANAGER)
        few = count_queries(client, "/key-accounts/")
        for number in range(PAGE + 5):
            world.customer(f"H{number:03}", importance="first")
        world.evaluate()

        assert len(client.get("/key-accounts/").context["lines"]) == PAGE
        assert count_queries(client, "/key-accounts/") == few

    def test_exports_the_list_and_says_so(self, world: World) -> None:
        client = client_of(world, Role.ACCOUNT_MANAGER)

        answer = client.post("/key-accounts/export/", {"format": "csv"})

        rows = answer.content.decode("utf-8-sig").splitlines()
        assert [row.split(",")[1] for row in rows[1:]] == ["BIG"]
        assert Entry.objects.latest("id").event == "console.table.exported"


class TestEvaluating:
    def test_is_queued_by_who_sees_the_company(self, world: World) -> None:
        client = client_of(world, Role.MANAGER, province=True)

        answer = client.post("/key-accounts/evaluate/", {"month": str(JANUARY)})

        assert answer.status_code == 302
        assert OrmQ.objects.get().func() == "busbar.jobs.key_accounts.evaluate"

    @pytest.mark.parametrize("month", ["2030-01", "x"])
    def test_an_unbilled_month_is_refused(self, world: World, month: str) -> None:
        client = client_of(world, Role.MANAGER, province=True)

        client.post("/key-accounts/evaluate/", {"month": month})

        assert not OrmQ.objects.exists()

    def test_is_refused_to_others(self, world: World) -> None:
        client = client_of(world, Role.CASHIER)

        assert client.post("/key-accounts/evaluate/", {"month": "2026-01"}).status_code == 403


class TestCustomer:
    def test_shows_every_reason_with_value_threshold_and_source(self, world: World) -> None:
        page = client_of(world, Role.ACCOUNT_MANAGER).get("/customers/BIG/tab/recognition/")

        text = page.content.decode()
        assert "6,000,000 kWh" in text
        assert "5,000,000 kWh" in text
        assert "2025-02 至 2026-01 的账单，12 个月" in text
        assert "【未核实】" in text
        assert "90/60" in text

    def test_tells_a_unit_of_some_accounts_nothing_of_the_whole(self, world: World) -> None:
        CustomerAccount.objects.create(
            number="PART", name="分厂", customer=world.customers["FOREIGN"], unit=world.county
        )
        client = client_of(world, Role.ACCOUNT_MANAGER)

        tab = client.get("/customers/FOREIGN/tab/recognition/").content.decode()
        everyone = client.get("/key-accounts/?of=everyone").content.decode()

        assert "认定结果涉及整个客户" in tab
        assert "12,000" not in tab
        assert "客户FOREIGN" not in everyone

    def test_an_override_is_proposed_by_one_and_approved_by_another(self, world: World) -> None:
        facts = {
            "category": "economic", "holds": "1", "reason": "园区龙头",
            "expires_on": str(dt.date.today() + dt.timedelta(days=90)),  # noqa: DTZ011 - the page's clock
        }  # fmt: skip
        client_of(world, Role.ACCOUNT_MANAGER).post(
            "/key-accounts/customers/SMALL/override/", facts
        )
        row = RecognitionOverride.objects.get()
        assert row.state == OverrideState.PROPOSED

        client_of(world, Role.MANAGER).post(
            f"/key-accounts/overrides/{row.pk}/", {"decision": "adopt"}
        )

        row.refresh_from_db()
        assert row.state == OverrideState.ADOPTED

    def test_of_another_branch_is_not_found(self, world: World) -> None:
        client = client_of(world, Role.MANAGER)

        answer = client.post("/key-accounts/customers/FOREIGN/override/", {})

        assert answer.status_code == 404


class TestRules:
    def test_the_next_version_is_set_by_the_manager(self, world: World) -> None:
        client = client_of(world, Role.MANAGER)

        answer = client.post(
            "/key-accounts/rules/criteria/economic-energy/",
            {"points": "40", "enter_at": "8000000", "leave_at": "7000000",
             "valid_from": "2030-01-01", "source": "会议纪要"},
        )  # fmt: skip

        assert answer.status_code == 302
        newest = RecognitionCriterion.objects.filter(code="economic-energy").latest("valid_from")
        assert (newest.enter_at, newest.points) == (Decimal(8_000_000), 40)

    def test_a_refusal_stands_in_its_place(self, world: World) -> None:
        client = client_of(world, Role.MANAGER)

        answer = client.post(
            "/key-accounts/rules/criteria/economic-energy/",
            {"points": "40", "enter_at": "1", "leave_at": "7", "valid_from": "2030-01-01",
             "source": "x"},
        )  # fmt: skip

        assert answer.status_code == 422
        assert "来回变动" in answer.content.decode()
        assert RecognitionCriterion.objects.filter(code="economic-energy").count() == 1

    def test_offers_no_form_to_who_may_not(self, world: World) -> None:
        page = client_of(world, Role.ACCOUNT_MANAGER).get("/key-accounts/rules/")

        assert "economic-energy" not in page.content.decode()
        assert "年用电量" in page.content.decode()


PAGES = (
    "reviews/", "simulation/", "importance/", "segments/", "relationships/", "values/",
)  # fmt: skip


class TestOtherPages:
    @pytest.mark.parametrize("page", PAGES)
    def test_say_so_where_there_is_nothing(self, page: str) -> None:
        client = client_of(make_world(), Role.ACCOUNT_MANAGER)

        assert "empty-title" in client.get(f"/key-accounts/{page}").content.decode()

    def test_show_relationship_and_value_with_reasons(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(evidence._sources, "visits")  # as where no room records any
        key_accounts_operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)
        client = client_of(world, Role.ACCOUNT_MANAGER)

        stages = client.get("/key-accounts/relationships/?of=everyone").content.decode()
        values = client.get("/key-accounts/values/").content.decode()
        tab = client.get("/customers/BIG/tab/recognition/").content.decode()

        assert "客户BIG" in stages
        assert "客户FOREIGN" not in stages + values
        assert "补齐生产、财务、电气等联系人" in stages
        assert "尚无此类记录" in tab
        assert "毛利" in tab

    def test_show_the_day_on_which_a_relationship_changed(self, world: World) -> None:
        key_accounts_operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)
        big = world.customers["BIG"]
        put(
            "connections.SupplyChange", kind="closure", state="requested", customer=big,
            account=big.accounts.get(), unit=big.unit, ends_on=None,
            requested_at=dt.datetime(2026, 2, 9, 15, tzinfo=CHINA),
        )  # fmt: skip
        night = dt.datetime(2026, 2, 10, 5, 45, tzinfo=CHINA)
        key_accounts_operations.renew_assessments(by=SYSTEM_VIEWER, at=night)
        client = client_of(world, Role.ACCOUNT_MANAGER)

        page = client.get("/key-accounts/relationships/")
        tab = client.get("/customers/BIG/tab/recognition/").content.decode()

        ((row, warnings, _actions),) = page.context["rows"]
        assert (row.customer, row.stage) == (big, "uncoupling")
        assert [(w.bound.code, w.value) for w, _place in warnings] == [("leaving", 1)]
        assert "2026-02-10" in page.content.decode()
        assert "依据截至 2026-02-10" in tab
        assert "了解去向，挽留或衔接新址" in tab

    def test_take_the_same_queries_for_many(self, world: World) -> None:
        key_accounts_operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)
        client = client_of(world, Role.ACCOUNT_MANAGER)
        addresses = ("relationships/?of=everyone", "values/", "reviews/", "rules/")
        few = [count_queries(client, f"/key-accounts/{address}") for address in addresses]
        for number in range(20):
            world.customer(f"N{number}")
        world.evaluate()
        key_accounts_operations.assess_month(month=JANUARY, by=SYSTEM_VIEWER, at=AT)

        again = [count_queries(client, f"/key-accounts/{address}") for address in addresses]

        assert again == few

    def test_simulate_from_the_address(self, world: World) -> None:
        client = client_of(world, Role.ACCOUNT_MANAGER)

        page = client.get("/key-accounts/simulation/?value:economic-energy=8000000")

        found = page.context["result"]
        assert [(m.customer.number, m.moved.enters) for m in found.movers] == [("BIG", False)]

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ("value:economic-energy=x", "应为不小于 0 的数"),
            ("value:economic-energy=-1", "应为不小于 0 的数"),
            ("points:economic-energy=1.5", "应为 0 至 1000 的整数"),
            ("enter:economic=1001&stay:economic=1", "应为 0 至 1000 的整数"),
        ],
    )
    def test_what_is_no_number_is_told_at_its_field(
        self, world: World, query: str, said: str
    ) -> None:
        client, before = client_of(world, Role.ACCOUNT_MANAGER), Entry.objects.count()

        page = client.get(f"/key-accounts/simulation/?{query}")

        assert page.status_code == 422
        assert "result" not in page.context
        assert page.content.decode().count(said) == 1
        assert page.content.decode().count('aria-invalid="true"') == 1
        assert Entry.objects.count() == before

    @pytest.mark.parametrize("query", ["value:economic-energy=", "points:a=1", "enter:economic=1"])
    def test_an_odd_address_changes_nothing(self, world: World, query: str) -> None:
        client = client_of(world, Role.ACCOUNT_MANAGER)

        page = client.get(f"/key-accounts/simulation/?{query}")

        assert page.context["result"].movers == []

    def test_the_review_goes_from_opening_to_adoption(self, world: World) -> None:
        chief = client_of(world, Role.MANAGER, province=True)
        manager = client_of(world, Role.ACCOUNT_MANAGER)
        chief.post("/key-accounts/reviews/open/", {"year": "2026"})
        item = ReviewItem.objects.get(customer__number="BIG")
        assert "客户BIG" in manager.get("/key-accounts/reviews/2026/").content.decode()
        manager.post(
            f"/key-accounts/review-items/{item.pk}/",
            {"decided": "0", "reason": "迁址", "expires_on": "2027-01-01"},
        )

        chief.post("/key-accounts/reviews/2026/step/", {"step": "submit"})
        chief.post("/key-accounts/reviews/2026/step/", {"step": "adopt"})
        assert YearlyReview.objects.get().state == "submitted"
        client_of(world, Role.MANAGER, province=True).post(
            "/key-accounts/reviews/2026/step/", {"step": "adopt"}
        )

        assert YearlyReview.objects.get().state == "adopted"
        item.refresh_from_db()
        assert (item.decided, item.change, item.reason) == (False, "out", "迁址")

    def test_a_grade_is_proposed_and_reviewed(self, world: World) -> None:
        client_of(world, Role.ACCOUNT_MANAGER).post(
            "/key-accounts/customers/SMALL/importance/", {"basis:casualties": "ICU"}
        )
        waiting = ImportanceAssessment.objects.get()

        client_of(world, Role.MANAGER).post(
            f"/key-accounts/assessments/{waiting.pk}/", {"decision": "adopt"}
        )

        assert Customer.objects.get(number="SMALL").importance == "first"

    def test_a_need_is_recorded_and_met(self, world: World) -> None:
        client = client_of(world, Role.ACCOUNT_MANAGER)
        client.post("/key-accounts/customers/BIG/needs/", {"kind": "product", "text": "绿电"})
        need = CustomerNeed.objects.get()

        client.post(f"/key-accounts/needs/{need.pk}/", {"how": "已代购"})

        need.refresh_from_db()
        assert need.met_how == "已代购"
