"""The demonstration's bills reach their customers as any: reviewed by a clerk, then released."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from busbar.access import queries as access_queries
from busbar.access.models import User
from busbar.access.visibility import Viewer
from busbar.billing import operations as billing_operations
from busbar.billing import release as billing_release
from busbar.billing.models import FindingKind
from busbar.journal import operations as journal_operations
from busbar.journal import queries as journal_queries
from busbar.kit.periods import Month

CLERKS = "_cashier"
"""How the user names of the cities' billing clerks end: each releases the bills of a city."""
LEFT_OPEN = 2
"""Of the newest month a city's dearest so many are left for whoever tries the review."""
_MOST = 100_000
_NOTES = {
    FindingKind.SWING: "已与客户核对生产安排，并核对表计与电价，变化属实",
    FindingKind.CURVE_GAPS: "已核对采集缺点与估算依据，电量与相邻日相符",
    FindingKind.DEMAND: "已告知客户需量情况",
    FindingKind.POWER_FACTOR: "已告知客户力率情况",
}


def release_month(month: Month, *, is_newest: bool, at: dt.datetime) -> int:
    """Review what was found and release the month; how many bills went out this time.

    Of the newest month some findings stay open. Months before it were announced in their time:
    their customers are not told again now.
    """
    clerks = User.objects.filter(username__endswith=CLERKS).order_by("username")
    left = LEFT_OPEN if is_newest else 0
    viewers = [access_queries.get_viewer(clerk) for clerk in clerks]
    released = sum(_release(month, clerk, left, at) for clerk in viewers)
    if not is_newest:
        journal_operations.advance_cursor(
            consumer=billing_release.ANNOUNCER, entry_id=journal_queries.get_head_id()
        )
    return released


def _release(month: Month, clerk: Viewer, left: int, at: dt.datetime) -> int:
    by_kind: defaultdict[str, list[int]] = defaultdict(list)
    waiting = billing_release.list_to_review(clerk, month=str(month))[left : left + _MOST]
    for finding in waiting:
        by_kind[finding.kind].append(finding.pk)
    for kind, ids in sorted(by_kind.items()):
        billing_operations.review_findings(
            finding_ids=ids, note=_NOTES[FindingKind(kind)], by=clerk, at=at
        )
    try:
        return billing_operations.release_bills(month=month, by=clerk, at=at).released
    except billing_operations.UnableToReleaseBills:
        return 0
