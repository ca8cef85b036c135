"""`busbar readings`: validate a month of curves, estimate what is lacking."""

from __future__ import annotations

import argparse
import datetime as dt
import sys

from busbar.kit.periods import Month


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """validate --month YYYY-MM."""
    words = parser.add_subparsers(dest="word", required=True)
    validating = words.add_parser("validate", help="校验一个月，可中断后再运行")
    validating.add_argument("--month", required=True, type=_month, metavar="YYYY-MM")


def run(args: argparse.Namespace) -> int:
    """Validate, and say what came of it."""
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing.newest_prices import prices_at
    from busbar.metering import operations as metering_operations

    at = dt.datetime.now(dt.UTC)
    check = metering_operations.validate_month(
        month=args.month, prices=prices_at(at), by=SYSTEM_VIEWER, at=at, progress=_progress
    )
    print(
        f"{args.month}：校验 {check.days_checked} 条日曲线，新发现 {check.findings} 项，"
        f"补值 {check.intervals_estimated} 点（数据版本 v{check.base_version}）"
    )
    return 0


def _progress(done: int) -> None:
    print(f"  {done}", file=sys.stderr)


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} 不是月份，应为 YYYY-MM") from None
