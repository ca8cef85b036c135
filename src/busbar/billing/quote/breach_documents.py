"""Documents of breach of supply rules (违约使用电) and theft."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from busbar.billing.quote.basic_documents import Days
from busbar.billing.quote.documents import SingleFacts
from busbar.kit.document_fields import Amount, Document, Positive, described

Multiple = Amount | None


def _multiple() -> Any:
    return described(
        "违约使用电费倍数，缺省为规则集的倍数；规则为“不高于”时可少，固定倍数时须相等 "
        "multiple; may be smaller only where the rule says not more than",
        3,
        default=None,
    )


class CapacityAct(Document):
    """违约使用的容量。Capacity used against the rules."""

    capacity_kva: Positive = described("容量 kVA（电动机按 kW） capacity", 100)
    price: Amount | None = described(
        "基本电价 元/kVA·月；非两部制用户不填，按每千瓦计 basic price, none without basic charge",
        16,
        default=None,
    )
    months: Positive | None = described("使用月数 months of use", 3, default=None)
    used: Days | None = described(
        "使用起止，按规则集折日 days of use, prorated by the rule set", default=None
    )
    times: Annotated[StrictInt, Field(ge=1, le=1000)] = described(
        "次数（非两部制启封） occasions", default=1
    )
    multiple: Multiple = _multiple()

    @model_validator(mode="after")
    def _time_of_use(self) -> Self:
        if self.price is not None and (self.months is None) == (self.used is None):
            raise ValueError("两部制用户须填使用月数 months 或起止 used，且只填一种")
        return self


class OverCapacity(CapacityAct):
    """私自超过合同约定的容量用电。Capacity beyond the agreement."""

    act: Literal["over_capacity"] = described("over_capacity 私自超容")


class SealedUse(CapacityAct):
    """擅自使用已停用或封存的设备。Use of stopped or sealed equipment."""

    act: Literal["sealed_use"] = described("sealed_use 擅自启封、使用已停用设备")


class LowTariff(Document):
    """高价低接、擅自改变用电类别。Energy at a lower price than its kind has."""

    act: Literal["low_tariff"] = described("low_tariff 高价低接")
    high_price: Amount = described("应执行电价 元/kWh price due", "0.85")
    low_price: Amount = described("实际执行电价 元/kWh price paid", "0.55")
    energy_kwh: Amount | None = described("相应电量 kWh energy", 10000, default=None)
    monthly_kwh: Amount | None = described(
        "起止不明时的月用电量 kWh a month's energy, where the beginning is not known",
        3000,
        default=None,
    )
    multiple: Multiple = _multiple()

    @model_validator(mode="after")
    def _one_energy(self) -> Self:
        if (self.energy_kwh is None) == (self.monthly_kwh is None):
            raise ValueError("电量 energy_kwh 与起止不明时的 monthly_kwh 须填且只填一种")
        return self


class MovedMeter(Document):
    """擅自迁移、更动、操作计量或负控装置。Meters or control devices moved or operated."""

    act: Literal["moved_meter"] = described("moved_meter 擅自迁移计量装置")
    occasions: Annotated[StrictInt, Field(ge=1, le=1000)] = described("次数 occasions", default=1)
    residential: StrictBool = described("居民用户 residential customer", default=False)


class ForeignSource(Document):
    """擅自引入、供出电源或并网。A source brought in, supplied to others or connected."""

    act: Literal["foreign_source"] = described("foreign_source 擅自引入、供出电源")
    capacity_kw: Positive = described("电源容量 kW(kVA) capacity of the source", 20)


Act = Annotated[
    OverCapacity | SealedUse | LowTariff | MovedMeter | ForeignSource,
    Field(discriminator="act"),
]


class BreachDocument(SingleFacts):
    """违约使用电费。Charges for a breach of supply rules."""

    kind: Literal["breach"] = described("breach 违约使用电费")
    breach: Act = described("违约行为 what was done")


class MeterCapacityFacts(Document):
    """计费电能表标定电流值所指的容量。The capacity that a meter's basic current stands for."""

    voltage_v: Positive = described("电压 V，三相为线电压 voltage, between lines", 380)
    current_a: Positive = described("标定电流 A basic current", 20)
    phases: Literal[1, 3] = described("相数 phases", 3)
    multiplier: Positive = described("倍率 multiplier", 1, default=1)


class TheftDocument(SingleFacts):
    """窃电：补交电费与违约使用电费。Theft of electricity."""

    kind: Literal["theft"] = described("theft 窃电")
    equipment_kw: Positive | None = described(
        "私接设备容量 kW capacity of the connected equipment", 2, default=None
    )
    meter: MeterCapacityFacts | None = described(
        "其他方式：电能表标定电流所指容量 the meter's capacity, other ways of theft", default=None
    )
    customer: Literal["power", "lighting"] = described(
        "power 电力用户、lighting 照明用户 kind of customer", default="power"
    )
    days: Positive | None = described(
        "窃电天数，不明则按规则集（180） days, else the rule set's", 90, default=None
    )
    hours_per_day: Annotated[Positive, Field(le=24)] | None = described(
        "每日小时，不明则按规则集（12 或 6） hours a day, else the rule set's", 8, default=None
    )
    price: Amount = described("电价 元/kWh price", "0.40")
    price_source: str = described("电价依据 source of the price", default="")
    multiple: Multiple = _multiple()

    @model_validator(mode="after")
    def _one_capacity(self) -> Self:
        if (self.equipment_kw is None) == (self.meter is None):
            raise ValueError("设备容量 equipment_kw 与电能表容量 meter 须填且只填一种")
        return self
