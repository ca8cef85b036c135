"""Tariffs of the fictitious province, built after the dated national rules; every price invented.

Structure and ratios have sources; the level of prices and the monthly figures do not, and every
row says so: source text begins with 演示, certainty is `local`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from busbar.demo.parameters import Parameters
from busbar.kit.money import round_half_up
from busbar.kit.periods import Month

Row = dict[str, object]
REGION = "岚川"
SCHEME, SCHEME_2018 = "LC-TOU-2024", "LC-TOU-2016"
TODAY_SOURCE = (
    "演示：浮动比例仿四川 2023（峰1.6、谷0.4、尖为峰的1.2倍），"
    "价格结构仿发改价格〔2023〕526号，价格为虚构"
)
PAST_SOURCE = (
    "演示：浮动比例仿教材通用（峰1.5、谷0.5），价格结构仿 2018 年大工业目录电价，价格为虚构"
)
PAST_START, REFORM = dt.date(2016, 1, 1), dt.date(2023, 6, 1)
TODAY_RATIOS = {"sharp": "1.92", "peak": "1.6", "flat": "1", "valley": "0.4", "deep_valley": "0.3"}
PAST_RATIOS = {"peak": "1.5", "flat": "1", "valley": "0.5"}
_LOCAL = "local"
_LOSS_RATE = Decimal("0.0412")

# code, name, category, voltage class, transmission yuan/kWh, capacity yuan/kVA, demand yuan/kW
TWO_PART = (
    ("LC-2P-10", "工商业两部制 1-10kV", "1-10kV", "0.1486", "23.0", "36.8"),
    ("LC-2P-35", "工商业两部制 35kV", "35kV", "0.1236", "22.0", "35.2"),
    ("LC-2P-110", "工商业两部制 110kV", "110kV", "0.1016", "21.0", "33.6"),
)
SINGLE_TRANSMISSION = "0.2186"
PAST_FLAT = {"LC-2P-10": "0.5364", "LC-2P-35": "0.5164", "LC-2P-110": "0.4964"}
PAST_CAPACITY, PAST_DEMAND = "26.0", "39.0"
FUNDS = (
    ("rural_grid", "农网还贷资金", "0.02"),
    ("renewable", "可再生能源电价附加", "0.019"),
    ("three_gorges", "国家重大水利工程建设基金", "0.0011"),
    ("resettlement", "大中型水库移民后期扶持资金", "0.0046"),
)


def schemes() -> list[Row]:
    """The two ways the province divided its days."""
    return [
        {"code": SCHEME, "name": "岚川分时(2024)", **_sourced(REFORM, None, TODAY_SOURCE)},
        {
            "code": SCHEME_2018,
            "name": "岚川分时(2016)",
            **_sourced(PAST_START, REFORM, PAST_SOURCE),
        },
    ]


def intervals() -> list[Row]:
    """Half-hour boundaries, sharp peaks by season, deep valley at noon of holidays."""
    clock = (
        (SCHEME, "", "all", "0:00", "7:30", "valley", 0),
        (SCHEME, "", "all", "7:30", "10:00", "flat", 0),
        (SCHEME, "", "all", "10:00", "12:00", "peak", 0),
        (SCHEME, "", "all", "12:00", "15:30", "flat", 0),
        (SCHEME, "", "all", "15:30", "21:30", "peak", 0),
        (SCHEME, "", "all", "21:30", "23:00", "flat", 0),
        (SCHEME, "", "all", "23:00", "24:00", "valley", 0),
        (SCHEME, "7、8", "all", "16:00", "18:00", "sharp", 10),
        (SCHEME, "1、12", "all", "18:30", "20:30", "sharp", 10),
        (SCHEME, "", "holiday", "11:30", "14:00", "deep_valley", 20),
        (SCHEME_2018, "", "all", "0:00", "8:00", "valley", 0),
        (SCHEME_2018, "", "all", "8:00", "12:00", "peak", 0),
        (SCHEME_2018, "", "all", "12:00", "17:00", "flat", 0),
        (SCHEME_2018, "", "all", "17:00", "21:00", "peak", 0),
        (SCHEME_2018, "", "all", "21:00", "24:00", "flat", 0),
    )
    keys = ("scheme", "months", "day_type", "start_minute", "end_minute", "period", "priority")
    return [dict(zip(keys, row, strict=True)) for row in clock]


def tariffs(parameters: Parameters) -> list[Row]:
    """A version a month (the agency purchase price moves), the prices of 2018, two flat prices."""
    rows = [row for month in parameters.priced_months for row in _of_month(parameters, month)]
    rows += [_past(*entry[:3]) for entry in TWO_PART]
    school = {
        **_named("LC-RES-10", "居民及非居民公益 1-10kV", "residential", "1-10kV"),
        "flat": "0.5383",
    }
    small = {
        **_named("LC-1P-04", "工商业单一制 不满1kV", "industry_single", "lt_1kV"),
        "flat": "0.6842",
    }
    farm = {**_named("LC-AGR-10", "农业生产 1-10kV", "agriculture", "1-10kV"), "flat": "0.4762"}
    return [
        *rows,
        *({**row, **_sourced(REFORM, None, TODAY_SOURCE)} for row in (school, small, farm)),
    ]


def purchase_price(parameters: Parameters, month: Month) -> Decimal:
    """The month's invented agency purchase price: dearer in summer and winter, yuan/kWh."""
    season = {1: 18, 2: 6, 6: 8, 7: 26, 8: 28, 9: 10, 12: 20}.get(month.number, 0)
    draw = int(parameters.stream("purchase", month.year, month.number).integers(-60, 61))
    return Decimal(4120 + season * 10 + draw) / 10_000


