"""Documents of single calculations: late payment, corrections, compensation, indicators."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from busbar.billing.quote.documents import Facts, SingleFacts
from busbar.billing.quote.measured_documents import EnergyQuantity, MeterReadings
from busbar.billing.quote.tariff_documents import TariffPrices
from busbar.kit.document_fields import (
    Amount,
    Day,
    Document,
    Name,
    Number,
    Positive,
    Share,
    described,
)

Count = Annotated[StrictInt, Field(ge=0, le=1_000_000_000)]


class PaymentFacts(Document):
    """一次付款。A payment on an arrear."""

    paid_on: Day = described("付款日（当日仍计违约金） day of payment, still late", "2001-01-10")
    amount_yuan: Positive = described("金额 元 amount", 1000)


class ArrearFacts(Document):
    """一笔欠费。An unpaid electricity charge."""

    id: Name = described("编号或电费月份 id", "2000-12")
    amount_yuan: Positive = described("欠费金额 元 amount", 2000)
    due_on: Day = described(
        "交费截止日（次日起逾期），决定当年或跨年度 last day in time; its year decides the rate",
        "2000-12-15",
    )
    payments: tuple[PaymentFacts, ...] = described("部分付款 partial payments", default=())


class LatePaymentDocument(Facts):
    """电费违约金。The late-payment charge."""

    kind: Literal["late_payment"] = described("late_payment 电费违约金")
    arrears: tuple[ArrearFacts, ...] = described("各笔欠费 arrears", min_length=1)
    until: Day = described(
        "交纳日或计算到的日子（含当日） day of payment, counted as late", "2001-01-18"
    )
    customer: Literal["residential", "other"] = described(
        "residential 居民、other 其他 kind of customer", default="other"
    )
    contract_rate: Share | None = described(
        "合同约定的日比例（0.001–0.003），代替规则的比例 agreed rate a day instead of the rules'",
        "0.002",
        default=None,
    )
    contract_source: str = described("合同依据 where it is agreed", default="")


class RecordedFacts(SingleFacts):
    """退补电量共有的部分：抄见电量与电价。Recorded energy and its prices."""

    meters: tuple[MeterReadings, ...] = described("电能表示数 meters", default=())
    energies: tuple[EnergyQuantity, ...] = described(
        "抄见电量，可按时段 recorded energies",
        [{"measures": "total", "quantity": 900000}],
        default=(),
    )
    tariff: TariffPrices | None = described(
        "电价，不填则只算电量 prices, else energy alone", default=None
    )

    @model_validator(mode="after")
    def _has_energy(self) -> Self:
        if not self.meters and not self.energies:
            raise ValueError("须填写抄见电量 energies 或示数 meters")
        return self


class MeterErrorDocument(RecordedFacts):
    """计量误差超差退补。Correction of a meter's error."""

    kind: Literal["meter_error"] = described("meter_error 误差超差退补")
    error_percent: Number = described("误差 %，表慢为负 error in percent, negative when slow", -10)
    allowed_percent: Amount = described(
        "允许误差 %，未超出不退补 permissible error", default=Decimal(0)
    )


class RatioFacts(Document):
    """倍率。A multiplier, or the ratios that make it."""

    multiplier: Positive | None = described("倍率 multiplier", 3000, default=None)
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

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.multiplier is None) == (self.ct is None and self.pt is None):
            raise ValueError("倍率 multiplier 与变比 ct、pt 须填且只填一种")
        return self


class WrongRatioDocument(RecordedFacts):
    """倍率差错退补。Correction of energy billed by a wrong ratio."""

    kind: Literal["wrong_ratio"] = described("wrong_ratio 倍率差错退补")
    correct: RatioFacts = described("实际倍率 correct ratio", {"ct": "200/5"})
    wrong: RatioFacts = described("错误倍率（计费所用） ratio used in error", {"ct": "150/5"})


Element = Annotated[StrictInt, Field(ge=-1, le=1)]


class WrongWiringDocument(RecordedFacts):
    """接线错误退补：更正率＝K−1。Correction of wrong wiring."""

    kind: Literal["wrong_wiring"] = described("wrong_wiring 接线错误退补")
    factor: Number | None = described(
        "更正系数 K＝正确功率÷错误功率 correction factor K", 3, default=None
    )
    elements: tuple[Element, Element, Element] | None = described(
        "三相四线各元件：1 正确、-1 电流接反、0 断开；按三相平衡求 K "
        "the elements of a four-wire meter, from which K follows under balanced load",
        [1, 1, -1],
        default=None,
    )
    ran_backwards: StrictBool = described(
        "电能表反转，抄见电量为负 the meter ran backwards", default=False
    )

    @model_validator(mode="after")
    def _one_factor(self) -> Self:
        if (self.factor is None) == (self.elements is None):
            raise ValueError("更正系数 factor 与 elements 须填且只填一种")
        return self


