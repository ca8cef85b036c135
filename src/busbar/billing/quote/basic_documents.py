"""The basic charge's part of a quote document: transformers and their states, infeeds, prices."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, model_validator

from busbar.billing.rating.values import UnitState
from busbar.kit.document_fields import Amount, Day, Document, Name, Positive, described


class Days(Document):
    """起止日期，含 start，不含 end。Days from start up to but without end."""

    start: Day = described("起始日（含） first day", "2024-06-01")
    end: Day = described("截止日（不含） day after the last", "2024-07-01")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"end（{self.end}）应晚于 start（{self.start}）")
        return self


class UnitStateSpan(Document):
    """设备状态的一段。A state of a unit over days."""

    state: UnitState = described(
        "running 运行、unsealed 停用未加封、hot_standby 热备用、cold_standby 冷备用且加封、"
        "suspended 办理减容或暂停并加封 state",
        "suspended",
    )
    start: Day = described("起始日（加封、启封当日算起） first day", "2024-06-11")
    end: Day | None = described("截止日（不含），未结束不填 day after the last", default=None)

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"end（{self.end}）应晚于 start（{self.start}）")
        return self


class TransformerFacts(Document):
    """变压器或高压电动机。A transformer, or a high-voltage motor (kW as kVA)."""

    id: Name = described("编号 id", "T1")
    capacity_kva: Positive = described("容量 kVA（电动机按 kW） capacity in kVA", 1000)
    states: tuple[UnitStateSpan, ...] = described(
        "状态，未列的日子视为运行 states; days not listed are running", default=()
    )
    connected_on: Day | None = described("接电日期 day of connection", default=None)
    removed_on: Day | None = described("拆除日期（当日起不计） day of removal", default=None)
    interlock: Name | None = described(
        "联锁组：同组按可能同时使用的容量之和的最大值计 interlock group", "A", default=None
    )


class InterlockGroup(Document):
    """一次侧联锁、互为备用的一组。Units of which only some may run at once."""

    id: Name = described("组名 group", "A")
    at_once: Annotated[StrictInt, Field(ge=1)] = described("可同时运行台数 units at once", 1)


class MonthlyPrice(Document):
    """基本电价。Price per kVA or kW and month, for some days."""

    price: Amount = described("元/kVA·月 或 元/kW·月 yuan per kVA or kW and month", 15)
    period: Days | None = described("适用起止，缺省整个账期 days it holds", default=None)
    source: str = described("依据 source", default="")


class ByCapacity(Document):
    """按变压器容量计收。By transformer capacity."""

    mode: Literal["capacity"] = described("capacity 按容量 by capacity")
    prices: tuple[MonthlyPrice, ...] = described("基本电价 prices", [{"price": 15}], min_length=1)
    transformers: tuple[TransformerFacts, ...] = described("变压器 transformers", min_length=1)
    interlocks: tuple[InterlockGroup, ...] = described(
        "联锁组，未列的组同时运行 1 台 interlock groups, else one unit at once", default=()
    )
    used: Days | None = described(
        "本方式适用的起止（合同在账期内变更时），缺省整个账期 days of this agreement", default=None
    )


class InfeedFacts(Document):
    """一路进线。One incoming line."""

    id: Name = described("编号 id", "L1")
    measured_kw: Amount = described("本月实抄最大需量 kW measured maximum demand", 1300)
    contract_kw: Positive | None = described(
        "合同最大需量 kW，按合同需量时必填 contracted demand", 1000, default=None
    )
    capacity_kva: Positive | None = described(
        "该路变压器与高压电动机容量之和 kVA，用于 40% 下限 capacity behind it, for the 40 % floor",
        2000,
        default=None,
    )


class ByDemand(Document):
    """按合同或实际最大需量计收，多路累加。By contracted or actual maximum demand."""

    mode: Literal["contract_demand", "actual_demand"] = described(
        "contract_demand 按合同最大需量、actual_demand 按实际最大需量 mode"
    )
    prices: tuple[MonthlyPrice, ...] = described("需量电价 prices", [{"price": 38}], min_length=1)
    infeeds: tuple[InfeedFacts, ...] = described("进线 infeeds", min_length=1)
    contract_capacity_kva: Positive | None = described(
        "合同变压器容量 kVA，用于 260 kWh/kVA 九折 contract capacity for the discount",
        2000,
        default=None,
    )
    account_energy_kwh: Amount | None = described(
        "全部计量点当月总用电量 kWh，缺省为本账单电量 the account's energy, else this bill's",
        default=None,
    )
    used: Days | None = described(
        "用电或本方式适用的起止（月中新装、终止、合同变更） days of supply or of this agreement",
        default=None,
    )


BasicCharge = Annotated[ByCapacity | ByDemand, Field(discriminator="mode")]
