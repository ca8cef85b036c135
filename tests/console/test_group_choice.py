"""Every list of things of customers narrows to a group's branch (U1)."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from busbar.access.models import Role
from busbar.console.navigation import BY_GROUP
from busbar.customers.models import Customer, CustomerGroup
from busbar.key_accounts.models import DepartmentOrder, Handover
from busbar.kit.periods import CHINA
from busbar.workflow.models import ProcessInstance, UserTask
from tests.console.belongings import Belongings, put
from tests.console.region import AT, LONG_AGO, Region

LISTS = {
    "/?of=all": "ending",
    "/savings/": "saving",
    "/surveys/S1/": "invited",
    "/key-accounts/segments/": "segment",
    "/customers/": "nothing",
    "/complaints/": "complaint",
    "/promises/": "promise",
    "/interactions/": "interaction",
    "/satisfaction/": "score",
    "/department-orders/?whose=all": "order",
    "/plans/": "plan",
    "/basic-services/": "due",
    "/offers/": "chance",
    "/work/": "task",
    "/work/?tab=department": "task",
    "/supervision/": "finding",
    "/supervision/clocks/": "clock",
    "/connections/": "application",
    "/orders/metering/": "metering_order",
    "/orders/service/": "service_order",
    "/changes/": "change",
    "/outages/": "outage",
    "/receivables/": "receivable",
    "/payments/": "payment",
    "/payments/refunds/": "refund",
    "/readings/": "doubt",
    "/key-accounts/?of=everyone": "recognition",
    "/key-accounts/relationships/?of=everyone": "stage",
    "/key-accounts/values/": "value",
    "/key-accounts/reviews/2026/": "reviewed",
    "/key-accounts/importance/": "assessment",
    "/shadow-bills/": "shadow_bill",
    "/arrears/": "case",
    "/claims/": "claim",
    "/portfolio/": "team",
    "/fees/": "notice",
    "/portfolios/unowned/": "nothing",
    "/portfolios/of/boss/": "team",
}
GROUPS = ("", "G1", "G2", "NONE")
PERIOD = "?since=2026-10-01&until=2026-11-02"


def _address(path: str, group: str = "") -> str:
    if not group:
        return path
    return f"{path}{'&' if '?' in path else '?'}group={group}"


class Branch:
    """A group G1 with a daughter G2: 甲 in the one, 乙 in the other, 丙 in neither."""

    def __init__(self, region: Region) -> None:
        """The person that looks sees everything and may do everything."""
        self.region = region
        self.boss = region.hire("boss", region.province, *(set(Role) - {Role.REGULATOR}))
        self.top = CustomerGroup.objects.create(code="G1", name="东海集团")
        below = CustomerGroup.objects.create(code="G2", name="东海化工", parent=self.top)
        groups = {"甲": self.top, "乙": below, "丙": None}
        self.customers = [
            region.customer(str(number), name=f"{name}字轧钢厂", group=group)
            for number, (name, group) in enumerate(groups.items(), 1)
        ]

    def give(self, what: str, *customers: Customer) -> None:
        """Each customer a thing of the kind."""
        for customer in customers or self.customers:
            getattr(Belongings(customer, self.boss), what)()


@pytest.fixture
def branch(region: Region) -> Branch:
    """Three customers, two of them of the group's branch."""
    return Branch(region)


