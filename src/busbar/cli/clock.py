"""`busbar clock`: when a limit ends and why, which limits there are, why a clock is due then."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
from typing import Any

from django.db.utils import OperationalError, ProgrammingError

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.clocks import queries as clocks_queries
from busbar.clocks import shipped
from busbar.clocks.announced import shipped_calendar
from busbar.clocks.models import Clock, ClockState, LimitRuleSet
from busbar.clocks.queries import NoSuchLimit, NoSuchRuleSet
from busbar.clocks.reckoning import Pause, Reckoning
from busbar.clocks.reckoning import reckon as reckon_plain
from busbar.clocks.rulebook import EXACT_UNITS, LimitFacts
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA, local_date, parse_day

_MOMENT = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_PAUSE = re.compile(rf"(?P<start>{_MOMENT})\.\.(?P<end>{_MOMENT})(?::(?P<reason>.*))?", re.DOTALL)
_WRONG_USAGE = 2
_LONGEST_PAUSE = dt.timedelta(days=36_525)
"""A century: every day of a pause is explained, and beyond that nobody reads it."""


class UnableToReadTime(Refusal):
    """What was typed is not a moment, or not a pause."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """due, rules, explain."""
    actions = parser.add_subparsers(dest="action", required=True)
    due = actions.add_parser("due", help="推算到期时刻，逐日说明")
    due.add_argument(
        "--rule", required=True, metavar="编码", help="时限编码，见 busbar clock rules"
    )
    due.add_argument(
        "--from",
        dest="start",
        required=True,
        metavar="时刻",
        help="起算时刻（不写时区即中国时间）；向前倒算的时限写届满之日",
    )
    due.add_argument(
        "--pause",
        action="append",
        default=[],
        metavar="A..B:原因",
        help="暂停 [A, B)，可重复；只写日期的从当日零时起",
    )
    due.add_argument("--rule-set", metavar="规则集", help="编码或名称；不写即种子制度")
    due.add_argument("--json", action="store_true", help="以 JSON 输出")
    rules = actions.add_parser("rules", help="列出规则集与时限，各附出处与可信度")
    rules.add_argument("--rule-set", metavar="规则集", help="编码或名称；不写即全部")
    rules.add_argument("--json", action="store_true", help="以 JSON 输出")
    explain = actions.add_parser("explain", help="某一计时为何在这一天到期")
    explain.add_argument("clock", type=int, metavar="计时编号")
    explain.add_argument("--json", action="store_true", help="以 JSON 输出")


def run(args: argparse.Namespace) -> int:
    """Dispatch; exit code 2 for what cannot be read or is not known."""
    try:
        return {"due": _due, "rules": _rules, "explain": _explain}[args.action](args)
    except (UnableToReadTime, NoSuchLimit, NoSuchRuleSet) as refusal:
        print(f"busbar: {refusal}", file=sys.stderr)
        return _WRONG_USAGE


def _due(args: argparse.Namespace) -> int:
    start = read_moment(args.start, "--from")
    pauses = [read_pause(text) for text in args.pause]
    reckoning = _reckon(args.rule, start, pauses, args.rule_set)
    doubts = _doubts(reckoning.limit, pauses)
    if args.json:
        answer = {**as_json(reckoning), "doubts": doubts}
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        _print(reckoning)
        for doubt in doubts:
            print(f"注意 {doubt}")
    return 0


def _doubts(limit: LimitFacts, pauses: list[Pause]) -> list[str]:
    """What was reckoned as asked, although a running clock would refuse it: unlawful pauses."""
    lawful = {_reason(code): code for code in limit.pause_reasons}
    names = "、".join(f"{name}（{code}）" for name, code in lawful.items())
    allowed = f"可暂停的原因：{names}" if names else "该时限不得暂停"
    unlawful = dict.fromkeys(pause.reason for pause in pauses if pause.reason not in lawful)
    return [
        f"“{reason or '未写明原因'}”不是该时限可暂停的原因，此处照算，实际计时不得以此暂停；"
        f"{allowed}"
        for reason in unlawful
    ]


def _reckon(code: str, start: dt.datetime, pauses: list[Pause], rule_set: str | None) -> Reckoning:
    """By the database where it holds limits, else by what ships, without a database."""
    if _has_limits():
        return clocks_queries.reckon(code, start=start, pauses=pauses, rule_set=rule_set)
    limit = clocks_queries.get_shipped_limit(code, on=local_date(start), rule_set=rule_set)
    return reckon_plain(limit, start=start, pauses=pauses, calendar=shipped_calendar())


def _has_limits() -> bool:
    try:
        return LimitRuleSet.objects.exists()
    except (OperationalError, ProgrammingError):
        return False


def read_moment(text: str, option: str) -> dt.datetime:
    """A date (its first moment) or a timestamp; without a zone it is China's."""
    moment = _moment(text.strip())
    if moment is None:
        expected = "应为日期或时刻，如 2025-09-26 或 2025-09-26T10:30:00+08:00"
        raise UnableToReadTime(f"{option} 的值“{text}”读不出：{expected}")
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def _moment(text: str) -> dt.datetime | None:
    try:
        parse_day(text[:10])
        return dt.datetime.fromisoformat(text) if re.fullmatch(_MOMENT, text) else None
    except ValueError:
        return None


