"""A group's day: the members' curves added up, each member's part, its export, the API (U1)."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.models import Role
from busbar.customers.models import Customer, CustomerGroup
from busbar.metering.lake import Quality
from tests.console.region import Region, store_day

DAY = dt.date(2026, 10, 30)
ADDRESS = f"/groups/G1/?day={DAY}"
PEAK = 40
"""10:00, the quarter in which both members are at their highest together."""


def curve(base_wh: int, at: dict[int, int]) -> list[int]:
    """A flat day but for some quarters."""
    return [at.get(place, base_wh) for place in range(96)]


@pytest.fixture
def members(region: Region, lake: None) -> list[Customer]:
    """G1 with 甲, its daughter G2 with 乙, and 丙 in no group, each with a curve.

    甲: 1,000 kW, 4,000 at ten, 6,000 at midnight; 乙: 2,000 kW, 5,000 at ten.
    """
    top = CustomerGroup.objects.create(code="G1", name="东海集团")
    below = CustomerGroup.objects.create(code="G2", name="东海化工", parent=top)
    found = [
        region.customer(str(number), name=f"{name}字轧钢厂", group=group)
        for number, (name, group) in enumerate({"甲": top, "乙": below, "丙": None}.items(), 1)
    ]
    store_day(found[0], DAY, curve(250_000, {PEAK: 1_000_000, 0: 1_500_000}))
    store_day(found[1], DAY, curve(500_000, {PEAK: 1_250_000}))
    store_day(found[2], DAY, curve(9_000_000, {}))
    return found


class TestTheDay:
    def test_is_the_sum_of_the_branch_with_each_part(
        self, region: Region, members: list[Customer]
    ) -> None:
        context = region.client().get(ADDRESS).context

        load = context["load"]
        assert (load.peak_kw, f"{load.peak_at:%F %H:%M}") == (9000, "2026-10-30 10:00")
        assert load.kw[1] == 3000
        assert load.energy_kwh == (250 * 94 + 1000 + 1500) + (500 * 95 + 1250)
        assert load.coincidence == 9000 / (6000 + 5000)
        told = [(one.customer, one.at_peak_kw, one.peak_kw) for one in context["load_lines"]]
        assert told == [(members[1], 5000, 5000), (members[0], 4000, 6000)]
        assert [f"{one.share:.3f}" for one in context["load_lines"]] == ["0.556", "0.444"]

    def test_leads_to_the_members_and_the_lists(
        self, region: Region, members: list[Customer]
    ) -> None:
        text = region.client().get(ADDRESS).content.decode()

        assert f'href="/customers/1/tab/curves/?date={DAY}"' in text
        assert 'href="/complaints/?group=G1"' in text
        assert 'href="/key-accounts/?group=G1&amp;of=everyone"' in text
        assert "丙字轧钢厂" not in text

    def test_says_which_quarters_lack_a_member(
        self, region: Region, members: list[Customer]
    ) -> None:
        gone = [int(Quality.MISSING)] * 4 + [0] * 92
        before = DAY - dt.timedelta(days=1)
        store_day(members[0], before, curve(250_000, {}), quality=gone)
        store_day(members[1], before, curve(500_000, {}))
        region.customer("4", name="丁字轧钢厂", group=members[0].group)

        load = region.client().get(f"/groups/G1/?day={before}").context["load"]

        assert (load.gaps, load.without) == (4, 1)
        assert load.kw[0] == 2000
        assert load.known.all()

    def test_says_so_where_no_member_has_a_curve(
        self, region: Region, members: list[Customer]
    ) -> None:
        page = region.client().get("/groups/G1/?day=2026-10-01")

        assert page.context["load_chart"] is None
        assert page.context["load"].without == 2
        assert "这一天没有成员的曲线" in page.content.decode()
        assert region.client().get("/groups/G1/?day=tomorrow").status_code == 200

    def test_has_a_band_for_the_many_small_ones(
        self, region: Region, members: list[Customer]
    ) -> None:
        for number in range(4, 12):
            more = region.customer(str(number), name=f"{number}厂", group=members[0].group)
            store_day(more, DAY, curve(1000, {}))

        chart = region.client().get(ADDRESS).context["load_chart"]

        assert [one["name"] for one in chart["series"]][-1] == "其余 3 户"
        assert chart["series"][-1]["kw"][PEAK] == 12
        assert chart["whole"][PEAK] == sum(one["kw"][PEAK] for one in chart["series"])

    def test_takes_as_many_queries_for_many_members(
        self, region: Region, members: list[Customer]
    ) -> None:
        client = region.client()
        client.get(ADDRESS)
        with CaptureQueriesContext(connection) as few:
            client.get(ADDRESS)
        for number in range(4, 10):
            more = region.customer(str(number), name=f"{number}厂", group=members[0].group)
            store_day(more, DAY, curve(1000, {}))
        with CaptureQueriesContext(connection) as many:
            client.get(ADDRESS)

        assert len(many) == len(few)


class TestTheExport:
    def test_has_the_sum_and_every_member_by_quarter(
        self, region: Region, members: list[Customer]
    ) -> None:
        answer = region.client().post(f"/groups/G1/load/export/?day={DAY}", {"format": "csv"})

        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows[0] == ["区间起点", "合计 kW", "乙字轧钢厂 kW", "甲字轧钢厂 kW"]
        assert len(rows) == 1 + 96
        assert rows[1 + PEAK][0] == f"{DAY} 10:00"
        assert [float(cell) for cell in rows[1 + PEAK][1:]] == [9000, 5000, 4000]

    def test_is_not_there_for_a_group_out_of_sight(
        self, region: Region, members: list[Customer]
    ) -> None:
        stranger = region.hire("stranger", region.south, Role.ACCOUNT_MANAGER)

        client = region.client(stranger)

        assert client.post(f"/groups/G1/load/export/?day={DAY}").status_code == 404
        assert client.get(f"/api/v1/group-loads/G1?day={DAY}").status_code == 404


class TestTheApi:
    def test_tells_the_day(self, region: Region, members: list[Customer]) -> None:
        answer = region.client().get(f"/api/v1/group-loads/G1?day={DAY}").json()

        assert (answer["peak_kw"], answer["peak_at"]) == (9000, "2026-10-30T10:00:00")
        assert len(answer["load_kw"]) == 96
        told = [(one["customer_number"], one["at_group_peak_kw"]) for one in answer["members"]]
        assert told == [("2", 5000), ("1", 4000)]

    def test_has_no_peak_without_curves(self, region: Region, members: list[Customer]) -> None:
        answer = region.client().get("/api/v1/group-loads/G1?day=2026-10-01").json()

        assert (answer["peak_kw"], answer["members"], answer["without"]) == (None, [], 2)
        assert set(answer["load_kw"]) == {None}

    def test_lists_take_the_group(self, region: Region, members: list[Customer]) -> None:
        client = region.client()

        def numbers(query: str) -> list[str]:
            answer = client.get(f"/api/v1/customers?{query}").json()
            return [one["number"] for one in answer["items"]]

        assert numbers("") == ["1", "2", "3"]
        assert numbers("group=G1") == ["1", "2"]
        assert numbers("group=G2") == ["2"]
        assert numbers("group=NONE") == []
        accounts = client.get("/api/v1/accounts?group=G1").json()["items"]
        assert [one["number"] for one in accounts] == ["331", "332"]
