"""`busbar claim request | list | show | approve | refuse | take-back`: owed beside the bills."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import TYPE_CHECKING, Any

from busbar.cli import given

if TYPE_CHECKING:
    from busbar.claims.models import Claim


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """request FILE | list | show NUMBER | approve, refuse, take-back NUMBER."""
    from busbar.claims.models import ClaimKind, ClaimState

    words = parser.add_subparsers(dest="word", required=True)
    asking = words.add_parser("request", help="按试算文档提出追补或赔偿，由他人审批")
    asking.add_argument("file", help="JSON 文件，格式同 busbar bill quote，- 为标准输入")
    asking.add_argument("--account", required=True, help="户号")
    asking.add_argument("--ground", required=True, help="事由和依据，如检查单号")
    _as(asking, "提出人工号")
    listing = words.add_parser("list", help="列出追补单，新的在前")
    listing.add_argument("--state", default="", choices=ClaimState.values, help="只列这一状态")
    listing.add_argument("--kind", default="", choices=ClaimKind.values, help="只列这一类")
    _of(words.add_parser("show", help="一张追补单的算式、依据、应收，以及能否重算得出"))
    approving = _of(words.add_parser("approve", help="批准：从此为应收，或存入预存"))
    approving.add_argument("--remark", default="", help="意见")
    _as(approving, "审批人工号")
    for word, about in (("refuse", "不予批准"), ("take-back", "冲回已入账的")):
        ending = _of(words.add_parser(word, help=f"{about}，写明原因"))
        ending.add_argument("--reason", required=True, help="原因")
        _as(ending, "审批人工号")


def _of(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("number", help="追补单编号")
    return parser


def _as(parser: argparse.ArgumentParser, who: str) -> None:
    parser.add_argument("--as", dest="employee", required=True, help=who)


def run(args: argparse.Namespace) -> int:
    """0 done, 1 not found; a refusal is told by the caller."""
    return {"request": _request, "list": _list, "show": _show}.get(args.word, _act)(args)


def _request(args: argparse.Namespace) -> int:
    from busbar.claims import operations as claims_operations

    by = given.viewer_of(args.employee)
    claim = claims_operations.request_claim(
        account_number=args.account,
        document=given.document(args.file),
        ground=args.ground,
        by=by,
        at=dt.datetime.now(dt.UTC),
    )
    print(f"{claim.number} 已提出，{_sum_of(claim)}，待审批")
    return 0


def _list(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.claims import queries as claims_queries

    for claim in claims_queries.list_claims(SYSTEM_VIEWER, state=args.state, kind=args.kind):
        words = (claim.number, claim.account.number, claim.get_kind_display())
        print(
            *words,
            claim.get_state_display(),
            _sum_of(claim),
            claim.account.customer.name,
            sep="  ",
        )
    return 0


def _show(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.claims import queries as claims_queries

    claim = claims_queries.find_claim(SYSTEM_VIEWER, args.number)
    if claim is None:
        print(f"没有追补单 {args.number}")
        return 1
    print(claim.number, claim.account.number, claim.account.customer.name, sep="  ")
    print(claim.get_kind_display(), claim.get_state_display(), _sum_of(claim), sep="  ")
    _show_course(claim)
    for line in claim.answer["lines"]:
        _show_line(line)
    owed = claim.receivable
    if owed is not None and owed.amount_fen > 0:
        print(f"应收 {owed.reference}，未缴 {owed.open_yuan} 元，{owed.due_on} 到期")
    again = claims_queries.comes_out_again(claim)
    print(f"依规则集 {claim.answer['rule_set']}，{'重算结果相同' if again else '重算结果不同'}")
    return 0


def _show_course(claim: Claim) -> None:
    from busbar.claims.models import ClaimState
    from busbar.kit.periods import CHINA

    decided = "未批准" if claim.state == ClaimState.REFUSED else "批准"
    for moment, act, name, text in (
        (claim.requested_at, "提出", claim.requested_by_name, claim.ground),
        (claim.decided_at, decided, claim.decided_by_name, claim.decision_remark),
        (claim.taken_back_at, "冲回", claim.taken_back_by_name, claim.taken_back_reason),
    ):
        if moment is not None:
            when = f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"
            print(f"  {when}  {act}  {name}  {text}".rstrip())


def _show_line(line: dict[str, Any]) -> None:
    from busbar.pricing.models import Certainty

    rule = line["rule"]
    print(line["name"], f"{line['amount_yuan']} 元", sep="  ")
    print(f"  {line['formula']}")
    cited = " ".join(part for part in (rule["source"], rule["article"]) if part)
    sure = dict(Certainty.choices).get(rule["certainty"], rule["certainty"])
    print(f"  {rule['name']}：{cited}（{sure}）")


def _act(args: argparse.Namespace) -> int:
    from busbar.claims import operations as claims_operations

    facts: dict[str, Any] = {
        "number": args.number,
        "by": given.viewer_of(args.employee),
        "at": dt.datetime.now(dt.UTC),
    }
    if args.word == "approve":
        claim = claims_operations.approve_claim(remark=args.remark, **facts)
    elif args.word == "refuse":
        claim = claims_operations.refuse_claim(remark=args.reason, **facts)
    else:
        claim = claims_operations.take_back_claim(reason=args.reason, **facts)
    print(f"{claim.number} {claim.get_state_display()}，{_sum_of(claim)}")
    return 0


def _sum_of(claim: Claim) -> str:
    """Who pays how much."""
    payer = "应收" if claim.amount_fen > 0 else "应付"
    return f"{payer} {abs(claim.amount_yuan)} 元"
