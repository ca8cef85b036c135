"""Quote documents: what a stranger writes to have a bill computed, described field by field."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from busbar.billing.quote.basic_documents import BasicCharge, Days
from busbar.billing.quote.fields import (
    Amount,
    Document,
    Name,
    Number,
    Positive,
    Share,
    Standard,
    described,
)
from busbar.billing.rating.values import Measure, PricePeriod

Identifier = Name | None


class RegisterReadings(Document):
    """一个示数的起止码。Two readings of one register."""

    id: Identifier = described(
        "编号，缺省为“表号.测量项” id, used in the bill", "m1.peak", default=None
    )
    measures: Measure = described(
        "测量项：total 总、sharp 尖、peak 峰、flat 平、valley 谷、deep_valley 深谷（有功 kWh）；"
        "reactive_forward 正向无功、reactive_reverse 反向无功（kvarh） what it measures",
        "total",
    )
    previous: Amount = described(
        "上次示数（起码） previous reading, before the multiplier", "5953.8"
    )
    current: Amount = described("本次示数（止码） current reading, before the multiplier", "6124.4")
    digits: Annotated[StrictInt, Field(ge=1, le=12)] | None = described(
        "整数位数，过零时必填 digits before the decimal point, needed when it rolled over",
        6,
        default=None,
    )


class MeterReadings(Document):
    """一只电能表。A meter with its transformer ratios."""

    id: Name = described("表号 meter id", "m1")
    multiplier: Positive | None = described(
        "倍率；不填则为 CT 变比×PT 变比 multiplier; else ct × pt", 3000, default=None
    )
    ct: str | None = described(
        "电流互感器变比 current transformer ratio",
        "150/5",
        default=None,
        pattern=r"^[1-9]\d{0,6}/[1-9]\d{0,3}$",
    )
    pt: str | None = described(
        "电压互感器变比 voltage transformer ratio",
        "10000/100",
        default=None,
        pattern=r"^[1-9]\d{0,6}/[1-9]\d{0,3}$",
    )
    registers: tuple[RegisterReadings, ...] = described("示数 registers", min_length=1)

    @model_validator(mode="after")
    def _one_multiplier(self) -> Self:
        if self.multiplier is not None and (self.ct or self.pt):
            raise ValueError("倍率 multiplier 与变比 ct、pt 只填一种")
        return self


class EnergyQuantity(Document):
    """直接给出的电量。An energy given as such, not through registers."""

    id: Identifier = described("编号，缺省为“段号.测量项” id, used in the bill", default=None)
    measures: Measure = described("测量项，同示数 what it measures, as for registers", "peak")
    quantity: Amount = described("电量，kWh 或 kvarh energy in kWh, or kvarh", 40000)


class LossQuantity(Document):
    """表计未计入的变损、线损。Losses that the meter does not see."""

    id: Identifier = described("编号 id", default=None)
    name: Name = described("名称 name", "变损", default="变损")
    energy_kwh: Amount = described(
        "有功损耗 kWh；给 days 时为全月值 active losses; a full month's when days is given", 304
    )
    reactive_kvarh: Amount = described("无功损耗 kvarh reactive losses", default=Decimal(0))
    days: Annotated[StrictInt, Field(ge=0, le=31)] | None = described(
        "折算天数，按规则集除以 30 或当月天数；不填则不折算 days to prorate by", 20, default=None
    )
    period: PricePeriod | None = described(
        "计入时段，缺省平段（单一制为 total） price period it is billed in", "flat", default=None
    )


class DeductedEnergy(Document):
    """表内另行计价的照明、居民等电量。Energy inside the meter with its own price."""

    id: Identifier = described("编号 id", default=None)
    name: Name = described("名称 name", "照明")
    price: Amount = described("电价 元/kWh price in yuan/kWh", "0.70")
    energy_kwh: Amount | None = described(
        "定量或分表电量 kWh fixed or sub-metered energy", 2000, default=None
    )
    share: Share | None = described(
        "定比，占总电量的比例 0–1 share of the total instead of energy_kwh", "0.05", default=None
    )
    taken_from: PricePeriod | None = described(
        "从哪个时段扣减，缺省平段（单一制为 total）；分时下 total 表示按各时段电量比例扣 "
        "period it is taken from",
        "flat",
        default=None,
    )
    in_power_factor_energy: StrictBool = described(
        "是否计入功率因数的有功电量（居民生活一般为 false） counts in the power factor's energy",
        default=True,
    )

    @model_validator(mode="after")
    def _one_quantity(self) -> Self:
        if (self.energy_kwh is None) == (self.share is None):
            raise ValueError("定量 energy_kwh 与定比 share 须填且只填一种")
        return self


class PeriodNumbers(Document):
    """按时段的数。Numbers by period of the day."""

    total: Amount | None = described("单一制（全时段） single rate, all day", "0.50", default=None)
    sharp: Amount | None = described("尖峰 sharp peak", default=None)
    peak: Amount | None = described("高峰 peak", "0.675", default=None)
    flat: Amount | None = described("平段 flat", "0.45", default=None)
    valley: Amount | None = described("低谷 valley", "0.225", default=None)
    deep_valley: Amount | None = described("深谷 deep valley", default=None)


class ChargePerKwh(Document):
    """按电量加收的费用：代征基金、线损、系统运行等。A price per kWh on the billed energy."""

    code: Name = described("代码 code", "three_gorges")
    name: Name = described("名称 name", "三峡工程建设基金")
    price: Number = described("元/kWh，可为负 yuan/kWh, may be negative", "0.007")
    group: Literal["fund", "line_loss", "system_operation", "other"] = described(
        "类别：fund 代征与基金、line_loss 上网环节线损、system_operation 系统运行、"
        "other 其他 group",
        "fund",
        default="fund",
    )
    in_power_factor_base: StrictBool | None = described(
        "是否进入力调基数；缺省只有线损、系统运行费进入 in the base of the power-factor adjustment",
        default=None,
    )
    includes_deductions: StrictBool = described(
        "是否含照明、居民等另行计价的电量 also on energy that has its own price", default=True
    )
    source: str = described("依据 source", default="")


class TariffPrices(Document):
    """电度电价。Energy prices in yuan/kWh, absolute or as a ratio to the flat price."""

    code: str = described("代码 code", default="input")
    name: Name = described("名称 name", "大工业 10kV", default="输入的电价")
    prices: PeriodNumbers = described(
        "各时段电价 元/kWh；单一制只填 total prices in yuan/kWh; a single rate has total only",
        {"flat": "0.45"},
    )
    ratios: PeriodNumbers | None = described(
        "与平段电价之比，代替该时段的电价 ratio to the flat price, instead of a price",
        {"peak": "1.5", "valley": "0.5"},
        default=None,
    )
    charges: tuple[ChargePerKwh, ...] = described("按电量加收的费用 charges per kWh", default=())
    source: str = described("电价依据 source of the prices", default="")

    @model_validator(mode="after")
    def _prices_fit(self) -> Self:
        given = self.prices.model_dump(exclude_none=True)
        ratios = self.ratios.model_dump(exclude_none=True) if self.ratios else {}
        if not given:
            raise ValueError("prices 至少要有一个时段的电价")
        if "total" in given and (len(given) > 1 or ratios):
            raise ValueError("单一制只填 prices.total，不能与其他时段同用")
        if ratios and "flat" not in given:
            raise ValueError("有比价 ratios 时须填平段电价 prices.flat")
        if {"total", "flat"} & set(ratios) or set(ratios) & set(given):
            raise ValueError("每个时段的电价与比价只填一种，total、flat 不填比价")
        return self


class SegmentFacts(Document):
    """计费段：表计、变压器、电价都不变的一段。Days with the same meter and tariff."""

    id: Identifier = described("段号，缺省 s1、s2… id", "s1", default=None)
    period: Days | None = described("起止，缺省为整个账期 days, else the bill's", default=None)
    meters: tuple[MeterReadings, ...] = described("电能表 meters", default=())
    energies: tuple[EnergyQuantity, ...] = described("直接给出的电量 energies", default=())
    losses: tuple[LossQuantity, ...] = described("变损、线损 losses", default=())
    deductions: tuple[DeductedEnergy, ...] = described(
        "另行计价的照明、居民等 energy with its own price", default=()
    )
    tariff: TariffPrices | None = described("本段电价，缺省用账单的 else the bill's", default=None)


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
    power_factor: Share | None = described(
        "直接给出功率因数，代替由电量计算 given instead of computed", "0.80", default=None
    )


class OverriddenRule(Document):
    """本账单另行规定的参数，须写明依据。A figure of the rule set replaced, with its source."""

    code: Name = described("参数代码 figure", "rounding.average_price_places")
    value: Number | Literal["calendar_month"] = described("取值 value", 2)
    source: Name = described("依据 source", "worked bill E01")


class CommonFacts(Document):
    """各种文档共有的部分。What all kinds share."""

    reference: str = described("编号或标题 reference", "E01", default="")
    period: Days = described("账期 billing period; decides the rule set by its first day")
    rule_set: Literal["R1996", "R2016", "R2018", "R2023", "R2024"] | None = described(
        "规则集，缺省按账期起始日选取 rule set, else chosen by the period's first day",
        "R1996",
        default=None,
    )
    month_days: Annotated[StrictInt, Field(ge=28, le=62)] | None = described(
        "全月天数，缺省为当月日历天数，跨月账期为账期天数 days of a full month", 30, default=None
    )
    rule_overrides: tuple[OverriddenRule, ...] = described(
        "另行规定的规则参数 figures replaced for this document", default=()
    )


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
    power_factors: tuple[Assessment, ...] = described("力率考核 assessments", default=())


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
