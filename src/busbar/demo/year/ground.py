"""What the year stands on: firms, payee accounts, local limits, hours."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from busbar.clocks import operations as clocks_operations
from busbar.connections import operations as connections_operations
from busbar.connections.models import Contractor
from busbar.demo.names import credit_code, parts
from busbar.demo.year.moments import moment
from busbar.demo.year.town import Town, city_unit

BEGAN = dt.date(2025, 10, 9)
"""The first working day after the holidays before the year: the ground is laid then."""
_FIRM_SERIAL = 800_000
_LONG, _SOON, _PAST = dt.date(2030, 1, 1), dt.date(2026, 11, 20), dt.date(2026, 3, 1)
# code, kind, grade, until; designers first
_FIRMS = (
    ("SJ01", "design", "丙级", _LONG),
    ("SJ02", "design", "丙级", _LONG),
    ("SJ03", "design", "乙级", _LONG),
    ("SJ04", "design", "丙级", _SOON),
    ("SJ05", "design", "丙级", _PAST),
    ("SG01", "installation", "三级", _LONG),
    ("SG02", "installation", "四级", _LONG),
    ("SG03", "installation", "四级", _LONG),
    ("SG04", "installation", "五级", _LONG),
    ("SG05", "installation", "四级", _SOON),
    ("SG06", "installation", "五级", _PAST),
    ("SG07", "installation", "四级", _LONG),
)
_STRUCK_OFF = "SG07"
_WORDS = {"design": "电力设计院有限公司", "installation": "电力安装工程有限公司"}
_WEEK = [[["08:30", "12:00"], ["13:30", "17:30"]]] * 5 + [[], []]


@dataclass(frozen=True)
class Ground:
    """Codes of the firms that a customer may choose the whole year."""

    designers: tuple[str, ...]
    builders: tuple[str, ...]


def payee_number(city: int) -> str:
    """The invented bank account of a city company."""
    return f"99990000{city + 1:04d}8888"


def lay_ground(town: Town) -> Ground:
    """Everything on one day, by the administrator; the accounts by each city."""
    at = moment(BEGAN, 9)
    _enter_firms(town, at)
    for city, entry in enumerate(parts()["cities"]):
        connections_operations.open_payee_account(
            number=payee_number(city),
            name=f"{entry['name']}供电公司",
            bank=f"岚川银行{entry['short']}支行（演示）",
            unit_id=city_unit(town, city).pk,
            valid_from=dt.date(2025, 1, 1),
            by=town.administrator,
            at=at,
        )
    _set_limits(town, at)
    return laid_ground()


def laid_ground() -> Ground:
    """The firms whose certificates last."""
    usable = [code for code, _, _, until in _FIRMS if until == _LONG and code != _STRUCK_OFF]
    return Ground(
        designers=tuple(code for code in usable if code.startswith("SJ")),
        builders=tuple(code for code in usable if code.startswith("SG")),
    )


def _enter_firms(town: Town, at: dt.datetime) -> None:
    for place, (code, kind, grade, until) in enumerate(_FIRMS):
        brand = parts()["brand_first"][place] + parts()["brand_second"][place]
        firm = connections_operations.register_contractor(
            code=code,
            name=f"岚川{brand}{_WORDS[kind]}",
            credit_code=credit_code(_FIRM_SERIAL + place, 0, is_company=True),
            contact_name="项目部",
            contact_phone=f"000-86{place:06d}",
            address=f"{parts()['province']}{parts()['roads'][place % len(parts()['roads'])]}",
            by=town.administrator,
            at=at,
        )
        connections_operations.grant_qualification(
            contractor_id=firm.pk,
            kind=kind,
            grade=grade,
            certificate_number=f"演示证{code}",
            valid_from=dt.date(2021, 3, 1),
            valid_until=until,
            issued_by="演示发证机关",
            by=town.administrator,
            at=at,
        )


def strike_off(town: Town, at: dt.datetime) -> None:
    """A firm leaves the register in the middle of the year."""
    connections_operations.strike_off_contractor(
        contractor_id=Contractor.objects.get(code=_STRUCK_OFF).pk,
        on=at.date(),
        reason="出借资质，经主管部门通报",
        by=town.administrator,
        at=at,
    )


def _set_limits(town: Town, at: dt.datetime) -> None:
    """One city keeps a limit tighter than its rules ask, one county follows the rules of 2024."""
    clocks_operations.set_local_limit(
        unit=city_unit(town, 0),
        code="scheme-reply-single",
        amount=Decimal(18),
        reason="优化营商环境，较制度提前 2 个工作日答复",
        source="岚州供电公司 2025 年服务承诺（演示）",
        viewer=town.administrator,
        at=at,
    )
    clocks_operations.set_working_hours(
        unit=city_unit(town, 0),
        periods=_WEEK,
        valid_from=at.date(),
        viewer=town.administrator,
        at=at,
    )
    clocks_operations.adopt_rule_set(
        unit=city_unit(town, 2),
        rule_set="R2024",
        valid_from=at.date(),
        reason="执行《供电营业规则》(2024)",
        source="演示",
        viewer=town.administrator,
        at=at,
    )
