"""Another system's bills come in with their row errors and are compared line by line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.billing import shadow
from busbar.billing.models import Bill, ShadowBill, ShadowItem, ShadowLine
from busbar.billing.operations import UnableToMapItem, map_shadow_item, run_month
from busbar.imports import operations as imports_operations
from busbar.imports.models import ImportRun, RowError
from busbar.imports.operations import Incoming
from busbar.journal.models import Entry
from tests.billing import world

pytestmark = pytest.mark.django_db
JANUARY = str(world.MONTH)
HEADER = "户号,月份,费用项目,数量,单价,金额\n"
THEIRS = (
    "3101000001,2026-01,高峰电费,12400,1.00,12400.00\n"
    "3101000001,202601,平段电费,37200,0.60,22320.00\n"
    "3101000001,2026年1月,低谷电费,24800,0.30,7440.00\n"
    "3101000001,2026-01,基本电费,1000,30,30000.00\n"
)
"""Our January without the 0.75 % that the power factor takes off 72,160.00 yuan."""


@pytest.fixture(autouse=True)
def _billed(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two accounts billed for January: 74,400 kWh, 1,000 kVA."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    county = world.make_county()
    points = [world.make_account(county, number) for number in ("3101000001", "3101000002")]
    world.store(tmp_path / "lake", world.curves(points))
    run_month(month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT)


def bring(rows: str, name: str = "theirs.csv") -> ImportRun:
    content = (HEADER + rows).encode("gb18030")
    received = imports_operations.receive_files(
        kind="bills", files=[Incoming(name, [content])], by=SYSTEM_VIEWER, at=world.AT
    )
    imports_operations.confirm_mapping(run_id=received.pk, by=SYSTEM_VIEWER, at=world.AT)
    return imports_operations.run_import(run_id=received.pk, by=SYSTEM_VIEWER, at=world.AT)


def stored() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    return (
        list(ShadowBill.objects.order_by("pk").values()),
        list(ShadowLine.objects.order_by("pk").values()),
        list(ShadowItem.objects.order_by("pk").values()),
    )


class TestImport:
    def test_keeps_the_lines_of_a_bill_however_its_month_is_written(self) -> None:
        bring(THEIRS)

        (bill,) = ShadowBill.objects.all()
        assert (bill.account.number, bill.month) == ("3101000001", JANUARY)
        assert (bill.amount, bill.lines.count()) == (Decimal("72160.00"), 4)

    def test_twice_changes_nothing(self) -> None:
        bring(THEIRS)
        before = stored()

        again = bring(THEIRS, "again.csv")

        file = again.files.get()
        assert (file.created, file.updated, file.unchanged) == (0, 0, 4)
        assert stored() == before

    def test_refuses_bad_rows_with_place_and_expectation_and_keeps_the_good(self) -> None:
        bad = (
            "3109999999,2026-01,高峰电费,1,1,1\n"
            "3101000001,2026-13,高峰电费,1,1,1\n"
            "3101000001,2026-01,其他,1,1,很多\n"
        )
        run = bring(THEIRS + bad)

        errors = RowError.objects.filter(file__run=run).order_by("row")
        told = [(e.row, e.column, e.value, str(e.expectation)) for e in errors]
        assert told[0] == (6, "户号", "3109999999", "没有这个户号")
        assert told[1] == (7, "月份", "2026-13", "应为 YYYY-MM 的月份")
        assert told[2][:3] == (8, "金额", "很多")
        assert run.files.get().created == ShadowLine.objects.count() == 4

    def test_hides_accounts_of_another_branch_from_who_imports(self) -> None:
        bring(THEIRS)
        neighbor = Viewer(user_id=1, employee_id=1, name="邻县", unit_path="000001")

        assert list(shadow.list_shadow_bills(neighbor)) == []
        with pytest.raises(ShadowBill.DoesNotExist):
            shadow.compare(neighbor, "3101000001", JANUARY)


class TestCompare:
    def test_finds_the_line_that_is_missing(self) -> None:
        bring(THEIRS)

        found = shadow.compare(SYSTEM_VIEWER, "3101000001", JANUARY)

        differing = {row.code: row.difference for row in found.lines if row.difference}
        assert differing == {"power_factor": Decimal("541.20")}
        assert found.difference == Decimal("541.20")

    def test_adds_up_to_the_whole_difference_with_a_stated_total(self) -> None:
        bring(THEIRS + "3101000001,2026-01,合计,,,72000.00\n")

        found = shadow.compare(SYSTEM_VIEWER, "3101000001", JANUARY)

        assert found.shadow.amount == Decimal("72000.00")
        assert found.unstated_yuan == Decimal("-160.00")
        assert sum(row.difference for row in found.lines) + found.unstated_yuan == found.difference

    def test_says_where_ours_is_lacking(self) -> None:
        bring("3101000001,2025-11,高峰电费,1,1,1.00\n")

        found = shadow.compare(SYSTEM_VIEWER, "3101000001", "2025-11")

        assert (found.bill, found.difference) == (None, Decimal("1.00"))

    def test_ranks_the_accounts_by_difference(self) -> None:
        bring(THEIRS + "3101000002,2026-01,合计,,,10000.00\n" + "3101000002,2025-11,合计,,,10.00\n")

        rows = list(shadow.list_shadow_bills(SYSTEM_VIEWER))

        amount = Bill.objects.get(account__number="3101000002").amount
        assert [(row.account.number, row.month, row.difference) for row in rows] == [
            ("3101000002", JANUARY, Decimal("10000.00") - amount),
            ("3101000001", JANUARY, Decimal("541.20")),
            ("3101000002", "2025-11", None),
        ]

    def test_goes_on_after_any_row_with_the_rest(self) -> None:
        bring(
            THEIRS
            + "3101000002,2026-01,合计,,,10000.00\n"
            + "".join(f"310100000{n},2025-{m},合计,,,10.00\n" for n in (1, 2) for m in (10, 11))
        )
        whole = [row.pk for row in shadow.list_shadow_bills(SYSTEM_VIEWER)]

        for place, row in enumerate(shadow.list_shadow_bills(SYSTEM_VIEWER), start=1):
            rest = shadow.list_shadow_bills(SYSTEM_VIEWER, after=(row.rank_fen, row.pk))
            assert [other.pk for other in rest] == whole[place:]
        assert len(whole) == 6


class TestMapShadowItem:
    def test_guesses_from_the_words_and_remembers_what_a_person_says(self) -> None:
        bring(THEIRS.replace("基本电费", "月租"))
        assert ShadowItem.objects.get(item="高峰电费").code == "energy.peak"
        assert ShadowItem.objects.get(item="月租").code == ""

        map_shadow_item(item="月租", code="basic", by=SYSTEM_VIEWER, at=world.AT)
        bring(THEIRS.replace("基本电费", "月租").replace("3101000001", "3101000002"), "next.csv")

        for number in ("3101000001", "3101000002"):
            found = shadow.compare(SYSTEM_VIEWER, number, JANUARY)
            differing = [row.code for row in found.lines if row.difference]
            assert differing == ["power_factor"]
        entry = Entry.objects.get(event="billing.shadow_item.mapped")
        assert (entry.subject_label, entry.changes) == ("月租", {"code": ["", "basic"]})

    def test_counts_the_bills_anew_where_an_item_becomes_the_total(self) -> None:
        bring(THEIRS + "3101000001,2026-01,应付,,,72000.00\n")
        assert ShadowBill.objects.get().amount == Decimal("144160.00")

        map_shadow_item(item="应付", code="total", by=SYSTEM_VIEWER, at=world.AT)

        assert ShadowBill.objects.get().amount == Decimal("72000.00")

    @pytest.mark.parametrize(("item", "code"), [("没有", "basic"), ("高峰电费", "nonsense")])
    def test_is_refused_for_what_is_unknown(self, item: str, code: str) -> None:
        bring(THEIRS)
        before = stored(), Entry.objects.count()
        with pytest.raises(UnableToMapItem):
            map_shadow_item(item=item, code=code, by=SYSTEM_VIEWER, at=world.AT)
        assert (stored(), Entry.objects.count()) == before

    def test_is_refused_to_who_may_not_bill(self) -> None:
        bring(THEIRS)
        reader = Viewer(
            user_id=1, employee_id=1, name="读者", unit_path="000",
            permissions=frozenset({Permission.EXPORT}), sees_all=False,
        )  # fmt: skip
        before = stored(), Entry.objects.count()
        with pytest.raises(NotPermitted):
            map_shadow_item(item="高峰电费", code="basic", by=reader, at=world.AT)
        assert (stored(), Entry.objects.count()) == before