def _named(client: Client, address: str) -> set[str]:
    """Which of the customers the page speaks of, by name or 户号."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    text = answer.content.decode()
    marks = {"甲": "331", "乙": "332", "丙": "333"}
    # Whole words only: the form's random token holds any three letters now and then.
    points = set(re.findall(r"(?<![A-Za-z0-9])UP\d(?![A-Za-z0-9])", text))
    point_of = {"甲": "UP1", "乙": "UP2", "丙": "UP3"}
    return {
        name
        for name in marks
        if f"{name}字轧钢厂" in text or f">{marks[name]}<" in text or point_of[name] in points
    }


@pytest.mark.parametrize("path", LISTS)
class TestEveryListOfThingsOfCustomers:
    def test_narrows_to_the_groups_branch(self, branch: Branch, path: str) -> None:
        branch.give(LISTS[path])
        CustomerGroup.objects.create(code="G9", name="别家集团")
        client = branch.region.client(branch.boss)

        assert _named(client, path) == {"甲", "乙", "丙"}
        assert _named(client, _address(path, "G1")) == {"甲", "乙"}
        assert _named(client, _address(path, "G2")) == {"乙"}
        assert _named(client, _address(path, "G9")) == set()
        assert _named(client, _address(path, "NONE")) == set()

    def test_says_so_in_as_many_queries_for_many(self, branch: Branch, path: str) -> None:
        branch.give(LISTS[path])
        client, address = branch.region.client(branch.boss), _address(path, "G1")
        text = client.get(address).content.decode()
        with CaptureQueriesContext(connection) as few:
            client.get(address)
        more = [
            branch.region.customer(str(number), name=f"{number}厂", group=branch.top)
            for number in range(4, 9)
        ]
        branch.give(LISTS[path], *more)
        with CaptureQueriesContext(connection) as many:
            client.get(address)

        assert "东海集团 ×" in text
        assert '<input type="hidden" name="group" value="G1">' in text
        assert len(many) == len(few)


def test_every_place_that_a_groups_page_leads_to_is_walked_here() -> None:
    walked = {path.split("?")[0] for path in LISTS}

    elsewhere = {"/bills/"}  # tests/console/test_groups
    assert {reverse(name) for name in BY_GROUP} - walked - set(SUMS) == elsewhere


SUMS = {
    "/portfolios/": lambda found: found["customers"],
    "/team/": lambda found: found["team"].whole.customers,
    "/department-orders/measures/": lambda found: sum(row.closed for row in found["rows"]),
    "/handovers/": lambda found: sum(row.customers for row in found["rows"]),
}
"""Pages that count things of customers without naming them."""


def _noon() -> dt.datetime:
    return dt.datetime.combine(timezone.localdate(), dt.time(12), tzinfo=CHINA)


class TestEverySumOverThingsOfCustomers:
    @pytest.mark.parametrize("path", SUMS)
    def test_narrows_to_the_groups_branch(self, branch: Branch, path: str) -> None:
        branch.give("team")
        branch.give("order")
        branch.give("handed")
        DepartmentOrder.objects.update(state="solved", closed_at=_noon())
        client = branch.region.client(branch.boss)

        pages = [client.get(_address(path, group)) for group in GROUPS]

        assert [SUMS[path](page.context) for page in pages] == [3, 2, 1, 0]
        assert ["东海集团 ×" in page.content.decode() for page in pages] == [0, 1, 0, 0]

    def test_the_standard_says_nothing_of_a_part_of_a_portfolio(self, branch: Branch) -> None:
        branch.give("team")
        client = branch.region.client(branch.boss)

        whole, part = (client.get(_address("/portfolios/", group)) for group in ("", "G1"))

        assert {row.warning for row in whole.context["rows"]} == {"under"}
        assert [row.warning for row in part.context["rows"]] == [""]
        assert "户数超出标准" not in part.content.decode()

    def test_a_handover_counts_the_groups_customers_only(self, branch: Branch) -> None:
        branch.give("handed")
        put(
            "key_accounts.HandoverItem",
            handover=Handover.objects.get(items__customer=branch.customers[0]),
            customer=branch.customers[2],
        )
        client = branch.region.client(branch.boss)

        whole, part = (client.get(_address("/handovers/", group)) for group in ("", "G1"))

        assert sorted(row.customers for row in whole.context["rows"]) == [1, 1, 2]
        assert [row.customers for row in part.context["rows"]] == [1, 1]

    def test_figures_lead_to_records_of_the_group(self, branch: Branch) -> None:
        branch.give("team")
        branch.give("order")
        DepartmentOrder.objects.update(state="solved", closed_at=_noon())
        client = branch.region.client(branch.boss)

        team = client.get("/team/?group=G1").content.decode()
        measures = client.get("/department-orders/measures/?group=G1").content.decode()

        assert 'href="/promises/?group=G1"' in team
        assert 'href="/portfolios/of/boss/?group=G1"' in team
        assert "&amp;group=G1&amp;mark=finished&amp;manager=" in measures

    def test_money_of_the_bank_is_not_compared_with_a_groups_fees(self, branch: Branch) -> None:
        client = branch.region.client(branch.boss)

        assert "银行收入" in client.get("/fees/").content.decode()
        assert "银行收入" not in client.get("/fees/?group=G1").content.decode()


class TestSupervisionOfAGroup:
    def test_counts_the_branch_s_promises_only(self, branch: Branch) -> None:
        branch.give("task")
        UserTask.objects.update(due_at=AT)
        client = branch.region.client(branch.boss)

        due = [
            client.get(_address(f"/supervision/rates/{PERIOD}", g)).context["due"] for g in GROUPS
        ]

        assert due == [3, 2, 1, 0]

    def test_attributes_the_branch_s_delays_only(self, branch: Branch) -> None:
        branch.give("task")
        ProcessInstance.objects.update(state="completed", ended_at=AT)
        client = branch.region.client(branch.boss)

        pages = [
            client.get(_address(f"/supervision/delays/{PERIOD}", g)).context["found"]
            for g in GROUPS
        ]

        assert [len(p.processes) + p.unattributed for p in pages] == [3, 2, 1, 0]


EXPORTS = {
    "/customers/export/": "nothing",
    "/connections/export/": "application",
    "/supervision/export/": "finding",
    "/key-accounts/export/": "recognition",
    "/savings/export/": "saving",
}


class TestWhatLeavesThePage:
    @pytest.mark.parametrize("path", EXPORTS)
    def test_exports_narrow_equally(self, branch: Branch, path: str) -> None:
        branch.give(EXPORTS[path])
        client = branch.region.client(branch.boss)
        asked = {"of": "everyone"} if "key-accounts" in path else {}

        def named(group: str) -> set[str]:
            given = asked | {"group": group}
            by_link = "savings" in path
            address = path if "key-accounts" in path else f"{path}?group={group}"
            answer = client.get(address) if by_link else client.post(address, given)
            assert answer.status_code == 200
            return {name for name in "甲乙丙" if f"{name}字轧钢厂" in answer.content.decode()}

        assert named("") == {"甲", "乙", "丙"}
        assert named("G1") == {"甲", "乙"}
        assert named("NONE") == set()

    def test_further_rows_are_of_the_group_too(
        self, branch: Branch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.service_desk.complaints.PAGE", 1)
        branch.give("complaint")
        client = branch.region.client(branch.boss)

        first = client.get("/complaints/?group=G1")
        link = "?" + urlencode({"group": "G1", "after": first.context["next_after"]})
        further = client.get(f"/complaints/{link}")

        assert f'href="{link.replace("&", "&amp;")}"' in first.content.decode()
        shown = [*first.context["rows"], *further.context["rows"]]
        assert [due.complaint.customer.name[0] for due in shown] == ["乙", "甲"]
        assert further.context["next_after"] == ""


class TestTodayOfAGroup:
    def test_lists_nothing_that_is_nobodys(self, branch: Branch) -> None:
        today = timezone.localdate()
        certificate = {"issued_on": LONG_AGO, "valid_until": today + dt.timedelta(days=5)}
        put("key_accounts.ManagerQualification", employee=branch.boss, **certificate)
        client = branch.region.client(branch.boss)

        assert "资格" in _kinds(client, "/?of=all")
        assert _kinds(client, "/?of=all&group=G1") == ""
        assert client.get("/?of=all&kind=certificates&group=G1").context["work"] == []


def _kinds(client: Client, address: str) -> str:
    return " ".join(str(kind.label) for kind, _count in client.get(address).context["counts"])
