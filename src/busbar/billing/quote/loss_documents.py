"""Losses of a quote document: stated, or computed from a plate, a table, a line, a share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StrictInt, Tag

from busbar.billing.rating.values import PricePeriod
from busbar.kit.document_fields import Amount, Document, Name, Positive, Share, described

Identifier = Name | None
LossDays = Annotated[StrictInt, Field(ge=0, le=31)] | None
HeldDays = Annotated[StrictInt, Field(ge=1, le=62)] | None


class LossQuantity(Document):
    """表计未计入的变损、线损。Losses that the meter does not see."""

    method: Literal["stated"] = described("stated 直接给出，可不填 given", default="stated")
    id: Identifier = described("编号 id", default=None)
    name: Name = described("名称 name", "变损", default="变损")
    energy_kwh: Amount = described(
        "有功损耗 kWh；给 days 时为全月值 active losses; a full month's when days is given", 304
    )
    reactive_kvarh: Amount = described("无功损耗 kvarh reactive losses", default=Decimal(0))
    days: LossDays = described(
        "折算天数，按规则集除以 30 或当月天数；不填则不折算 days to prorate by", 20, default=None
    )
    held_days: HeldDays = described(
        "账期内各段合计的天数，分段时填写 its days in all segments", 31, default=None
    )
    period: PricePeriod | None = described(
        "计入时段，缺省平段（单一制为 total） price period it is billed in", "flat", default=None
    )


class ComputedLossFacts(Document):
    """由抄见电量计算的损耗。A loss computed from the metered energies."""

    id: Identifier = described("编号 id", default=None)
    name: Name = described("名称 name", "变损", default="变损")
    days: LossDays = described(
        "供电天数，缺省为本段天数，按规则集折算全月小时 days of supply, else the segment's",
        20,
        default=None,
    )
    held_days: HeldDays = described(
        "账期内各段合计的天数，分段时填写 its days in all segments", 31, default=None
    )
    hours: Positive | None = described(
        "实际运行小时，代替天数 running hours instead of days", 480, default=None
    )
    load_share: Share = described(
        "通过该设备的电量占本段电量的比例 share of the segment's energy that flows through",
        default=Decimal(1),
    )
    period: PricePeriod | None = described(
        "计入时段，缺省平段（单一制为 total） price period it is billed in", "flat", default=None
    )


class PlateFacts(Document):
    """变压器铭牌。A transformer's plate."""

    rated_kva: Positive = described("额定容量 Sn kVA rated capacity", 1000)
    no_load_kw: Amount = described("空载损耗 P0 kW no-load loss", "1.15")
    load_kw: Amount = described("负载损耗 Pk kW load loss", "10.3", default=Decimal(0))
    no_load_current_percent: Amount = described(
        "空载电流 I0% no-load current in percent", "0.6", default=Decimal(0)
    )
    impedance_percent: Amount = described(
        "阻抗电压 Uk% impedance voltage in percent", "4.5", default=Decimal(0)
    )


class NameplateLossFacts(ComputedLossFacts):
    """按铭牌公式：ΔWp＝P0·T＋K·Pk·β²·T。By the plate's formula."""

    method: Literal["nameplate"] = described("nameplate 按铭牌公式 by formula")
    transformer: PlateFacts = described("变压器铭牌 plate")
    correction: Positive | None = described(
        "修正系数 K，代替按省与班制查取 correction K, instead of by shifts", "1.05", default=None
    )
    correction_source: str = described("K 的依据 source of K", default="")
    shifts: Annotated[StrictInt, Field(ge=1, le=3)] | None = described(
        "班制 1、2、3，按省查 K；都不填则 K＝1 shifts of work, to look K up; else K is 1",
        3,
        default=None,
    )
    province: str = described("省份，查 K 用 province, for K", "", default="")


class SimplifiedLossFacts(ComputedLossFacts):
    """简化法：铁损按小时，铜损按电量比例。Iron by hours, copper as a share of the energy."""

    method: Literal["simplified"] = described("simplified 简化法 simplified")
    transformer: PlateFacts = described("变压器铭牌 plate")
    copper_share: Share | None = described(
        "铜损占电量的比例，缺省按规则集 copper's share of the energy, else the rule set's",
        "0.02",
        default=None,
    )
    copper_source: str = described("该比例的依据 source of the share", default="")


class TableRowFacts(Document):
    """变损表的一行。A row of a table of losses."""

    up_to_kwh: Positive | None = described(
        "月用电量不超过 kWh，末行不填 for a month's energy up to; the last row has none",
        20000,
        default=None,
    )
    energy_kwh: Amount = described("月有功损耗 kWh a month's active losses", 304)
    reactive_kvarh: Amount = described(
        "月无功损耗 kvarh a month's reactive losses", default=Decimal(0)
    )


class TableLossFacts(ComputedLossFacts):
    """查变损表。By a table of losses."""

    method: Literal["table"] = described("table 查表 by table")
    rows: tuple[TableRowFacts, ...] = described("该容量的各行 rows of the capacity", min_length=1)
    source: Name = described("变损表的依据 source of the table", "省公司变损表")


class LineLossFacts(ComputedLossFacts):
    """线路损耗：3·I²·R·T。Losses of a line."""

    method: Literal["line"] = described("line 线路 line")
    name: Name = described("名称 name", "线损", default="线损")
    voltage_kv: Positive = described("线电压 kV voltage between lines", 10)
    resistance_ohm: Amount = described("每相电阻 Ω resistance of one phase", "0.5")
    reactance_ohm: Amount = described("每相电抗 Ω reactance of one phase", default=Decimal(0))
    correction: Positive = described("修正系数 K correction", default=Decimal(1))
    correction_source: str = described("K 的依据 source of K", default="")


class ShareLossFacts(ComputedLossFacts):
    """按协商比例。An agreed share of the energy."""

    method: Literal["share"] = described("share 协商比例 agreed share")
    name: Name = described("名称 name", "线损", default="线损")
    agreed_share: Share = described("占电量的比例 share of the energy", "0.02")
    source: Name = described("依据 source", "供用电合同")


def _method(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("method", "stated"))
    return str(getattr(value, "method", "stated"))


LossFacts = Annotated[
    Annotated[LossQuantity, Tag("stated")]
    | Annotated[NameplateLossFacts, Tag("nameplate")]
    | Annotated[SimplifiedLossFacts, Tag("simplified")]
    | Annotated[TableLossFacts, Tag("table")]
    | Annotated[LineLossFacts, Tag("line")]
    | Annotated[ShareLossFacts, Tag("share")],
    Discriminator(_method),
]
