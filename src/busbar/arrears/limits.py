"""The time limits of the ladder: the company's own set first, else the law in force."""

from __future__ import annotations

import datetime as dt

from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import LimitRuleSet
from busbar.clocks.queries.limits import NoSuchLimit
from busbar.clocks.reckoning import midnight
from busbar.clocks.rulebook import LimitFacts
from busbar.kit.errors import Refusal
from busbar.kit.money import plain

_NAMES = {"minute": "分钟", "hour": "小时", "calendar_day": "天"}
_LAW = ("R2024", "R1996", "REG1996")
_SPANS = {
    "minute": dt.timedelta(minutes=1),
    "hour": dt.timedelta(hours=1),
    "calendar_day": dt.timedelta(days=1),
}


class UnableToFindLimit(Refusal):
    """No body of rules in force says how long."""


def ladder_limit(code: str, *, on: dt.date, unit_path: str) -> LimitFacts:
    """The limit of the unit's rule set, else of the regulations in force on the day."""
    try:
        return clocks_queries.get_limit(code, on=on, unit_path=unit_path)
    except NoSuchLimit:
        pass
    in_force = LimitRuleSet.objects.filter(code__in=_LAW, valid_from__lte=on).exclude(
        valid_until__lte=on
    )
    known = set(in_force.values_list("code", flat=True))
    for rule_set in _LAW:
        if rule_set in known:
            try:
                return clocks_queries.get_limit(code, on=on, rule_set=rule_set)
            except NoSuchLimit:
                continue
    raise UnableToFindLimit("%(on)s 没有生效的时限“%(code)s”，请先维护办理时限", on=on, code=code)


def length_of(limit: LimitFacts) -> dt.timedelta:
    """Minutes, hours or calendar days as a stretch of time."""
    return _SPANS[str(limit.amount_unit)] * int(limit.amount)


def cite(limit: LimitFacts) -> str:
    """Document, article, certainty: what a step rests on."""
    doubt = "，未核实" if limit.certainty == "unverified" else f"，查证 {limit.certainty} 级"
    long = f"{plain(limit.amount)}{_NAMES[str(limit.amount_unit)]}"
    return f"{limit.document} {limit.source}：{long}{doubt}"[:300]


def notice_window(
    served_at: dt.datetime, *, on: dt.date, unit_path: str
) -> tuple[dt.datetime, dt.datetime]:
    """`[earliest, latest)` in which the stop may follow a notice served at the moment.

    Three full days after the day of serving at the earliest, within seven at the latest
    (供电营业规则(1996) 第67条), as the set in force says.
    """
    least = ladder_limit("arrears-stop-notice", on=on, unit_path=unit_path)
    most = ladder_limit("arrears-stop-notice-earliest", on=on, unit_path=unit_path)
    day = dt.timedelta(days=1)
    local = served_at.astimezone(midnight(on).tzinfo)
    start = midnight(local.date())
    return start + length_of(least) + day, start + length_of(most) + day
