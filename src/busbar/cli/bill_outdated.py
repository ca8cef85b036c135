"""`busbar bill outdated`, `correct`: a month's bills against today's curves and archive."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from busbar.kit.errors import Refusal
from busbar.kit.periods import Month, local_date

if TYPE_CHECKING:
    from busbar.billing.outdated import Outdated

MOST_REASONS = 20
"""Bills that could not be rated again that the command names; `outdated` names them all."""


def run(month: Month, progress: Callable[[int, int], None]) -> int:
    """Compare, keep what was found, and print a line for each bill that is outdated."""
    from busbar.cli.main import start_django

    start_django()
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing import operations as billing_operations
    from busbar.billing.outdated import list_outdated

    at = dt.datetime.now(dt.UTC)
    try:
        done = billing_operations.compare_month(
            month=month, by=SYSTEM_VIEWER, at=at, progress=progress
        )
    except Refusal as refusal:
        print(f"busbar: {refusal}", file=sys.stderr)
        return 1
    found = list_outdated(SYSTEM_VIEWER, month)
    for each in found:
        print(f"{each.bill.account.number} {'；'.join(_reasons(each))}")
    print(f"{month}：核对 {done.bills} 张账单，依据已变 {len(found)} 张")
    return 0


def correct(month: Month, reason: str) -> int:
    """Try every outdated bill once, some in a transaction; those refused before come last."""
    from busbar.cli.main import start_django

    start_django()
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing import operations as billing_operations
    from busbar.billing.outdated import get_outdated

    at = dt.datetime.now(dt.UTC)
    corrected = unchanged = refused = 0
    while get_outdated(SYSTEM_VIEWER, month, most=1, tried_before=at).first:
        done = billing_operations.correct_outdated_bills(
            month=month, reason=reason, by=SYSTEM_VIEWER, at=at
        )
        for account, sentence in done.refused[: max(0, MOST_REASONS - refused)]:
            print(f"busbar: 户号 {account.number} 不能更正：{sentence}", file=sys.stderr)
        corrected, unchanged = corrected + len(done.corrected), unchanged + len(done.unchanged)
        refused += len(done.refused)
    if refused > MOST_REASONS:
        print(f"busbar: 另有 {refused - MOST_REASONS} 户不能更正", file=sys.stderr)
    if not corrected + unchanged + refused:
        print(f"{month}：没有出账后依据有变的账单")
        return 0
    print(f"{month}：更正 {corrected} 张，结果不变 {unchanged} 张，不能核算 {refused} 张")
    return 1 if refused else 0


def _reasons(each: Outdated) -> Iterator[str]:
    if each.days:
        yield f"曲线有变：{each.days[0]} 等 {len(each.days)} 天"
    if each.change is None:
        return
    if each.change.refusal:
        day = local_date(each.change.refused_at or each.change.found_at)
        yield f"不能核算（{day}）：{each.change.refusal}"
    else:
        labels = "、".join(each.change.part_labels)
        yield f"档案有变：{labels}；{each.bill.amount} 元应为 {each.change.amount_now} 元"