def read_pause(text: str) -> Pause:
    """`A..B:reason`, half-open; a date is its first moment."""
    match = _PAUSE.fullmatch(text.strip())
    if match is None:
        expected = "应为 起..止:原因，如 2025-10-09..2025-10-12:等待客户补正资料"
        raise UnableToReadTime(f"--pause 的值“{text}”读不出：{expected}")
    start, end = read_moment(match["start"], "--pause"), read_moment(match["end"], "--pause")
    if end < start:
        raise UnableToReadTime(
            f"--pause 的值“{text}”止于开始之前：{match['end']} 早于 {match['start']}"
        )
    if end - start > _LONGEST_PAUSE:
        raise UnableToReadTime(f"--pause 的值“{text}”过长：一次暂停至多 {_LONGEST_PAUSE.days} 天")
    return Pause(start, end, _reason(match["reason"] or ""))


def _reason(words: str) -> str:
    known = shipped.pause_reasons().get(words.strip())
    return known["name"] if known else words.strip()


def as_json(reckoning: Reckoning) -> dict[str, Any]:
    """What `--json` prints. `due` is a date for limits in days, a moment for those in hours."""
    limit = reckoning.limit
    due_at = reckoning.due_at.astimezone(CHINA).isoformat(timespec="seconds")
    return {
        "rule": limit.code,
        "name": limit.name,
        "due": due_at if limit.amount_unit in EXACT_UNITS else reckoning.due_on.isoformat(),
        "due_at": due_at,
        "provisional": reckoning.provisional,
        "limit": limit.words,
        "rule_set": limit.rule_set,
        "rule_set_name": limit.rule_set_name,
        "source": f"《{limit.document}》{limit.source}",
        "certainty": limit.certainty,
        "note": limit.note,
        "from": reckoning.start.astimezone(CHINA).isoformat(timespec="seconds"),
        "days": [
            {
                "date": day.date.isoformat(),
                "counted": day.counted,
                "kind": day.kind,
                "reason": day.reason,
            }
            for day in reckoning.days
        ],
    }


def _print(reckoning: Reckoning) -> None:
    limit = reckoning.limit
    for day in reckoning.days:
        print(f"{day.date} {'✓' if day.counted else '·'} {day.reason}")
    print(f"{limit.name}（{limit.code}）{limit.words}")
    print(f"依据 {limit.clause}（{limit.rule_set_name}，可信度 {limit.certainty}）")
    if limit.note:
        print(f"说明 {limit.note}")
    doubt = "（暂定：涉及尚未公布的年份）" if reckoning.provisional else ""
    print(f"到期 {reckoning.due_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}{doubt}")


def _rules(args: argparse.Namespace) -> int:
    limits = _limits(args.rule_set)
    if args.json:
        print(json.dumps([_rule_json(limit) for limit in limits], ensure_ascii=False, indent=2))
        return 0
    heading = ""
    for limit in limits:
        if limit.rule_set != heading:
            heading = limit.rule_set
            print(f"\n{limit.rule_set} {limit.rule_set_name}：《{limit.document}》")
        whose = f" [{limit.unit_name}]" if limit.unit_name else ""
        print(f"  {limit.code:<28} {limit.name}{limit.words}{whose}", end="")
        print(f"  {limit.source}（{limit.certainty}）")
    return 0


def _limits(rule_set: str | None) -> list[LimitFacts]:
    if _has_limits():
        rows = clocks_queries.list_limits(SYSTEM_VIEWER, rule_set=rule_set)
        return [clocks_queries.facts_of(row) for row in rows]
    return clocks_queries.list_shipped_limits(rule_set)


def _rule_json(limit: LimitFacts) -> dict[str, Any]:
    return {
        "rule": limit.code,
        "name": limit.name,
        "rule_set": limit.rule_set,
        "rule_set_name": limit.rule_set_name,
        "unit": limit.unit_name,
        "amount": str(limit.amount.normalize()),
        "amount_unit": limit.amount_unit,
        "sense": limit.sense,
        "direction": limit.direction,
        "source": f"《{limit.document}》{limit.source}",
        "certainty": limit.certainty,
        "note": limit.note,
    }


def _explain(args: argparse.Namespace) -> int:
    try:
        clock = clocks_queries.get_clock(SYSTEM_VIEWER, args.clock)
    except Clock.DoesNotExist:
        raise UnableToReadTime(f"没有编号为 {args.clock} 的计时") from None
    reckoning = clocks_queries.explain_clock(clock, at=dt.datetime.now(dt.UTC))
    if args.json:
        print(json.dumps(as_json(reckoning), ensure_ascii=False, indent=2))
        return 0
    print(f"{clock.subject_label} {ClockState(clock.state).label}")
    _print(reckoning)
    for change in clocks_queries.list_due_changes(clock):
        new = (
            f"{change.new_due_at.astimezone(CHINA):%Y-%m-%d %H:%M}" if change.new_due_at else "未定"
        )
        old = f"{change.old_due_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
        print(f"{change.at.astimezone(CHINA):%Y-%m-%d %H:%M} 到期由 {old} 改为 {new}", end="")
        print(f"（{change.get_cause_display()}）")
    return 0
