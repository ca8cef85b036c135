"""A file of customers says which member leads its group (U1)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.models import Customer, CustomerGroup
from busbar.imports.models import ImportRun
from busbar.journal.models import Entry
from tests.imports.world import AT, counts, csv_bytes, errors, make_viewer, run_files

Units = dict[str, OrganizationUnit]
HEADER = ["客户编号", "客户名称", "客户类别", "集团编码", "集团牵头", "单位编码"]
GROUPS = csv_bytes(["集团编码", "集团名称"], [["G1", "东海集团"], ["G2", "望海集团"]])
FOREIGN = "集团里有您管辖范围以外的客户，牵头单位须由上级单位指定"


def row(number: str, group: str, leads: str, unit: str = "310101") -> list[str]:
    return [number, f"客户{number}", "工业企业", group, leads, unit]


def bring_in(*rows: list[str], by: Viewer | None = None) -> ImportRun:
    files = {"客户.csv": csv_bytes(HEADER, rows)}
    return run_files("archive", files, **({"by": by} if by else {}))


def heads() -> dict[str, str]:
    """The head's number by the group's code; groups without are left out."""
    led = CustomerGroup.objects.exclude(head=None).order_by("code")
    return dict(led.values_list("code", "head__number"))


@pytest.fixture
def groups(units: Units) -> Units:
    """Two groups without members."""
    run_files("archive", {"集团.csv": GROUPS})
    return units


class TestNaming:
    def test_comes_with_groups_and_customers_of_one_import(self, units: Units) -> None:
        customers = csv_bytes(HEADER, [row("C1", "G1", ""), row("C2", "G1", "是")])

        run = run_files("archive", {"客户.csv": customers, "集团.csv": GROUPS})

        assert errors(run) == []
        assert heads() == {"G1": "C2"}
        told = Entry.objects.get(event="customers.group.head_named")
        assert (told.changes, told.reason) == ({"head": [None, "客户C2"]}, "导入客户档案")

    def test_twice_changes_nothing(self, groups: Units) -> None:
        bring_in(row("C1", "G1", "是"))
        entries = Entry.objects.exclude(event__startswith="imports.").count()

        run = bring_in(row("C1", "G1", "是"))

        assert counts(run) == {"customers": (0, 0, 1, 0)}
        assert Entry.objects.exclude(event__startswith="imports.").count() == entries

    def test_of_a_standing_member_counts_as_an_update(self, groups: Units) -> None:
        bring_in(row("C1", "G1", ""), row("C2", "G1", ""))

        run = bring_in(row("C1", "G1", ""), row("C2", "G1", "是"))

        assert counts(run) == {"customers": (0, 1, 1, 0)}
        assert heads() == {"G1": "C2"}

    def test_a_blank_leaves_the_head_and_a_no_ends_it(self, groups: Units) -> None:
        bring_in(row("C1", "G1", "是"))

        bring_in(row("C1", "G1", ""))
        kept = heads()
        run = bring_in(row("C1", "G1", "否"))

        assert kept == {"G1": "C1"}
        assert heads() == {}
        assert counts(run) == {"customers": (0, 1, 0, 0)}

    @pytest.mark.parametrize("order", [1, -1])
    def test_passes_on_when_the_old_one_says_no(self, groups: Units, order: int) -> None:
        bring_in(row("C1", "G1", "是"), row("C2", "G1", ""))

        run = bring_in(*[row("C1", "G1", "否"), row("C2", "G1", "是")][::order])

        assert counts(run) == {"customers": (0, 2, 0, 0)}
        assert heads() == {"G1": "C2"}
        last = Entry.objects.filter(event="customers.group.head_named").order_by("-pk")[0]
        assert last.changes == {"head": ["客户C1", "客户C2"]}

    def test_follows_a_head_that_moves_to_another_group(self, groups: Units) -> None:
        bring_in(row("C1", "G1", "是"), row("C2", "G1", ""))

        run = bring_in(row("C1", "G2", "是"), row("C2", "G1", "是"))

        assert errors(run) == []
        assert heads() == {"G1": "C2", "G2": "C1"}

    def test_takes_the_same_queries_for_one_group_and_for_many(self, groups: Units) -> None:
        for number in range(8):
            CustomerGroup.objects.create(code=f"L{number}", name=f"集团{number}")

        def store(first: int, last: int) -> int:
            rows = [
                {"customer": f"Q{n}", "name": "甲", "kind": "other", "unit": "310101",
                 "group": f"L{n}", "leads": True}
                for n in range(first, last)
            ]  # fmt: skip
            with CaptureQueriesContext(connection) as taken:
                customers_operations.store_customers(rows=rows, by=SYSTEM_VIEWER, at=AT)
            return len(taken)

        assert store(0, 1) == store(1, 8)


class TestRefusals:
    """With row, column and what was expected; nothing of the row is stored, the others are."""

    def test_name_what_is_wrong(self, groups: Units) -> None:
        bring_in(row("C1", "G1", "是"))

        run = bring_in(
            row("C2", "G1", "是"),
            row("C3", "", "是"),
            row("C4", "G2", "是"),
            row("C5", "G2", "是"),
            row("C6", "G2", "头"),
            row("C7", "G9", "是"),
        )

        assert errors(run) == [
            (2, "集团牵头", "是", "集团 G1 已由客户 C1 牵头；换人须在其行写“否”"),
            (3, "集团牵头", "是", "该客户不属于任何集团，不能牵头"),
            (5, "集团牵头", "是", "集团 G2 已由客户 C4 牵头；换人须在其行写“否”"),
            (6, "集团牵头", "头", "应为“是”或“否”"),
            (7, "集团编码", "G9", "没有这个编码的集团"),
        ]
        assert heads() == {"G1": "C1", "G2": "C4"}
        assert set(Customer.objects.values_list("number", flat=True)) == {"C1", "C4"}

    @pytest.mark.parametrize("leads", ["是", "否"])
    def test_who_may_not_assign_customers(self, groups: Units, leads: str) -> None:
        bring_in(row("C1", "G1", "否" if leads == "是" else "是"), row("C2", "G1", ""))
        before = heads()
        clerk = make_viewer(groups["3101"], Role.BILLING_CLERK)

        run = bring_in(row("C1", "G1", leads), row("C2", "G1", ""), by=clerk)

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [
            (2, "集团牵头", "指定或改变牵头单位须有“分配与移交客户”的权限")
        ]
        assert heads() == before

    def test_who_sees_not_all_members(self, groups: Units) -> None:
        bring_in(row("C1", "G1", ""), row("C2", "G1", "", "310102"))
        both = make_viewer(groups["310101"], Role.BILLING_CLERK, Role.MANAGER)

        run = bring_in(row("C1", "G1", "是"), by=both)

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [(2, "集团牵头", FOREIGN)]
        assert heads() == {}

    def test_leave_to_a_clerk_what_says_nothing_new(self, groups: Units) -> None:
        bring_in(row("C1", "G1", "是"))
        clerk = make_viewer(groups["3101"], Role.BILLING_CLERK)

        run = bring_in(row("C1", "G1", "是"), by=clerk)

        assert errors(run) == []
        assert counts(run) == {"customers": (0, 0, 1, 0)}
