"""References of receivables without a bill, which a payer writes as a bill's."""

from __future__ import annotations

from busbar.payments.models import Receivable, ReceivableKind
from busbar.payments.recognition import bill_reference

_BEFORE_FIRST = {ReceivableKind.LATE: 5_000_000_000, ReceivableKind.CLAIM: 7_000_000_000}
"""Each kind counts from here, far above the ids of bills."""


def next_references(kind: ReceivableKind, count: int) -> list[str]:
    """So many references that no receivable of the kind has; the turn at the journal keeps them.

    A receivable is never removed, so their number is the last place taken.
    """
    last = _BEFORE_FIRST[kind] + Receivable.objects.filter(kind=kind).count()
    return [bill_reference(last + place) for place in range(1, count + 1)]
