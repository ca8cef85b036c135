"""Study documents: what a stranger writes to have schemes computed, described field by field."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StrictInt, model_validator

from busbar.billing.rating.values import PricePeriod
from busbar.kit.document_fields import (
    Amount,
    Day,
    Document,
    Name,
    Positive,
    Share,
    Standard,
    described,
)

Count = Annotated[StrictInt, Field(ge=1, le=10_000)]
PositiveShare = Annotated[Share, Field(gt=0)]


class MainTransformerFacts(Document):
    """主变压器。A main transformer of a station."""

    code: Name = described("编号 code", "1#主变")
    bus: str = described("所带母线段 bus section", "Ⅰ段", default="")
    capacity_kva: Positive = described("额定容量 kVA rating", 50000)
    low_voltage_kv: Positive = described("低压侧电压 kV low-side voltage", 10)
    uk_percent: Positive = described("短路电压 % short-circuit voltage", "14")


class StationFacts(Document):
    """变电站。A substation."""

    code: Name = described("编码 code", "SS1")
    name: Name = described("名称 name", "临江变")
    voltage_kv: Positive = described("高压侧电压 kV high-side voltage", 110)
    peak_kw: Amount = described("年最大负荷 kW highest load of the year", 52000, default=Decimal(0))
    spare_bays: Annotated[StrictInt, Field(ge=0)] | None = described(
        "剩余出线间隔，不填为有 bays left; taken as available when absent", 2, default=None
    )
    transformers: tuple[MainTransformerFacts, ...] = described("主变 transformers", min_length=1)


class LineFacts(Document):
    """馈线，及客户到它的距离。A feeder, and how far the customer is from it."""

    code: Name = described("编码 code", "F11")
    name: Name = described("名称 name", "10kV临江11线")
    station: Name = described("变电站编码 station", "SS1")
    bus: str = described("母线段 bus section", "Ⅰ段", default="")
    voltage_kv: Positive = described("电压 kV voltage", 10)
    capacity_kva: Positive = described("可供容量 kVA capacity", 10000)
    length_km: Positive = described("主干长度 km length of the trunk", "4.2")
    conductor: Name = described("导线型号编码 conductor type", "JKLYJ-240")
    peak_kw: Amount | None = described(
        "年最大负荷 kW，不填则按已接容量判断 highest load", 3100, default=None
    )
    peak_power_factor: PositiveShare = described(
        "最大负荷功率因数 power factor", default=Decimal("0.95")
    )
    connected_kva: Amount = described("已接容量 kVA connected capacity", 6200, default=Decimal(0))
    distance_km: Amount | None = described(
        "客户至 T 接点 km；不填则不作为候选 distance from the customer; absent = no candidate",
        "0.8",
        default=None,
    )
    tee_at_km: Amount | None = described(
        "T 接点在主干上的位置 km，缺省为末端 where on the trunk, else its end", "3", default=None
    )


class TieFacts(Document):
    """馈线联络。A normally open tie of two feeders."""

    code: Name = described("编码 code", "L1")
    one: Name = described("馈线 feeder", "F11")
    other: Name = described("对侧馈线 other feeder", "F21")
    capacity_kva: Positive = described("转供能力 kVA what it can hand over", 8000)


class ConductorFacts(Document):
    """导线型号，补充或代替内置的。A conductor type besides the packaged ones."""

    code: Name = described("编码 code", "LGJ-150")
    name: Name = described("名称 name", "钢芯铝绞线 150mm²")
    kind: Literal["overhead", "cable"] = described("overhead 架空、cable 电缆 kind", "overhead")
    r_ohm_per_km: Positive = described("单位电阻 Ω/km resistance", "0.21")
    x_ohm_per_km: Positive = described("单位电抗 Ω/km reactance", "0.37")
    c_nf_per_km: Amount = described("单位电容 nF/km capacitance", 9, default=Decimal(0))
    ampacity_a: Positive = described("载流量 A ampacity", 445)
    source: str = described("来源 source", default="输入文档")
    certainty: str = described("确定度 certainty", default="local")


class NetworkFacts(Document):
    """客户周边的电网。The network near the customer."""

    stations: tuple[StationFacts, ...] = described("变电站 stations", min_length=1)
    lines: tuple[LineFacts, ...] = described("馈线 feeders", default=())
    ties: tuple[TieFacts, ...] = described("联络 ties", default=())
    conductors: tuple[ConductorFacts, ...] = described("导线型号 conductors", default=())


class EquipmentFacts(Document):
    """一组用电设备。A group of equipment."""

    name: Name = described("名称 name", "轧机电动机")
    count: Count = described("台数 number", 4)
    rated_kw: Positive = described("单台功率 kW rated power of one", 250)
    demand_factor: PositiveShare = described("需要系数 Kx demand factor", "0.7")
    power_factor: PositiveShare = described("自然功率因数 natural power factor", "0.8")
    load_class: Literal[1, 2, 3] = described("负荷等级 1、2、3 load class", 2, default=3)


class StationDistance(Document):
    """客户到变电站的距离，供专线方案。Distance to a station, for dedicated lines."""

    station: Name = described("变电站编码 station", "SS1")
    km: Positive = described("距离 km distance", "3.5")


class LoadFacts(Document):
    """客户申报的负荷。What the customer declares."""

    customer: Name = described("客户名称 customer", "示例轧钢有限公司")
    equipment: tuple[EquipmentFacts, ...] = described("用电设备 equipment", min_length=1)
    simultaneity: PositiveShare = described(
        "有功同时系数 simultaneity of kW", default=Decimal("0.9")
    )
    reactive_simultaneity: PositiveShare = described(
        "无功同时系数 simultaneity of kvar", default=Decimal("0.95")
    )
    target_power_factor: PositiveShare = described(
        "补偿后功率因数 after compensation", default=Decimal("0.95")
    )
    growth_percent: Amount = described("年增长率 % growth a year", "3", default=Decimal(0))
    horizon_years: Annotated[StrictInt, Field(ge=0, le=30)] = described(
        "规划年限 years of growth", 5, default=0
    )
    grade: Literal["special", "first", "second", "temporary", "none"] = described(
        "重要性等级：special 特级、first 一级、second 二级、temporary 临时性、none 非重要 grade",
        "second",
        default="none",
    )
    wished_voltage_kv: Positive | None = described("希望的电压 kV wished voltage", 10, default=None)
    safety_load_kw: Amount = described(
        "保安负荷 kW load that must not fail", 120, default=Decimal(0)
    )
    emergency_kw: Amount = described(
        "自备应急电源 kW own emergency supply", 150, default=Decimal(0)
    )
    shift: Literal["one_shift", "two_shift", "three_shift"] = described(
        "班制 shift pattern", "three_shift", default="three_shift"
    )
    stations: tuple[StationDistance, ...] = described("到变电站的距离 distances", default=())


class PricesByPeriod(Document):
    """按时段的电价 元/kWh。Prices by period; `total` alone is a single rate."""

    total: Amount | None = described("全时段 all day", default=None)
    sharp: Amount | None = described("尖峰 sharp peak", default=None)
    peak: Amount | None = described("高峰 peak", "1.054", default=None)
    flat: Amount | None = described("平段 flat", "0.62", default=None)
    valley: Amount | None = described("低谷 valley", "0.2356", default=None)
    deep_valley: Amount | None = described("深谷 deep valley", default=None)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.total is None and self.flat is None:
            raise ValueError("应填平段电价 flat，或只填全时段电价 total")
        return self

    def by_period(self) -> dict[PricePeriod, Decimal]:
        """The prices given."""
        given = self.model_dump(exclude_none=True)
        return {period: given[period] for period in get_args(PricePeriod) if period in given}


class TariffFactsDocument(Document):
    """适用于一段电压的电价。A tariff for a range of voltages."""

    name: Name = described("名称 name", "工商业两部制 1-10kV")
    least_kv: Amount = described("电压下限 kV（含） from this voltage", 1, default=Decimal(0))
    below_kv: Positive | None = described(
        "电压上限 kV（不含） below this voltage", 35, default=None
    )
    prices: PricesByPeriod = described("电度电价 energy prices")
    capacity_price: Amount | None = described("容量电价 元/kVA·月 capacity", 23, default=None)
    demand_price: Amount | None = described("需量电价 元/kW·月 demand", 32, default=None)
    source: str = described("依据 source", default="输入文档")


class PriceDocument(Document):
    """电价与规则。Tariffs and rules of the year."""

    first_month: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")] = described(
        "年电费从哪个月起算 YYYY-MM first month of the year", "2025-01"
    )
    rule_set: Literal["R2018", "R2023", "R2024"] = described(
        "规则集 rule set", "R2024", default="R2024"
    )
    power_factor_standard: Standard | None = described(
        "功率因数标准，不填不考核 standard", "0.90", default=None
    )
    tariffs: tuple[TariffFactsDocument, ...] = described("电价 tariffs", min_length=1)


class UnitCostFacts(Document):
    """单价。A unit price of works."""

    code: Name = described("代码，如 line.10.cable code", "line.10.cable")
    name: Name = described("名称 name", "10kV 电缆线路")
    unit: Name = described("单位 unit", "元/km")
    price_yuan: Amount = described("单价 元 price in yuan", 900000)
    valid_from: Day = described("生效日期 valid from", "2024-01-01")
    source: str = described("来源 source", default="输入文档")
    certainty: str = described("确定度 certainty", default="local")


class StudyDocument(Document):
    """供电方案比选。A study of supply schemes."""

    network: NetworkFacts = described("电网 network")
    load: LoadFacts = described("负荷 load")
    prices: PriceDocument = described("电价 prices")
    unit_costs: tuple[UnitCostFacts, ...] = described(
        "单价，同代码代替内置示例 unit prices, besides the packaged examples", default=()
    )
    weights: dict[str, Amount] = described(
        "比选权重，按指标代码，代替缺省 weights by criterion",
        {"investment": 40, "yearly_cost": 20},
        default={},
    )
