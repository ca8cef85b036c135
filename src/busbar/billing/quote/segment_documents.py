"""A segment of a quote document: its meters, losses, lighting and prices."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from busbar.billing.quote.basic_documents import Days
from busbar.billing.quote.loss_documents import HeldDays, LossFacts
from busbar.billing.quote.measured_documents import EnergyQuantity, Identifier, MeterReadings
from busbar.billing.quote.tariff_documents import TariffPrices
from busbar.billing.rating.values import PricePeriod
from busbar.kit.document_fields import Amount, Document, Name, Number, Share, described


class DeductedEnergy(Document):
    """另行计价的照明、居民等电量，套表或并接。Energy with its own price, inside or beside."""

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
    use: Literal["lighting", "residential"] = described(
        "lighting 照明、residential 居民生活；决定是否计入功率因数的缺省 what it is used for",
        "lighting",
        default="lighting",
    )
    connection: Literal["inside", "beside"] = described(
        "inside 套表（串接在总表之后，从总电量扣减）、beside 并接（不经总表，另加） "
        "behind the main meter or beside it",
        "inside",
        default="inside",
    )
    days: Annotated[StrictInt, Field(ge=0, le=31)] | None = described(
        "定量为全月值时的折算天数 days to prorate a month's fixed quantity by", 20, default=None
    )
    held_days: HeldDays = described(
        "该定量在账期内各段合计的天数，分段时填写 its days in all segments", 31, default=None
    )
    days_before: Annotated[StrictInt, Field(ge=0, le=61)] = described(
        "前面各段已计的天数，各段之和由此等于全月定量 its days in the segments before",
        15,
        default=0,
    )
    in_power_factor_energy: StrictBool | None = described(
        "是否计入功率因数的有功电量，缺省按规则集（套表照明计入，套表居民、并接不计入） "
        "counts in the power factor's energy, else by the rule set",
        default=None,
    )
    in_power_factor_base: StrictBool = described(
        "其电费是否进入力调基数 its charge belongs to the adjustment's base", default=False
    )

    @model_validator(mode="after")
    def _one_quantity(self) -> Self:
        if (self.energy_kwh is None) == (self.share is None):
            raise ValueError("定量 energy_kwh 与定比 share 须填且只填一种")
        if self.days is not None and self.energy_kwh is None:
            raise ValueError("折算天数 days 只用于定量 energy_kwh")
        counted = self.days_before + (self.days or 0)
        if self.held_days is not None and (self.days is None or counted > self.held_days):
            raise ValueError("合计天数 held_days 与 days 同填，且不少于 days_before 与 days 之和")
        if self.days_before and self.held_days is None:
            raise ValueError("前面各段天数 days_before 须与合计天数 held_days 同填")
        if self.connection == "beside" and self.taken_from is not None:
            raise ValueError("并接（beside）不从总表扣减，不填 taken_from")
        return self


class PriceSeries(Document):
    """动态电价：每个时段一个电量、一个电价。An energy and a price for every interval."""

    id: Identifier = described("编号 id", default=None)
    name: Name = described("名称 name", "现货电价", default="动态电价")
    energies_kwh: tuple[Amount, ...] = described(
        "各时段电量 kWh，至多三位小数 energy of each interval", ["12.5", "11.25"], min_length=1
    )
    prices: tuple[Number, ...] = described(
        "各时段电价 元/kWh，可为负 price of each interval, may be negative",
        ["0.3521", "0.1804"],
        min_length=1,
    )
    source: str = described("电价依据 source of the prices", default="")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.energies_kwh) != len(self.prices):
            counts = f"energies_kwh 有 {len(self.energies_kwh)} 项，prices 有 {len(self.prices)} 项"
            raise ValueError(f"{counts}，应相等")
        if any(kwh * 1000 != int(kwh * 1000) for kwh in self.energies_kwh):
            raise ValueError("energies_kwh 至多三位小数（Wh）")
        return self


class SegmentFacts(Document):
    """计费段：表计、变压器、电价都不变的一段。Days with the same meter and tariff."""

    id: Identifier = described("段号，缺省 s1、s2… id", "s1", default=None)
    period: Days | None = described("起止，缺省为整个账期 days, else the bill's", default=None)
    meters: tuple[MeterReadings, ...] = described("电能表 meters", default=())
    energies: tuple[EnergyQuantity, ...] = described("直接给出的电量 energies", default=())
    losses: tuple[LossFacts, ...] = described("变损、线损，给出或计算 losses", default=())
    series: PriceSeries | None = described(
        "动态电价的逐时段电量与电价，代替按时段的有功电量 energy billed by interval", default=None
    )
    deductions: tuple[DeductedEnergy, ...] = described(
        "另行计价的照明、居民等 energy with its own price", default=()
    )
    tariff: TariffPrices | None = described("本段电价，缺省用账单的 else the bill's", default=None)
