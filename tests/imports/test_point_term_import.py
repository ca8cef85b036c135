"""Ways of computing losses and fixed quantities from files, refused by row and column."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.journal.models import Entry
from busbar.pricing import operations as pricing_operations
from busbar.pricing.models import LossCorrection, LossTableRow
from busbar.supply import operations as supply_operations
from busbar.supply.models import FixedEnergy, PointLoss, Transformer, UsagePoint
from tests.billing import world as billing_world
from tests.imports.world import AT, counts, csv_bytes, errors, run_files
from tests.shelf import lay

pytestmark = pytest.mark.django_db

LOSS = ("计量点编号", "损耗编号", "损耗名称", "损耗算法", "变压器编号", "班制", "协商损耗比例",
        "生效日期", "依据")  # fmt: skip
FIXED = ("计量点编号", "定量定比编号", "定量定比名称", "用途", "电价编码", "定量", "定比",
         "生效日期", "依据")  # fmt: skip
PLATE = ("变压器编号", "户号", "用电地址编码", "容量", "投运日期", "空载损耗", "负载损耗",
         "空载电流", "阻抗电压")  # fmt: skip


@pytest.fixture
def point() -> UsagePoint:
    """Metered on the low side of T1001, whose plate is not entered."""
    made = billing_world.make_account(billing_world.make_county(), "100001")
    UsagePoint.objects.update(metering_side="low")
    return made


def enter_plate() -> None:
    Transformer.objects.update(
        no_load_kw=Decimal("1.15"),
        load_kw=Decimal("10.3"),
        no_load_current_percent=Decimal("0.6"),
        impedance_percent=Decimal("4.5"),
    )


class TestPlates:
    def test_come_in_with_the_transformer(self, point: UsagePoint) -> None:
        row = ["T100001", "100001", "S100001", "1000", "2020-01-01", "1.15", "10.3", "0.6", "4.5"]

        run = run_files("archive", {"变压器.csv": csv_bytes(PLATE, [row])})

        assert counts(run) == {"transformers": (0, 1, 0, 0)}
        unit = Transformer.objects.get()
        assert (unit.no_load_kw, unit.impedance_percent) == (Decimal("1.15"), Decimal("4.5"))


class TestLosses:
    def test_come_in_once_and_are_told(self, point: UsagePoint) -> None:
        enter_plate()
        row = ["U100001", "1", "变损", "变压器铭牌公式", "T100001", "2", "", "2026-01-01", "合同"]
        file = {"计量点损耗.csv": csv_bytes(LOSS, [row])}

        run = run_files("archive", file)
        again = run_files("archive", file)

        assert counts(run) == {"point_losses": (1, 0, 0, 0)}
        assert counts(again) == {"point_losses": (0, 0, 1, 0)}
        loss = PointLoss.objects.select_related("transformer").get()
        assert (loss.method, loss.shifts, loss.load_share) == ("nameplate", 2, 1)
        assert Entry.objects.filter(event="supply.point_loss.registered").count() == 1

    def test_that_cannot_be_computed_are_refused(self, point: UsagePoint) -> None:
        since = ["2026-01-01", "合同"]
        rows = [
            ["U100001", "1", "变损", "nameplate", "T100001", "2", "", *since],
            ["U100001", "2", "变损", "nameplate", "", "2", "", *since],
            ["U100001", "3", "线损", "line", "", "", "", *since],
            ["U100001", "4", "线损", "share", "", "", "2", *since],
            ["NONE", "5", "线损", "share", "", "", "0.02", *since],
        ]

        run = run_files("archive", {"计量点损耗.csv": csv_bytes(LOSS, rows)})

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [
            (2, "变压器编号", "该变压器的铭牌损耗参数未登记"),
            (3, "变压器编号", "变压器损耗须写明变压器编号"),
            (4, "线电压", "线路损耗须有线电压和每相电阻"),
            (5, "协商损耗比例", "协商比例应大于 0 且小于 1，如 0.02"),
            (6, "计量点编号", "没有这个编号的计量点"),
        ]
        assert not PointLoss.objects.exists()

    def test_where_the_meter_sees_the_transformer_are_refused(self, point: UsagePoint) -> None:
        enter_plate()
        UsagePoint.objects.update(metering_side="high")
        row = ["U100001", "1", "变损", "nameplate", "T100001", "", "", "2026-01-01", "合同"]

        run = run_files("archive", {"计量点损耗.csv": csv_bytes(LOSS, [row])})

        assert [e[3] for e in errors(run)] == ["该计量点不是高供低计，变压器损耗已由表计计入"]
        assert not PointLoss.objects.exists()


class TestFixedQuantities:
    def test_take_one_of_quantity_and_share(self, point: UsagePoint) -> None:
        rows = [
            ["U100001", "1", "照明", "照明", "LIGHT", "3000", "", "2026-01-01", "合同"],
            ["U100001", "2", "宿舍", "居民生活", "HOME", "", "0.05", "2026-01-01", "合同"],
            ["U100001", "3", "两样", "照明", "LIGHT", "3000", "0.05", "2026-01-01", "合同"],
            ["U100001", "4", "皆无", "照明", "LIGHT", "", "", "2026-01-01", "合同"],
            ["U100001", "5", "过大", "照明", "LIGHT", "", "5", "2026-01-01", "合同"],
        ]

        run = run_files("archive", {"定量定比.csv": csv_bytes(FIXED, rows)})

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [
            (4, "定量", "定量与定比应填且只填一项"),
            (5, "定量", "定量与定比应填且只填一项"),
            (6, "定比", "定比应大于 0 且小于 1，如 0.05"),
        ]
        found = FixedEnergy.objects.order_by("number").values_list("energy_kwh", "share", "use")
        assert list(found) == [(3000, None, "lighting"), (None, Decimal("0.05"), "residential")]

    def test_that_overlap_are_refused(self, point: UsagePoint) -> None:
        rows = [
            ["U100001", "1", "照明", "照明", "LIGHT", "3000", "", "2026-01-01", "合同"],
            ["U100001", "1", "照明", "照明", "LIGHT", "4000", "", "2026-03-01", "合同"],
        ]

        run = run_files("archive", {"定量定比.csv": csv_bytes(FIXED, rows)})

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [
            (3, "生效日期", "与同一项目另一行的有效期重叠"),
        ]
        assert FixedEnergy.objects.get().energy_kwh == 3000


class TestCorrections:
    def test_of_the_seed_are_kept_beside_the_office_s_own(self, units: object) -> None:
        lay(pricing_operations.load_seed)
        header = ("省份", "班制", "修正系数K", "生效日期", "来源", "确定度")
        row = ["东海", "3", "1.05", "2026-01-01", "省公司文件", "A"]

        run = run_files("tariffs", {"变损修正系数.csv": csv_bytes(header, [row])})

        assert counts(run) == {"loss_corrections": (1, 0, 0, 0)}
        assert LossCorrection.objects.filter(province="", certainty="unverified").count() == 3
        assert LossCorrection.objects.get(province="东海").value == Decimal("1.05")


class TestLossTables:
    HEADER = ("变损表编号", "容量", "月用电量上限", "有功损耗", "无功损耗", "生效日期", "来源",
              "可信度")  # fmt: skip
    SINCE = ("2024-06-01", "省公司变损表", "local")

    def test_come_in_by_row_and_the_bad_ones_are_named(self, point: UsagePoint) -> None:
        rows = [
            ["T1", "1000", "100000", "310", "70", *self.SINCE],
            ["T1", "1000", "", "900", "", *self.SINCE],
            ["T1", "1000", "200000", "-5", "", *self.SINCE],
        ]

        run = run_files("tariffs", {"变损表.csv": csv_bytes(self.HEADER, rows)})

        assert counts(run) == {"loss_table_rows": (2, 0, 0, 1)}
        assert errors(run) == [(4, "有功损耗", "-5", "损耗电量不应小于 0")]
        last = LossTableRow.objects.get(up_to_kwh=None)
        assert (last.active_kwh, last.reactive_kvarh) == (900, 0)

    def test_that_are_not_there_refuse_the_loss(self, point: UsagePoint) -> None:
        header = (*LOSS[:5], "变损表编号", *LOSS[7:])
        row = ["U100001", "1", "变损", "变损表", "T100001", "T9", "2026-01-01", "合同"]

        run = run_files("archive", {"计量点损耗.csv": csv_bytes(header, [row])})

        assert errors(run) == [(2, "变损表编号", "T9", "没有这个变损表容量为 1000 kVA 的行")]
        assert not PointLoss.objects.exists()


class TestOverlapsOfStoredRows:
    def test_are_refused_and_nothing_changes(self, point: UsagePoint) -> None:
        row = {
            "usage_point": "U100001",
            "number": "1",
            "name": "照明",
            "use": "lighting",
            "tariff_code": "LIGHT",
            "energy_kwh": 3000,
            "valid_from": dt.date(2026, 1, 1),
            "source": "合同",
        }
        supply_operations.store_fixed_energies(rows=[row], by=SYSTEM_VIEWER, at=AT)

        later = {**row, "valid_from": dt.date(2026, 2, 1)}
        outcome = supply_operations.store_fixed_energies(rows=[later], by=SYSTEM_VIEWER, at=AT)

        assert [r.field for r in outcome.rejections] == ["valid_from"]
        assert FixedEnergy.objects.count() == 1
