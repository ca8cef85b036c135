"""Energy prices and charges per kWh of a quote document."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import StrictBool, model_validator

from busbar.kit.document_fields import Amount, Document, Name, Number, described


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
