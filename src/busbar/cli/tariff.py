"""`busbar tariff`: versions and drafts of tariffs, their checks and test bills, adoption.

Who decides says who they are by the API key in BUSBAR_TOKEN, so that four eyes stay four.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from busbar.cli.given import UnableToReadFile
from busbar.kit.errors import Refusal
from busbar.kit.money import plain, to_fen
from busbar.kit.periods import Month, local_date

if TYPE_CHECKING:
    from busbar.access.visibility import Viewer
    from busbar.billing.trial import Comparison
    from busbar.pricing.models import Tariff, TariffDraft


class UnableToKnowWho(Refusal):
    """Somebody has to decide, and nobody said who."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list | show CODE | drafts | draft FILE | check, test-bill, adopt, discard, withdraw ID."""
    words = parser.add_subparsers(dest="word", required=True)
    listing = words.add_parser("list", help="列出电价，可按价区（省）、类别、电压、日期")
    for name, meaning in (("region", "价区"), ("category", "类别"), ("voltage", "电压等级")):
        listing.add_argument(f"--{name}", default="", help=meaning)
    listing.add_argument("--on", type=_day, metavar="YYYY-MM-DD", help="在这一天有效的")
    showing = words.add_parser("show", help="一个电价的全部版本与拟订")
    showing.add_argument("code", help="电价代码")
    drafting = words.add_parser("draft", help="拟订新版本：TOML 或 JSON 文件")
    drafting.add_argument("file", nargs="?", type=Path, metavar="FILE")
    drafting.add_argument("--schema", action="store_true", help="打印文件的 JSON Schema")
    checking = words.add_parser("check", help="检查一次拟订")
    checking.add_argument("id", type=int, help="拟订编号")
    trying = words.add_parser("test-bill", help="按拟订试算：已出账单，或自拟的 JSON 账单")
    trying.add_argument("id", type=int, help="拟订编号")
    source = trying.add_mutually_exclusive_group(required=True)
    source.add_argument("--month", type=_month, metavar="YYYY-MM", help="已出账的月份")
    source.add_argument("--document", type=Path, help="账单 JSON，格式同 busbar bill quote")
    trying.add_argument("--account", action="append", default=[], help="户号，可重复")
    _add_decisions(words)