def _of_month(parameters: Parameters, month: Month) -> Iterator[Row]:
    base = purchase_price(parameters, month)
    validity = _sourced(month.first, _until(parameters, month), TODAY_SOURCE)
    for code, name, voltage, transmission, capacity, demand in TWO_PART:
        yield {
            **_named(code, name, "industry_two_part", voltage),
            "scheme": SCHEME,
            "capacity_price": capacity,
            "demand_price": demand,
            **_prices(base + Decimal(transmission), TODAY_RATIOS),
            **validity,
        }
    yield {
        **_named("LC-1P-10", "工商业单一制 1-10kV", "industry_single", "1-10kV"),
        "scheme": SCHEME,
        **_prices(base + Decimal(SINGLE_TRANSMISSION), TODAY_RATIOS),
        **validity,
    }


def _until(parameters: Parameters, month: Month) -> dt.date | None:
    """The last month's prices hold until others are published."""
    return None if month == parameters.last_month else month.next.first


def _past(code: str, name: str, voltage: str) -> Row:
    return {
        **_named(code, name.replace("工商业两部制", "大工业"), "industry_two_part", voltage),
        "scheme": SCHEME_2018,
        "capacity_price": PAST_CAPACITY,
        "demand_price": PAST_DEMAND,
        **_prices(Decimal(PAST_FLAT[code]), PAST_RATIOS),
        **_sourced(PAST_START, REFORM, PAST_SOURCE),
    }


def _prices(flat: Decimal, ratios: dict[str, str]) -> Row:
    return {
        period: str(round_half_up(flat * Decimal(ratio), 6)) for period, ratio in ratios.items()
    }


def _named(code: str, name: str, category: str, voltage: str) -> Row:
    return {
        "code": code,
        "name": name,
        "region": REGION,
        "category": category,
        "voltage_class": voltage,
    }


def surcharges(parameters: Parameters) -> list[Row]:
    """Funds since 2016 (outside the power-factor base); line losses and operation by month."""
    rows = [
        _surcharge(code, name, price, PAST_START, None, in_base=False)
        for code, name, price in FUNDS
    ]
    for month in parameters.priced_months:
        loss = purchase_price(parameters, month) * _LOSS_RATE / (1 - _LOSS_RATE)
        draw = parameters.stream("operation", month.year, month.number).integers(280, 460)
        monthly = (
            ("line_loss", "上网环节线损费用", round_half_up(loss, 6)),
            ("system_operation", "系统运行费用", Decimal(int(draw)) / 10_000),
        )
        until = _until(parameters, month)
        rows += [
            _surcharge(code, name, str(price), month.first, until, in_base=True)
            for code, name, price in monthly
        ]
    return rows


def _surcharge(
    code: str, name: str, price: str, start: dt.date, end: dt.date | None, *, in_base: bool
) -> Row:
    return {
        "code": code,
        "name": name,
        "region": REGION,
        "price": price,
        "in_power_factor_base": in_base,
        **_sourced(start, end, "演示：项目与口径仿现行到户电价组成，数值为虚构"),
    }


def _sourced(start: dt.date, end: dt.date | None, source: str) -> Row:
    return {"valid_from": start, "valid_until": end, "source": source, "certainty": _LOCAL}
