"""Quote documents: what a stranger writes to have a bill computed, described field by field."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from busbar.billing.quote.basic_documents import BasicCharge, Days
from busbar.billing.quote.segment_documents import SegmentFacts
from busbar.billing.quote.tariff_documents import TariffPrices
from busbar.kit.document_fields import (
    Amount,
    Day,
    Document,
    Name,
    Number,
    Share,
    Standard,
    described,
)


class StandardFacts(Document):
    """决定力率标准的事实。What decides a customer's standard."""

    category: Literal["industrial", "non_industrial", "irrigation", "agriculture", "wholesale"] = (
        described(
            "industrial 工业、non_industrial 非工业、irrigation 电力排灌站、agriculture 农业、"
            "wholesale 趸售 category",
            "industrial",
        )
    )
    capacity_kva: Amount = described("受电容量 kVA capacity", 560)
    high_voltage: StrictBool = described("高压供电 supplied at high voltage", default=False)
    on_load_tap_changer: StrictBool = described(
        "装有带负荷调整电压装置 on-load tap changer", default=False
    )


class PowerFactorTerms(Document):
    """力率标准。The standard, named or by the customer's facts."""

    standard: Standard | None = described(
        "功率因数标准 0.90、0.85、0.80 standard", "0.90", default=None
    )
    customer: StandardFacts | None = described(
        "不填 standard 时按用户情况查标准 facts that decide the standard", default=None
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.standard is None) == (self.customer is None):
            raise ValueError("standard 与 customer 须填且只填一种")
        return self


class Assessment(PowerFactorTerms):
    """账单中的一次力率考核。One power-factor assessment of a bill."""

    id: Name = described("编号 id", "main", default="main")
    segments: tuple[Name, ...] | None = described(
        "参加的计费段，缺省全部 segments, else all", ["s2"], default=None
    )
    capacity_kva: Amount | None = described(
        "受电容量 kVA，小于规则集门槛（100）时不执行 capacity; below the threshold not applied",
        50,
        default=None,
    )
    includes_basic_charge: StrictBool = described(
        "基本电费是否进入基数 basic charge in the base", default=True
    )
    basic_charges: tuple[Annotated[StrictInt, Field(ge=1)], ...] | None = described(
        "进入基数的各项基本电费的序号，从 1 起，缺省全部 which basic_charges join, else all",
        [1],
        default=None,
    )
    power_factor: Share | None = described(
        "直接给出功率因数，代替由电量计算 given instead of computed", "0.80", default=None
    )


class OverriddenRule(Document):
    """本账单另行规定的参数，须写明依据。A figure of the rule set replaced, with its source."""

    code: Name = described("参数代码 figure", "rounding.average_price_places")
    value: Number | Literal["calendar_month"] = described("取值 value", 2)
    source: Name = described("依据 source", "worked bill E01")


class Facts(Document):
    """各种文档共有的部分。What all kinds share."""

    reference: str = described("编号或标题 reference", "E01", default="")
    rule_set: Literal["R1996", "R2016", "R2018", "R2023", "R2024"] | None = described(
        "规则集，缺省按日期选取（账期内规则集变更的，从变更日起用新规则集） "
        "rule set, else chosen by date, the next one from its day on",
        "R1996",
        default=None,
    )
    rule_overrides: tuple[OverriddenRule, ...] = described(
        "另行规定的规则参数 figures replaced for this document", default=()
    )


class CommonFacts(Facts):
    """账期内的文档共有的部分。What documents of a period share."""

    period: Days = described("账期 billing period; decides the rule set by its first day")
    month_days: Annotated[StrictInt, Field(ge=28, le=62)] | None = described(
        "全月天数，缺省为当月日历天数，跨月账期为账期天数 days of a full month", 30, default=None
    )


class SingleFacts(Facts):
    """单项计算共有的部分。What single calculations share."""

    on: Day | None = described(
        "发生或查明日期，决定规则集 day that decides the rule set", "2024-06-15", default=None
    )

    @model_validator(mode="after")
    def _has_a_rule_set(self) -> Self:
        if self.on is None and self.rule_set is None:
            raise ValueError("须填写日期 on 或规则集 rule_set")
        return self


class BillDocument(CommonFacts):
    """一张电费账单。A month's bill."""

    kind: Literal["bill"] = described("bill 电费账单")
    tariff: TariffPrices | None = described(
        "电价，可在段内另给 tariff of all segments", default=None
    )
    segments: tuple[SegmentFacts, ...] = described("计费段，至少一段 segments", min_length=1)
    basic_charge: BasicCharge | None = described(
        "基本电费（两部制） basic charge of a two-part tariff", default=None
    )
    basic_charges: tuple[BasicCharge, ...] = described(
        "账期内合同变更时依次适用的各基本电费，以 used 写明起止；代替 basic_charge "
        "basic charges of successive agreements, each with used; instead of basic_charge",
        default=(),
    )
    power_factors: tuple[Assessment, ...] = described("力率考核 assessments", default=())

    @model_validator(mode="after")
    def _one_basic_charge(self) -> Self:
        if self.basic_charge is not None and self.basic_charges:
            raise ValueError("basic_charge 与 basic_charges 只填一种")
        return self


class BasicChargeDocument(CommonFacts):
    """只算基本电费。The basic charge alone."""

    kind: Literal["basic_charge"] = described("basic_charge 基本电费")
    basic_charge: BasicCharge = described("基本电费 basic charge")


class PowerFactorDocument(CommonFacts, PowerFactorTerms):
    """只算功率因数与调整率。The power factor and its percent, alone."""

    kind: Literal["power_factor"] = described("power_factor 功率因数调整")
    power_factor: Share | None = described(
        "功率因数，不填则由电量计算 given instead of computed", "0.80", default=None
    )
    active_kwh: Amount | None = described("有功电量 kWh active energy", 40000, default=None)
    reactive_forward_kvarh: Amount = described("正向无功 kvarh forward", 25000, default=Decimal(0))
    reactive_reverse_kvarh: Amount = described(
        "反向无功 kvarh，按绝对值相加 reverse, added by absolute value", 5000, default=Decimal(0)
    )
    base_yuan: Amount | None = described(
        "力调基数（电度电费+基本电费） 元，不填只给调整率 base of the adjustment",
        15000,
        default=None,
    )

    @model_validator(mode="after")
    def _something_to_assess(self) -> Self:
        if (self.power_factor is None) == (self.active_kwh is None):
            raise ValueError("power_factor 与 active_kwh 须填且只填一种")
        return self