def _add_decisions(words: Any) -> None:
    adopting = words.add_parser("adopt", help="采用，由拟订人以外的人（BUSBAR_TOKEN）")
    adopting.add_argument("id", type=int, help="拟订编号")
    adopting.add_argument("--remark", default="", help="批准意见")
    for word, about in (("discard", "作废待批准的拟订"), ("withdraw", "生效前撤回已采用的版本")):
        deciding = words.add_parser(word, help=f"{about}（BUSBAR_TOKEN）")
        deciding.add_argument("id", type=int, help="拟订编号")
        deciding.add_argument("--reason", required=True, help="原因")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 refused, not found or a check found errors."""
    from django.core.exceptions import ObjectDoesNotExist

    does = {
        "list": _list,
        "show": _show,
        "draft": _draft,
        "check": _check,
        "test-bill": _test_bill,
    }
    try:
        return does.get(args.word, _decide)(args)
    except ObjectDoesNotExist:
        print(f"busbar: 没有拟订 {args.id}", file=sys.stderr)
        return 1


def _list(args: argparse.Namespace) -> int:
    from busbar.pricing import queries as pricing_queries

    found = pricing_queries.list_tariffs(
        region=args.region, category=args.category, voltage_class=args.voltage, on=args.on
    )
    for tariff in found:
        print(_told(tariff))
    return 0


def _show(args: argparse.Namespace) -> int:
    from busbar.pricing import drafts

    versions = drafts.list_versions(args.code)
    if not versions:
        print(f"busbar: 没有电价 {args.code}", file=sys.stderr)
        return 1
    for tariff in versions:
        print(_told(tariff))
    for draft in drafts.list_drafts(code=args.code):
        who = draft.drafted_by_name
        print(f"拟订 {draft.pk}  {draft.valid_from} 起  {draft.get_state_display()}  {who}")
    return 0


def _told(tariff: Tariff) -> str:
    prices = " ".join(f"{p.get_period_display()} {plain(p.price)}" for p in tariff.prices.all())
    basic = [
        f"{name} {plain(price)}"
        for name, price in (("容量", tariff.capacity_price), ("需量", tariff.demand_price))
        if price is not None
    ]
    days = f"{tariff.valid_from} 至 {tariff.valid_until or '今'}"
    facts = (tariff.code, tariff.region, tariff.name, tariff.voltage_class, days, prices, *basic)
    return "  ".join(str(fact) for fact in facts)


def _draft(args: argparse.Namespace) -> int:
    from busbar.pricing import operations as pricing_operations
    from busbar.pricing.draft_document import TariffDraftDocument, read_draft

    if args.schema:
        shown = TariffDraftDocument.model_json_schema()
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return 0
    if args.file is None:
        print("busbar: 请给出 TOML 或 JSON 文件", file=sys.stderr)
        return 2
    document = read_draft(_read(args.file))
    draft = pricing_operations.draft_tariff(
        code=document.code,
        base_from=document.base_from,
        values=document.values,
        by=_viewer(),
        at=dt.datetime.now(dt.UTC),
    )
    print(f"拟订 {draft.pk}：{draft.code} 自 {draft.valid_from} 起")
    return _tell_findings(draft)


def _check(args: argparse.Namespace) -> int:
    from busbar.pricing import drafts

    return _tell_findings(drafts.get_draft(args.id))


def _tell_findings(draft: TariffDraft) -> int:
    from busbar.pricing import drafts

    found = drafts.check_draft(draft, today=local_date(dt.datetime.now(dt.UTC)))
    for one in found:
        print(f"  {'错误' if one.is_error else '提示'}：{one.sentence}")
    return 1 if any(one.is_error for one in found) else 0


def _test_bill(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing.trial import try_draft
    from busbar.billing.trial_document import try_document
    from busbar.pricing import drafts

    draft = drafts.get_draft(args.id)
    if args.document is not None:
        _tell_bill(str(args.document), try_document(draft, _read(args.document)))
        return 0
    trial = try_draft(SYSTEM_VIEWER, draft, month=str(args.month), account_numbers=args.account)
    for one in trial.bills:
        _tell_bill(one.bill.account.number, one)
    for bill, sentence in trial.refused:
        print(f"busbar: 户号 {bill.account.number} 不能试算：{sentence}", file=sys.stderr)
    print(f"{trial.month}：试算 {len(trial.bills)} 张，该月执行此电价的共 {trial.standing} 张")
    return 1 if trial.refused else 0


def _tell_bill(name: str, found: Comparison) -> None:
    before, after = found.before.total_yuan, found.after.total_yuan
    print(f"{name}：原 {before}，试算 {after}，差 {to_fen(found.difference):+}")
    for line in found.lines:
        was = Decimal(0) if line.before is None else line.before.amount_yuan
        now = Decimal(0) if line.after is None else line.after.amount_yuan
        print(f"  {line.name}  {was} → {now}  {to_fen(line.difference):+}")


def _decide(args: argparse.Namespace) -> int:
    from busbar.pricing import operations as pricing_operations
    from busbar.pricing.drafts import get_draft

    get_draft(args.id)
    by, at = _viewer(needs_person=True), dt.datetime.now(dt.UTC)
    if args.word == "adopt":
        draft = pricing_operations.adopt_draft(draft_id=args.id, remark=args.remark, by=by, at=at)
    elif args.word == "discard":
        draft = pricing_operations.discard_draft(draft_id=args.id, reason=args.reason, by=by, at=at)
    else:
        draft = pricing_operations.withdraw_draft(
            draft_id=args.id, reason=args.reason, by=by, at=at
        )
    print(f"拟订 {draft.pk}：{draft.get_state_display()}")
    return 0


def _viewer(*, needs_person: bool = False) -> Viewer:
    """Whose API key is in BUSBAR_TOKEN; the system where there is none and none is needed."""
    from busbar.access import queries as access_queries
    from busbar.access.visibility import SYSTEM_VIEWER

    token = os.environ.get("BUSBAR_TOKEN", "")
    if not token:
        if needs_person:
            raise UnableToKnowWho("请在环境变量 BUSBAR_TOKEN 中给出本人的令牌（个人设置中签发）")
        return SYSTEM_VIEWER
    viewer = access_queries.get_viewer_for_token(token, at=dt.datetime.now(dt.UTC))
    if viewer is None:
        raise UnableToKnowWho("BUSBAR_TOKEN 中的令牌不存在、已过期或已撤销")
    return viewer


def _read(path: Path) -> Any:
    from busbar.billing import quote

    try:
        content = path.read_bytes()
        if path.suffix.lower() == ".toml":
            return tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
        return quote.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise UnableToReadFile(f"打不开文件 {path}：{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnableToReadFile(f"{path} 不是 UTF-8 编码的文本") from error
    except tomllib.TOMLDecodeError as error:
        raise UnableToReadFile(f"{path} 不是有效的 TOML：{error}") from error


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} 不是日期，应为 YYYY-MM-DD") from None


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} 不是月份，应为 YYYY-MM") from None
