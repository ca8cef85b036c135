"""Prices with their sources, and the company's own network."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from busbar.access.models import OrganizationUnit
from busbar.network.models import Feeder, PublicTransformer
from busbar.pricing import operations as pricing_operations
from busbar.pricing.models import Surcharge, Tariff, TimeOfUseInterval
from tests.imports.world import counts, csv_bytes, errors, network_files, run_files
from tests.shelf import lay

Units = dict[str, OrganizationUnit]

TARIFF = (
    "电价编码", "电价名称", "价区", "电价类别", "电压等级", "分时方案编码", "容量电价", "需量电价",
    "高峰电价", "平段电价", "低谷电价", "生效日期", "来源", "确定度",
)  # fmt: skip


def tariff(
    code: str, since: str, flat: str, scheme: str = "", peak: str = "", cap: str = "23"
) -> list[str]:
    valley = "0.3" if peak else ""
    return [code, "某省两部制", "某省", "两部制", "1-10kV", scheme, cap, "32", peak, flat, valley,
            since, "公告", "A"]  # fmt: skip


@pytest.mark.django_db
class TestTariffs:
    def test_a_new_version_ends_the_one_before(self, units: Units) -> None:
        lay(pricing_operations.load_seed)
        first = csv_bytes(TARIFF, [tariff("X-2P", "2025-01-01", "0.62", "TEXTBOOK", "0.9")])
        second = csv_bytes(TARIFF, [tariff("X-2P", "2025-07-01", "0.60", "TEXTBOOK", "0.8")])
        run_files("tariffs", {"电价1.csv": first})

        run_files("tariffs", {"电价2.csv": second})
        again = run_files("tariffs", {"电价1.csv": first})

        assert counts(again) == {"tariffs": (0, 0, 1, 0)}
        versions = Tariff.objects.filter(code="X-2P").order_by("valid_from")
        assert [(v.valid_from.month, v.valid_until) for v in versions] == [
            (1, dt.date(2025, 7, 1)),
            (7, None),
        ]
        prices = dict(versions[1].prices.values_list("period", "price"))
        assert prices == {
            "peak": Decimal("0.8"),
            "flat": Decimal("0.6"),
            "valley": Decimal("0.3"),
        }

    def test_a_changed_price_amends_and_only_that(self, units: Units) -> None:
        rows = [tariff("X", "2025-01-01", "0.62"), tariff("Y", "2025-01-01", "0.50")]
        run_files("tariffs", {"电价.csv": csv_bytes(TARIFF, rows)})
        rows[0][9] = "0.63"

        run = run_files("tariffs", {"电价.csv": csv_bytes(TARIFF, rows)})

        assert counts(run) == {"tariffs": (0, 1, 1, 0)}
        assert Tariff.objects.get(code="X").prices.get().price == Decimal("0.63")

    def test_incoherent_prices_are_refused(self, units: Units) -> None:
        rows = [
            tariff("A", "2025-01-01", "0.62", "NONE", "0.9"),
            tariff("B", "2025-01-01", "0.62", "", "0.9"),
            tariff("C", "2025-01-01", "", ""),
        ]

        run = run_files("tariffs", {"电价.csv": csv_bytes(TARIFF, rows)})

        assert [(e[0], e[1], e[3]) for e in errors(run)] == [
            (2, "分时方案编码", "没有这个编码的分时方案"),
            (3, "分时方案编码", "有几个时段电价时应写明分时方案；不分时的只填平段电价"),
            (4, "平段电价", "至少应有一个时段的电价"),
        ]
        assert not Tariff.objects.exists()

    def test_a_scheme_with_a_bad_interval_stays_as_it_was(self, units: Units) -> None:
        lay(pricing_operations.load_seed)
        before = list(TimeOfUseInterval.objects.filter(scheme__code="HA2021").values())
        header = ["分时方案编码", "月份", "开始时刻", "结束时刻", "时段"]
        rows = [["HA2021", "", "8:00", "12:00", "峰"], ["HA2021", "7-8", "9:00", "10:00", "尖峰"]]

        run = run_files("tariffs", {"时段.csv": csv_bytes(header, rows)})

        assert [e[3] for e in errors(run)] == [
            "该方案另有行不合格，整个方案未导入",
            "与同优先级的另一时段重叠而时段不同",
        ]
        assert list(TimeOfUseInterval.objects.filter(scheme__code="HA2021").values()) == before

    def test_a_schemes_intervals_are_replaced_as_a_whole(self, units: Units) -> None:
        lay(pricing_operations.load_seed)
        header = ["分时方案编码", "月份", "开始时刻", "结束时刻", "时段"]
        rows = [["HA2021", "", "10:00", "14:00", "峰"], ["HA2021", "1、12", "0:00", "6:00", "谷"]]

        run = run_files("tariffs", {"时段.csv": csv_bytes(header, rows)})

        assert counts(run) == {"tou_intervals": (1, 0, 1, 0)}
        stored = TimeOfUseInterval.objects.filter(scheme__code="HA2021").order_by("start_minute")
        assert [(i.start_minute, i.end_minute, i.months) for i in stored] == [
            (0, 360, [1, 12]),
            (600, 840, []),
        ]

    def test_surcharges_come_in_by_region(self, units: Units) -> None:
        header = ["项目编码", "项目名称", "价区", "单价", "参与力调", "生效日期", "来源", "确定度"]
        rows = [["loan", "农网还贷", "某省", "0.02", "否", "2025-01-01", "公告", "A"]]

        run = run_files("tariffs", {"附加.csv": csv_bytes(header, rows)})

        assert counts(run) == {"surcharges": (1, 0, 0, 0)}
        assert Surcharge.objects.get().in_power_factor_base is False


class TestNetwork:
    def test_comes_in_whatever_the_order_and_twice_changes_nothing(self, units: Units) -> None:
        run = run_files("network", network_files())
        again = run_files("network", network_files())

        assert counts(run) == {"feeders": (2, 0, 0, 0), "substations": (2, 0, 0, 0)}
        assert counts(again) == {"feeders": (0, 0, 2, 0), "substations": (0, 0, 2, 0)}
        assert Feeder.objects.get(code="F1").substation.name == "临江变"

    def test_a_transformer_on_an_unknown_feeder_is_refused(self, units: Units) -> None:
        table = csv_bytes(["公变编码", "公变名称", "馈线编码", "容量"], [["G1", "甲", "F9", "400"]])

        run = run_files("network", {"公变.csv": table})

        assert errors(run) == [(2, "馈线编码", "F9", "没有这个编码的馈线")]
        assert not PublicTransformer.objects.exists()