class NormalUse(Document):
    """停电前的正常用电。Normal use before the outage."""

    energy_kwh: Amount = described("正常用电月（或天数）的电量 kWh energy", 30000)
    days: Positive = described("相应天数 days", 30)


class SupplierOutage(Document):
    """供电企业责任停电。An outage the supplier answers for."""

    cause: Literal["supplier_outage"] = described("supplier_outage 供电企业责任停电")
    outage_hours: Positive = described("停电小时 hours", 30)
    normal: NormalUse = described("停电前正常用电 normal use")
    two_part: StrictBool = described("执行两部制电价 two-part tariff", default=False)
    energy_price: Amount | None = described(
        "电度电价 元/kWh（2024 版以前） energy price, before the set of 2024", "0.40", default=None
    )
    peer_average_price: Amount | None = described(
        "当期同类用户平均电量电价 元/kWh（2024 版） average price of like customers, 2024",
        "0.62",
        default=None,
    )

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.energy_price is None) == (self.peer_average_price is None):
            raise ValueError("energy_price 与 peer_average_price 须填且只填一种")
        return self


class CustomerOutage(Document):
    """用户责任致对外停电。An outage of others that the customer caused."""

    cause: Literal["customer_outage"] = described("customer_outage 用户责任致对外停电")
    outage_hours: Positive = described("对外停电小时 hours", 2)
    normal: NormalUse = described("受影响用户停电前正常用电 normal use of those affected")
    average_sale_price: Amount = described(
        "上月平均售电单价 元/kWh last month's average price of sales", "0.58"
    )


class PoorQuality(Document):
    """电压、频率不合格。Voltage or frequency out of limits."""

    cause: Literal["poor_quality"] = described("poor_quality 电压、频率不合格")
    energy_kwh: Amount = described("不合格时段用电量 kWh energy used meanwhile", 12000)
    energy_price: Amount = described("电度电价 元/kWh energy price", "0.55")


Case = Annotated[SupplierOutage | CustomerOutage | PoorQuality, Field(discriminator="cause")]


class CompensationDocument(SingleFacts):
    """合同约定的赔偿。Compensation agreed in the contract."""

    kind: Literal["compensation"] = described("compensation 赔偿")
    case: Case = described("情形 what happened")


class ErrorRateFacts(Document):
    """电费差错率。The error rate of charges."""

    measure: Literal["error_rate"] = described("error_rate 电费差错率")
    charged_yuan: Positive = described("新发生电费 元 charges of the period", 450000)
    overcharged_yuan: tuple[Amount, ...] = described(
        "各笔多收 元 overcharged amounts", ["3000"], default=()
    )
    undercharged_yuan: tuple[Amount, ...] = described(
        "各笔少收 元 undercharged amounts", ["20000"], default=()
    )


class ReadingClassFacts(Document):
    """一类用户的抄表。The reading of one class of meters."""

    id: Name = described("代码 id", "lighting")
    name: Name = described("名称 name", "照明")
    due: Count = described("应抄户数 meters due", 2500)
    missed: Count = described("漏抄户数 not read", 18, default=0)
    estimated: Count = described("估抄户数（算未实抄） estimated, counted as unread", 3, default=0)


class ReadingRateFacts(Document):
    """实抄率。The share of meters really read."""

    measure: Literal["reading_rate"] = described("reading_rate 实抄率")
    classes: tuple[ReadingClassFacts, ...] = described(
        "各类用户，多于一类时另算综合 classes; of several also all together", min_length=1
    )


Measured = Annotated[ErrorRateFacts | ReadingRateFacts, Field(discriminator="measure")]


class IndicatorDocument(SingleFacts):
    """抄核收指标。An indicator of billing work."""

    kind: Literal["indicator"] = described("indicator 抄核收指标")
    indicator: Measured = described("指标 indicator")
    places: Annotated[StrictInt, Field(ge=0, le=6)] | None = described(
        "百分数取位，缺省按规则集 decimals of the percentage, else the rule set's", 2, default=None
    )
    rounding: Literal["half_up", "down"] = described(
        "half_up 四舍五入、down 截去 way of rounding", default="half_up"
    )
