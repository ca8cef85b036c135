"""`busbar bill advise | forecast | savings | shadow`: what could, will or was to be paid."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

WORDS = ("advise", "forecast", "savings", "shadow")
_SHOWN = 20


def add_words(words: Any) -> None:
    """Add `advise ACCOUNT`, `forecast ACCOUNT`, `savings` and `shadow FILE`."""
    checking = words.add_parser("shadow", help="导入核对账单，按差额列出户号")
    checking.add_argument("file", help="CSV 或 Excel：户号、月份、费用项目、数量、单价、金额")
    studying = words.add_parser("savings", help="测算有新账单的户号每年可省的电费，列出最大的几笔")
    studying.add_argument("--limit", type=int, default=100, metavar="N", help="至多测算几户")
    for word, about in (
        ("advise", "用电建议：按近一年账单重新核算，打印 JSON"),
        ("forecast", "本月至今电费与月末预测，打印 JSON"),
    ):
        parser = words.add_parser(word, help=about)
        parser.add_argument("account", help="户号")
        parser.add_argument(
            "--on", type=_day, metavar="YYYY-MM-DD", help="站在哪一天看，缺省为今天"
        )


def run(args: argparse.Namespace) -> int:
    """Print the answer, or the sentence that says why there is none."""
    from busbar.cli.main import start_django

    start_django()
    if args.word == "shadow":
        return _check(args.file)
    return _study(args.limit) if args.word == "savings" else _ask(args)


def _ask(args: argparse.Namespace) -> int:
    from busbar.billing.advice import UnableToAdvise
    from busbar.customers.models import CustomerAccount
    from busbar.kit.periods import local_date

    on = args.on or local_date(dt.datetime.now(dt.UTC))
    try:
        answer = _advise(args.account, on) if args.word == "advise" else _ahead(args.account, on)
    except CustomerAccount.DoesNotExist:
        print(f"busbar: 没有户号 {args.account}", file=sys.stderr)
        return 1
    except UnableToAdvise as refused:
        print(f"busbar: {refused}", file=sys.stderr)
        return 1
    print(json.dumps(_plain(answer), ensure_ascii=False, indent=2))
    return 0


def _study(limit: int) -> int:
    """Study, then list what could be saved, the largest first."""
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing import savings
    from busbar.billing.operations import study_savings

    count = study_savings(limit=limit, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC))
    print(f"已测算 {count} 户")
    for saving in savings.list_savings(SYSTEM_VIEWER, limit=_SHOWN).savings:
        kind = saving.get_kind_display()
        print(f"{saving.account.number} {kind}：每年可省 {saving.yearly_yuan} 元")
    return 0


def _check(file: str) -> int:
    """Import the file as `busbar import bills` does, then rank the accounts by difference."""
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing import shadow
    from busbar.cli import imports
    from busbar.kit.money import to_fen

    parser = argparse.ArgumentParser()
    imports.add_arguments(parser)
    code = imports.run(parser.parse_args(["bills", file]))
    for item in shadow.list_items():
        print(f"  {item.item} → {item.code or '未对应'}")
    for row in shadow.list_shadow_bills(SYSTEM_VIEWER)[:_SHOWN]:
        ours = "没有账单" if row.our_amount is None else f"{to_fen(row.our_amount)}"
        apart = "" if row.difference is None else f"，差 {to_fen(row.difference):+}"
        print(f"{row.account.number} {row.month}：对方 {row.amount}，本系统 {ours}{apart}")
    return code


def _advise(number: str, on: dt.date) -> dict[str, Any]:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing.advice import advise

    found = advise(SYSTEM_VIEWER, number, on=on)
    basic = found.basic
    return {
        "account": number,
        "on": on,
        "months": found.months,
        "rule_set": found.rule_set.code,
        "basic_refused": str(found.basic_refused or ""),
        "basic": basic and {
            "present": basic.present,
            "options": [
                {"saving_yuan_a_year": basic.saving_of(o), "option": o} for o in basic.options
            ],
            "barred": [{"mode": b.mode, "reason": str(b.reason)} for b in basic.barred],
            "best": {"mode": basic.best.mode, "contract_kw": basic.best.contract_kw},
            "saving_yuan_a_year": basic.saving_yuan,
            "curve": basic.curve,
        },
        "switch": found.switch,
        "compensation": found.compensation,
        "shifts": found.shifts,
    }  # fmt: skip


def _ahead(number: str, on: dt.date) -> dict[str, Any]:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing.advice import forecast_bill

    found = forecast_bill(SYSTEM_VIEWER, number, on=on)
    outlook = found.outlook
    return {
        "account": number,
        "month": str(outlook.month),
        "through": outlook.through,
        "so_far_yuan": outlook.so_far.total_yuan,
        "so_far_kwh": outlook.so_far.energy_kwh,
        "locked_peak_kw": outlook.facts.demand.kw,
        "locked_peak_at": outlook.facts.demand.at,
        "so_far_lines": [_line(line) for line in outlook.so_far.lines],
        "forecast_yuan": outlook.end.total_yuan,
        "forecast_kwh": outlook.end.energy_kwh,
        "forecast_peak_kw": outlook.end_facts.demand.kw,
        "low_yuan": found.low_yuan,
        "high_yuan": found.high_yuan,
        "range_refused": str(found.range_refused or ""),
        "trials": found.trials,
    }


def _line(line: Any) -> dict[str, Any]:
    return {"code": line.code, "name": line.name, "amount_yuan": line.amount_yuan}


def _plain(value: Any) -> Any:
    """Dataclasses, decimals and days as JSON has them; numbers as text, to the fen."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, Decimal | dt.date | dt.datetime) else value


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} 不是日期，应为 YYYY-MM-DD") from None
