"""Meters, registers and stated energies of a quote document."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StrictInt, model_validator

from busbar.billing.rating.values import Measure
from busbar.kit.document_fields import Amount, Document, Name, Positive, described

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
