"""`busbar consolidate run|review|merge|split|undo|measure|rules|set`: customers from accounts."""

from __future__ import annotations

import argparse
import datetime as dt
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from busbar.kit.errors import Refusal


class UnableToReadValue(Refusal):
    """The word is no such number."""


class UnableToFindCustomer(Refusal):
    """There is no such customer, pair or record."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words and what each needs."""
    words = parser.add_subparsers(dest="word", required=True)
    running = words.add_parser("run", help="比对全部客户，把握足够的自动归并；中断后再运行会接着做")
    running.add_argument(
        "--engine", default="local", metavar="spark://HOST:PORT", help="缺省 local（本进程）"
    )
    review = words.add_parser("review", help="列出待复核的，或答复其中一对")
    review.add_argument("pair", nargs="?", type=int, help="编号")
    review.add_argument("--answer", choices=["yes", "no"], help="是不是同一客户")
    review.add_argument("--reason", default="", help="依据")
    merging = words.add_parser("merge", help="第二个客户并入第一个")
    merging.add_argument("survivor", help="保留的客户编号")
    merging.add_argument("absorbed", help="并入的客户编号")
    merging.add_argument("--reason", default="", help="依据")
    splitting = words.add_parser("split", help="从客户拆出户号")
    splitting.add_argument("customer", help="客户编号")
    splitting.add_argument("accounts", nargs="+", metavar="ACCOUNT", help="户号")
    splitting.add_argument("--name", required=True, help="新客户名称")
    splitting.add_argument("--number", default="", help="新客户编号，缺省 H+户号")
    splitting.add_argument("--reason", required=True, help="依据")
    undoing = words.add_parser("undo", help="撤销一次归并或拆分")
    undoing.add_argument("record", type=int, help="归并记录的编号")
    undoing.add_argument("--reason", default="", help="依据")
    measuring = words.add_parser(
        "measure", help="对照已知归属（CSV，两列：户号、主体），计算查准率与查全率"
    )
    measuring.add_argument("truth", type=Path, metavar="FILE")
    words.add_parser("rules", help="列出今天有效的归并门槛与资料项")
    setting = words.add_parser("set", help="登记一个归并门槛或资料项权重的新版本")
    setting.add_argument("code", help="代码，见 rules")
    setting.add_argument("value", type=_number, help="数值或权重")
    setting.add_argument(
        "--from",
        dest="valid_from",
        required=True,
        metavar="YYYY-MM-DD",
        type=dt.date.fromisoformat,
        help="生效日",
    )
    setting.add_argument("--source", required=True, help="依据")


def run(args: argparse.Namespace) -> int:
    """0 done; refusals are told by the caller."""
    words = {
        "run": _run,
        "review": _review,
        "merge": _merge,
        "split": _split,
        "undo": _undo,
        "measure": _measure,
        "rules": _rules,
        "set": _set,
    }
    words[args.word](args)
    return 0


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise argparse.ArgumentTypeError(f"应为数字，写的是 {text}")
    return value


def _by() -> dict[str, Any]:
    from busbar.access.visibility import SYSTEM_VIEWER

    return {"by": SYSTEM_VIEWER, "at": dt.datetime.now(dt.UTC)}


def _run(args: argparse.Namespace) -> None:
    from busbar.customers import operations as customers_operations
    from busbar.customers.consolidation.backends import choose_backend
    from busbar.customers.models import ConsolidationRun
    from busbar.customers.queries.consolidation import UNDERWAY

    backend = choose_backend(args.engine)
    run = ConsolidationRun.objects.filter(state__in=UNDERWAY).order_by("pk").first()
    run = run or customers_operations.start_run(engine=args.engine, **_by())
    done = customers_operations.run_consolidation(
        run_id=run.pk, backend=backend, progress=_progress, **_by()
    )
    print(f"\n比对 {done.customers} 户：自动归并 {done.joined} 户，待复核 {done.asked} 对")


def _progress(run: Any) -> None:
    print(f"\r{run.get_state_display()} {run.joined}/{run.to_join}", end="", flush=True)


def _review(args: argparse.Namespace) -> None:
    from busbar.customers import operations as customers_operations
    from busbar.customers.queries import consolidation as consolidation_queries

    if args.pair is None:
        for pair in consolidation_queries.list_queue(_by()["by"], limit=200):
            names = " / ".join(f"{side['name']} {side['address']}" for side in pair.sides)
            print(f"{pair.pk}  {pair.bits:.1f}  {names}")
        return
    if args.answer == "yes":
        merge = customers_operations.confirm_candidate(
            candidate_id=args.pair, reason=args.reason, **_by()
        )
        print(f"#{merge.pk} {merge} 并入 {merge.customer.number}")
    elif args.answer == "no":
        customers_operations.reject_candidate(candidate_id=args.pair, reason=args.reason, **_by())
        print("不是同一客户，以后不再提出")
    else:
        _explain(args.pair)


