"""`busbar bill outdated`: a month's bills against today's curves and archive."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from busbar.kit.errors import Refusal
from busbar.kit.periods import Month

if TYPE_CHECKING:
    from busbar.billing.outdated import Outdated


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


def _reasons(each: Outdated) -> Iterator[str]:
    if each.days:
        yield f"曲线有变：{each.days[0]} 等 {len(each.days)} 天"
    if each.change is None:
        return
    if each.change.refusal:
        yield f"现在不能核算：{each.change.refusal}"
    else:
        labels = "、".join(each.change.part_labels)
        yield f"档案有变：{labels}；{each.bill.amount} 元应为 {each.change.amount_now} 元"
