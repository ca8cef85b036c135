"""Groups roll up over their subtrees, for what the viewer sees, in constant queries (U1)."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Role
from busbar.customers.models import Customer, CustomerGroup
from tests.console.region import Region


def make_tree(region: Region) -> None:
    """A group with a daughter that has a daughter; a customer of 60,000 yuan in each."""
    parent = None
    for depth, code in enumerate(("G1", "G2", "G3"), 1):
        parent = CustomerGroup.objects.create(code=code, name=f"集团{depth}", parent=parent)
        region.bill(region.customer(str(depth), group=parent), amount="60000.00")


class TestGroups:
    def test_each_line_holds_its_subtree(self, region: Region) -> None:
        make_tree(region)

        lines = region.client().get("/groups/").context["lines"]

        told = [(x.held.group.code, x.held.depth, x.held.customers, x.amount) for x in lines]
        assert told == [("G1", 0, 3, 180000), ("G2", 1, 2, 120000), ("G3", 2, 1, 60000)]
        assert [line.capacity_kva for line in lines] == [3000, 2000, 1000]

    def test_a_group_page_begins_at_the_group(self, region: Region) -> None:
        make_tree(region)

        context = region.client().get("/groups/G2/").context

        assert [line.held.group.code for line in context["lines"]] == ["G2", "G3"]
        assert [month.amount for month in context["months"]] == [120000]

    def test_the_list_of_customers_takes_the_subtree(self, region: Region) -> None:
        make_tree(region)

        page = region.client().get("/customers/?group=G2")

        assert page.context["count"] == 2

    def test_bills_and_their_export_take_the_subtree(self, region: Region) -> None:
        make_tree(region)
        client = region.client()

        page = client.get("/bills/?group=G2")
        answer = client.post("/bills/export/?group=G2")

        assert [bill.account.customer.group.code for bill in page.context["bills"]] == ["G2", "G3"]
        assert (page.context["sum"].bills, page.context["sum"].amount) == (2, 120000)
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert len(text.decode("utf-8-sig").splitlines()) == 1 + 2
        assert client.get("/bills/?group=NONE").context["bills"] == []
        assert "集团2 ×" in page.content.decode()

    def test_takes_as_many_queries_for_many_groups(self, region: Region) -> None:
        make_tree(region)
        client = region.client()
        client.get("/groups/")
        with CaptureQueriesContext(connection) as few:
            client.get("/groups/")
        for number in range(4, 12):
            group = CustomerGroup.objects.create(code=f"G{number}", name=f"集团{number}")
            region.bill(region.customer(str(number), group=group), amount="1.00")
        with CaptureQueriesContext(connection) as many:
            client.get("/groups/")

        assert len(few) == len(many)

    def test_export_tells_the_sums(self, region: Region) -> None:
        make_tree(region)

        answer = region.client().post("/groups/export/", {"format": "csv"})

        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert "G1,集团1,1,3,3,3000" in text.decode("utf-8-sig")

    def test_unknown_or_unseen_is_not_found(self, region: Region) -> None:
        CustomerGroup.objects.create(code="EMPTY", name="空")

        assert region.client().get("/groups/EMPTY/").status_code == 404
        assert "没有集团" in region.client().get("/groups/").content.decode()


class TestHead:
    def test_is_named_on_the_group_s_page_and_shown(self, region: Region) -> None:
        make_tree(region)
        client = region.client(region.hire("head", region.north, Role.MANAGER))
        number = Customer.objects.get(group__code="G2").number

        done = client.post("/groups/G2/head/", {"head": number, "reason": "授权书"})

        assert done.status_code == 302
        page = client.get("/groups/G2/").content.decode()
        assert f"/customers/{number}/" in page
        assert CustomerGroup.objects.get(code="G2").head is not None

    def test_is_refused_with_the_sentence(self, region: Region) -> None:
        make_tree(region)
        far = CustomerGroup.objects.get(code="G3")
        region.customer("9", unit=region.south, group=far)
        client = region.client(region.hire("head", region.north, Role.MANAGER))
        number = Customer.objects.get(group__code="G2").number

        refused = client.post("/groups/G2/head/", {"head": number, "reason": "授权书"})

        assert refused.status_code == 422
        assert "须由上级单位指定" in refused.content.decode()
        assert CustomerGroup.objects.get(code="G2").head is None

    def test_is_not_for_a_clerk(self, region: Region) -> None:
        make_tree(region)
        client = region.client()

        assert "指定牵头单位" not in client.get("/groups/G2/").content.decode()
        assert client.post("/groups/G2/head/", {}).status_code == 403
        assert post(client, "G2", {"head_number": "2", "reason": "x"}).status_code == 403

    def test_is_named_and_told_by_api(self, region: Region) -> None:
        make_tree(region)
        client = region.client(region.hire("head", region.north, Role.MANAGER))
        number = Customer.objects.get(group__code="G2").number

        made = post(client, "G2", {"head_number": number, "reason": "授权书"})

        assert made.json() == {"code": "G2", "head_number": number}
        assert client.get("/api/v1/groups/G2/head").json() == made.json()
        assert (
            post(client, "G2", {"head_number": "", "reason": "撤销"}).json()["head_number"] is None
        )
        assert client.get("/api/v1/groups/G8/head").status_code == 404


def post(client: Client, code: str, body: dict[str, str]) -> Any:
    return client.post(f"/api/v1/groups/{code}/head", body, content_type="application/json")
