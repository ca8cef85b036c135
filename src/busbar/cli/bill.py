"""`busbar bill`: quote a bill; bill, release and search a month; print, advise, forecast."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path

from busbar.billing import quote
from busbar.cli import bill_advice, bill_outdated, given
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """quote | run, release, outdated, correct, find by month | paper | advise, forecast, shadow."""
    words = parser.add_subparsers(dest="word", required=True)
    quoting = words.add_parser("quote", help="试算：读入 JSON，打印账单 JSON")
    quoting.add_argument("file", nargs="?", help="JSON 文件，- 为标准输入")
    quoting.add_argument("--schema", action="store_true", help="打印输入的 JSON Schema")
    running = words.add_parser("run", help="核算一个月，可中断后再运行")
    running.add_argument("--month", required=True, type=_month, metavar="YYYY-MM")
    running.add_argument(
        "--engine",
        metavar="spark://HOST:PORT",
        help="在何处汇总负荷曲线：local（本进程）或 Spark 主节点，缺省取 BUSBAR_BILL_ENGINE",
    )
    releasing = words.add_parser("release", help="发行一个月的账单，待复核的留下，可中断后再运行")
    releasing.add_argument("--month", required=True, type=_month, metavar="YYYY-MM")
    comparing = words.add_parser(
        "outdated", help="用现在的档案核对一个月的账单，列出依据已变的账单及变了什么"
    )
    comparing.add_argument("month", type=_month, metavar="YYYY-MM")
    correcting = words.add_parser("correct", help="出账后依据有变的账单：重新核算，只收退差额")
    correcting.add_argument("--month", required=True, type=_month, metavar="YYYY-MM")
    correcting.add_argument("--reason", required=True, help="更正原因")
    printing = words.add_parser("paper", help="一张账单的 PDF")
    printing.add_argument("account", help="户号")
    printing.add_argument("month", type=_month, metavar="YYYY-MM")
    printing.add_argument("--revision", type=int, help="第几次更正，0 为原账单；缺省为现行账单")
    printing.add_argument("--output", type=Path, help="文件名，缺省为 户号-月份.pdf")
    finding = words.add_parser("find", help="重新查找账单异常，缺省为还没有查找过的各月")
    finding.add_argument("--month", type=_month, metavar="YYYY-MM")
    bill_advice.add_words(words)


def run(args: argparse.Namespace) -> int:
    """Dispatch to the word."""
    if args.word in bill_advice.WORDS:
        return bill_advice.run(args)
    if args.word == "find":
        return _find(args.month)
    if args.word == "correct":
        return bill_outdated.correct(args.month, args.reason)
    if args.word == "outdated":
        return bill_outdated.run(args.month, _progress)
    if args.word == "paper":
        return _paper(args)
    if args.word == "release":
        return _release(args.month)
    return _run_month(args.month, args.engine) if args.word == "run" else _quote(args)


def _quote(args: argparse.Namespace) -> int:
    if args.schema:
        print(json.dumps(quote.input_schema(), ensure_ascii=False, indent=2))
        return 0
    if not args.file:
        print("busbar: 请给出 JSON 文件，或用 - 从标准输入读取", file=sys.stderr)
        return 2
    try:
        print(quote.dumps(quote.quote(given.document(args.file))))
    except Refusal as refused:
        print(f"busbar: {refused}", file=sys.stderr)
        return 1
    return 0


def _run_month(month: Month, engine: str | None) -> int:
    from busbar.cli.main import start_django

    start_django()
    from django.conf import settings

    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing import operations as billing_operations
    from busbar.billing.engines import choose_engine

    run_row = billing_operations.run_month(
        month=month,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
        engine=choose_engine(engine or settings.BUSBAR_BILL_ENGINE),
        progress=_progress,
    )
    print(f"{month}：{run_row.accounts} 户，已出账 {run_row.billed}，未能出账 {run_row.refused}")
    return 0


def _find(month: Month | None) -> int:
    from busbar.cli.main import start_django

    start_django()
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing import operations as billing_operations
    from busbar.billing import queries as billing_queries

    months = [month] if month else map(Month.parse, billing_queries.list_unsearched_months())
    for one in months:
        found = billing_operations.renew_findings(
            month=one, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC)
        )
        print(f"{one}：找到 {found} 项异常")
    return 0


def _release(month: Month) -> int:
    from busbar.cli.main import start_django

    start_django()
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing import operations as billing_operations

    done = billing_operations.release_bills(
        month=month, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC), progress=_progress
    )
    print(f"{month}：已发行 {done.released} 张账单，待复核 {done.held} 张")
    return 0


def _paper(args: argparse.Namespace) -> int:
    from busbar.cli.main import start_django

    start_django()
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing import queries as billing_queries
    from busbar.billing.models import Bill
    from busbar.billing.paper import gathering, making

    try:
        bill = billing_queries.get_bill(
            viewer=SYSTEM_VIEWER,
            account_number=args.account,
            month=str(args.month),
            revision=args.revision,
        )
    except Bill.DoesNotExist:
        print(f"busbar: 户号 {args.account} 没有 {args.month} 的账单", file=sys.stderr)
        return 1
    facts = gathering.gather(bill)
    path = args.output or Path(f"{facts.number}.pdf")
    path.write_bytes(making.render_bill(facts))
    print(path)
    return 0


def _progress(done: int, total: int) -> None:
    print(f"  {done}/{total}", file=sys.stderr)


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} 不是月份，应为 YYYY-MM") from None
