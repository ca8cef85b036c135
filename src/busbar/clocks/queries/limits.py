"""Which limit is in force where and when (R7, R53)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Prefetch, Q

from busbar.access.paths import ancestors
from busbar.access.visibility import Viewer
from busbar.clocks import shipped
from busbar.clocks.hours import OFFICE_HOURS, WeekHours, parse_week
from busbar.clocks.models import (
    EscalationRung,
    LimitAdoption,
    LimitRuleSet,
    PauseReason,
    TimeLimit,
    WorkingHours,
)
from busbar.clocks.models.rules import TimeLimitQuerySet
from busbar.clocks.rulebook import LimitFacts, loosens
from busbar.kit.errors import Refusal

DEFAULT_SET = shipped.DEFAULT_SET
_Row = TypeVar("_Row", TimeLimit, LimitFacts)


class NoSuchLimit(Refusal):
    """No limit of this code is known."""


class NoSuchRuleSet(Refusal):
    """No rule set of this name is known."""


def get_limit(
    code: str, *, on: dt.date, unit_path: str = "", rule_set: str | None = None
) -> LimitFacts:
    """The limit in force on the day: its company's set or 种子制度, tightened by the units' own.

    With `rule_set` (code or name) the figure of that set, without any overlay. On a database
    without limits the shipped data answer. NoSuchLimit and NoSuchRuleSet name what is known.
    """
    if not LimitRuleSet.objects.exists():
        return get_shipped_limit(code, on=on, rule_set=rule_set)
    if rule_set is not None:
        return facts_of(_limit_of_set(code, on, _find_set(rule_set)))
    return facts_of(find_limit(code, on=on, unit_path=unit_path))


def get_shipped_limit(code: str, *, on: dt.date, rule_set: str | None = None) -> LimitFacts:
    """The limit as it ships, read without a database."""
    rows = list_shipped_limits(rule_set or DEFAULT_SET)
    found = _version([limit for limit in rows if limit.code == code], on)
    if found is None:
        codes = sorted({limit.code for limit in rows})
        raise NoSuchLimit(_unknown(code, codes, rule_set or DEFAULT_SET))
    return found


def list_shipped_limits(rule_set: str | None = None) -> list[LimitFacts]:
    """What ships, of one set or of all, by set and code; read without a database."""
    rows = shipped.limits()
    if rule_set is not None:
        names = {row["code"]: row["name"] for row in shipped.rule_sets().values()}
        wanted = _match_set(rule_set, names)
        rows = tuple(limit for limit in rows if limit.rule_set == wanted)
    return sorted(rows, key=lambda limit: (limit.rule_set, limit.code))


def find_limit(
    code: str, *, on: dt.date, unit_path: str = "", without_unit_id: int | None = None
) -> TimeLimit:
    """The row in force; NoSuchLimit where there is none."""
    rows = limits_in_force(on=on, unit_path=unit_path, code=code, without_unit_id=without_unit_id)
    if code not in rows:
        known = TimeLimit.objects.filter(unit=None, rule_set__code=DEFAULT_SET)
        codes = sorted(set(known.values_list("code", flat=True)))
        raise NoSuchLimit(_unknown(code, codes, DEFAULT_SET))
    return rows[code]


def limits_in_force(
    *,
    on: dt.date,
    unit_path: str = "",
    code: str | None = None,
    rule_set: str | None = None,
    codes: Collection[str] | None = None,
    without_unit_id: int | None = None,
) -> dict[str, TimeLimit]:
    """The row in force of every code (or of those named), for a unit. Four queries at most.

    From the top company down, each level's set and its own limits count only as far as they do
    not loosen what holds above, whichever was entered first (R7). With `rule_set` (a code) as if
    the unit followed that set; `without_unit_id` leaves that unit's own limits out.
    """
    path = [*ancestors(unit_path), unit_path] if unit_path else []
    levels = _levels(path, on, rule_set)
    wanted = {DEFAULT_SET, *(level.rule_set for level in levels)}
    rows = _limit_rows().filter(
        Q(unit=None) | Q(unit__path__in=path), rule_set__code__in=sorted(wanted)
    )
    rows = rows.exclude(unit_id=without_unit_id) if without_unit_id is not None else rows
    if code is not None:
        rows = rows.filter(code=code)
    if codes is not None:
        rows = rows.filter(code__in=codes)
    by_code: dict[str, list[TimeLimit]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    chosen = {name: _in_force(versions, levels, on) for name, versions in by_code.items()}
    return {name: row for name, row in chosen.items() if row is not None}


def codes_started_by(event: str) -> set[str]:
    """Codes of which some version starts on the event: most events start nothing. One query.

    Sifted here, for a member of a JSON list cannot be filtered for on SQLite.
    """
    rows = TimeLimit.objects.values_list("code", "starts_on")
    return {code for code, starts_on in rows if event in starts_on}


def get_adopted_set(*, on: dt.date, unit_path: str) -> str:
    """The code of the rule set that the nearest company above follows on the day."""
    path = [*ancestors(unit_path), unit_path] if unit_path else []
    adoptions = LimitAdoption.objects.filter(unit__path__in=path, valid_from__lte=on)
    found = adoptions.order_by("-unit__path", "-valid_from").values_list("rule_set__code").first()
    return found[0] if found else DEFAULT_SET


def facts_of(row: TimeLimit) -> LimitFacts:
    """The row as plain values."""
    names = (
        "code", "name", "amount", "amount_unit", "stage", "sense", "direction", "binds",
        "ends_on_working_day", "source", "certainty", "note", "valid_from", "valid_until",
        "applies_when", "unit_id", "id",
    )  # fmt: skip
    return LimitFacts(
        **{name: getattr(row, name) for name in names},
        rule_set=row.rule_set.code,
        rule_set_name=row.rule_set.name,
        document=row.document or row.rule_set.document,
        level=row.rule_set.level,
        parent_codes=tuple(row.parent_codes),
        pause_reasons=tuple(reason.code for reason in row.pause_reasons.all()),
        unit_name=row.unit.name if row.unit else "",
    )


def list_limits(viewer: Viewer, *, rule_set: str | None = None) -> list[TimeLimit]:
    """Limits with their sets, by set and code, as far as the viewer sees overlays."""
    rows = _limit_rows().visible_to(viewer)
    if rule_set is not None:
        rows = rows.filter(rule_set=_find_set(rule_set))
    return list(rows.order_by("rule_set__code", "code", "unit__path", "valid_from"))


def list_rule_sets() -> list[LimitRuleSet]:
    """Every set, 种子制度 first, then by code."""
    return sorted(LimitRuleSet.objects.all(), key=lambda row: (row.code != DEFAULT_SET, row.code))


def list_adoptions(viewer: Viewer) -> list[LimitAdoption]:
    """Which company follows which set from when."""
    rows = LimitAdoption.objects.select_related("unit", "rule_set").visible_to(viewer)
    return list(rows.order_by("unit__path", "valid_from"))


def list_pause_reasons(limit: TimeLimit) -> list[PauseReason]:
    """The reasons for which a clock of this limit may stand still."""
    return list(limit.pause_reasons.order_by("code"))


def get_hours(*, unit_path: str, customer_id: int | None, on: dt.date) -> WeekHours:
    """The working hours in force: the customer's, else the nearest unit's, else office hours."""
    path = [*ancestors(unit_path), unit_path] if unit_path else []
    mine = Q(customer_id=None)
    if customer_id is not None:
        mine |= Q(customer_id=customer_id)
    rows = list(
        WorkingHours.objects.filter(mine, unit__path__in=path, valid_from__lte=on).values_list(
            "customer_id", "unit__path", "valid_from", "periods"
        )
    )
    if not rows:
        return OFFICE_HOURS
    return parse_week(max(rows, key=lambda row: (row[0] is not None, row[1], row[2]))[3])


def _limit_rows() -> TimeLimitQuerySet:
    rungs = Prefetch("rungs", queryset=EscalationRung.objects.order_by("order"))
    rows = TimeLimit.objects.select_related("rule_set", "unit")
    found: TimeLimitQuerySet = rows.prefetch_related("pause_reasons", rungs)
    return found


@dataclass(frozen=True)
class _Level:
    """A unit on the way down, and the set that it follows."""

    path: str
    rule_set: str


def _levels(path: Sequence[str], on: dt.date, rule_set: str | None) -> list[_Level]:
    """The units from the top down; each follows the set of the nearest company above or itself."""
    adoptions = LimitAdoption.objects.filter(unit__path__in=path, valid_from__lte=on)
    adopted = dict(adoptions.order_by("valid_from").values_list("unit__path", "rule_set__code"))
    if rule_set is not None:
        adopted[path[-1] if path else ""] = rule_set
    levels, followed = list[_Level](), DEFAULT_SET
    for unit_path in path or [""]:
        followed = adopted.get(unit_path, followed)
        levels.append(_Level(unit_path, followed))
    return levels


def _in_force(rows: Sequence[TimeLimit], levels: Sequence[_Level], on: dt.date) -> TimeLimit | None:
    """Down the levels: the set's figure, then the unit's own, unless either would loosen."""
    chosen: TimeLimit | None = None
    for level in levels:
        base = _figure_of(level.rule_set, rows, on)
        if chosen is None:
            base = base or _figure_of(DEFAULT_SET, rows, on)
        chosen = _tighter(chosen, base)
        sets = {row.rule_set_id for row in (chosen, base) if row is not None}
        for row in rows:
            own = row.unit is not None and row.unit.path == level.path and row.rule_set_id in sets
            if own and _is_valid(row, on):
                chosen = _tighter(chosen, row)
    return chosen


def _figure_of(rule_set: str, rows: Sequence[TimeLimit], on: dt.date) -> TimeLimit | None:
    """What the set itself says; 种子制度 answers for every day, another set while in force."""
    found = _version([r for r in rows if r.rule_set.code == rule_set and r.unit_id is None], on)
    return found if found is None or rule_set == DEFAULT_SET or _is_valid(found, on) else None


def _tighter(above: TimeLimit | None, wanted: TimeLimit | None) -> TimeLimit | None:
    if above is None or wanted is None:
        return above or wanted
    return above if loosens(wanted, above) else wanted


def _is_valid(row: TimeLimit | LimitFacts, on: dt.date) -> bool:
    return row.valid_from <= on and (row.valid_until is None or on < row.valid_until)


def _version(rows: Sequence[_Row], on: dt.date) -> _Row | None:
    """The version valid on the day, else the nearest one."""
    if not rows:
        return None
    valid = [row for row in rows if _is_valid(row, on)]
    begun = [row for row in rows if row.valid_from <= on]
    if valid or begun:
        return max(valid or begun, key=lambda row: row.valid_from)
    return min(rows, key=lambda row: row.valid_from)


def _limit_of_set(code: str, on: dt.date, belongs: LimitRuleSet) -> TimeLimit:
    rows: list[TimeLimit] = list(_limit_rows().filter(rule_set=belongs, unit=None))
    found = _version([row for row in rows if row.code == code], on)
    if found is None:
        raise NoSuchLimit(_unknown(code, sorted({row.code for row in rows}), belongs.code))
    return found


def _find_set(name: str) -> LimitRuleSet:
    names = dict(LimitRuleSet.objects.values_list("code", "name"))
    return LimitRuleSet.objects.get(code=_match_set(name, names))


def _match_set(wanted: str, names: dict[str, str]) -> str:
    for code, name in names.items():
        if wanted.strip().casefold() in {code.casefold(), name.casefold()}:
            return code
    known = "、".join(f"{code}（{name}）" for code, name in sorted(names.items()))
    raise NoSuchRuleSet(f"没有规则集“{wanted}”；已有：{known}")


def _unknown(code: str, known: Iterable[str], rule_set: str) -> str:
    return f"规则集 {rule_set} 中没有时限“{code}”；已有：{'、'.join(known)}"