def _explain(pair: int) -> None:
    from busbar.customers.models import MatchCandidate
    from busbar.customers.queries import consolidation as consolidation_queries

    found = MatchCandidate.objects.filter(pk=pair).first()
    if found is None:
        raise UnableToFindCustomer(f"没有待复核的 {pair}")
    for side in found.sides:
        print(side["name"], side["address"], side["credit_code"], *side["phones"])
    for bar in consolidation_queries.explain(found):
        print(f"  {bar.bits:+7.2f}  {bar.label} {bar.level}")
    print(f"  {found.bits:+7.2f}  合计")


def _merge(args: argparse.Namespace) -> None:
    from busbar.customers import operations as customers_operations

    merge = customers_operations.merge_customers(
        survivor=_customer(args.survivor),
        absorbed=_customer(args.absorbed),
        reason=args.reason,
        **_by(),
    )
    print(f"#{merge.pk} {merge} 并入 {merge.customer.number}")


def _split(args: argparse.Namespace) -> None:
    from busbar.customers import operations as customers_operations

    merge = customers_operations.split_customer(
        customer=_customer(args.customer),
        accounts=args.accounts,
        name=args.name,
        number=args.number,
        reason=args.reason,
        **_by(),
    )
    print(f"#{merge.pk} {merge} 自 {merge.customer.number} 拆出")


def _undo(args: argparse.Namespace) -> None:
    from busbar.customers import operations as customers_operations
    from busbar.customers.models import CustomerMerge

    merge = CustomerMerge.objects.filter(pk=args.record).first()
    if merge is None:
        raise UnableToFindCustomer(f"没有归并记录 {args.record}")
    customer = customers_operations.undo_merge(merge=merge, reason=args.reason, **_by())
    print(f"已撤销：{customer.number} {customer.name}")


def _customer(number: str) -> Any:
    from busbar.customers import queries as customers_queries
    from busbar.customers.models import Customer

    try:
        return customers_queries.get_customer(_by()["by"], number)
    except Customer.DoesNotExist as missing:
        raise UnableToFindCustomer(f"没有客户 {number}") from missing


def _measure(args: argparse.Namespace) -> None:
    from busbar.customers.consolidation.truth import UnableToReadTruth, read_truth
    from busbar.customers.queries.measuring import measure_archive

    told = measure_archive(_by()["by"], read_truth(args.truth))
    if not told.accounts:
        raise UnableToReadTruth(f"{args.truth}：没有一个户号在档案里")
    if told.unknown:
        print(f"另有 {told.unknown} 个户号不在档案里，未计入")
    if told.waiting:
        print(f"待复核的客户对中，有 {told.waiting} 对按已知归属是同一客户")
    quality = told.quality
    print(
        f"{told.accounts} 个户号：查准率 {quality.precision:.4f}，"
        f"查全率 {quality.recall:.4f}，F1 {quality.f1:.4f}"
    )


def _rules(args: argparse.Namespace) -> None:
    from busbar.customers import queries as customers_queries
    from busbar.kit.money import plain
    from busbar.kit.periods import local_date

    today = local_date(_by()["at"])
    for figure in customers_queries.list_figures(today):
        print(f"{figure.code:<16} {plain(figure.value):>6}  {figure.name}（{figure.source}）")
    for rule in customers_queries.list_rules(today):
        print(f"{rule.code:<16} {rule.weight:>6}  {rule.name}（{rule.source}）")


def _set(args: argparse.Namespace) -> None:
    from busbar.customers import operations as customers_operations
    from busbar.customers import queries as customers_queries

    common = {"code": args.code, "valid_from": args.valid_from, "source": args.source, **_by()}
    if any(row.code == args.code for row in customers_queries.list_rule_versions()):
        if args.value != int(args.value):
            raise UnableToReadValue(f"权重应为整数，写的是 {args.value}")
        customers_operations.set_completeness_rule(weight=int(args.value), **common)
    else:
        customers_operations.set_consolidation_figure(value=args.value, **common)
    print(f"{args.code} 自 {args.valid_from} 起为 {args.value}")
