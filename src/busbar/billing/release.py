"""What stands between a bill and its customer: findings that hold it back, and their count.

Reading only. Company setting `BUSBAR_FINDING_HOLDS` names the kinds that hold a bill back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.billing.models import Bill, BillFinding, BillQuerySet, FindingKind
from busbar.customers.models import CustomerAccount

ANNOUNCER = "billing.announcements"
"""By which name the job that tells customers of released bills reads the journal."""


@dataclass(frozen=True)
class ReleaseCount:
    """A month's bills that count, as far as the viewer sees them, by how far they have come."""

    issued: int
    released: int
    held: int

    @property
    def ready(self) -> int:
        """Neither released nor held back."""
        return self.issued - self.released - self.held


def holding_kinds() -> tuple[str, ...]:
    """The kinds of finding that hold a bill back; ImproperlyConfigured for an unknown name."""
    kinds = tuple(k.strip() for k in settings.BUSBAR_FINDING_HOLDS.split(",") if k.strip())
    unknown = [kind for kind in kinds if kind not in FindingKind.values]
    if unknown:
        raise ImproperlyConfigured(f"BUSBAR_FINDING_HOLDS: 没有 {'、'.join(unknown)} 这种账单提示")
    return kinds


def open_holds() -> BillQuerySet:
    """Findings that hold their bill back and that nobody has reviewed."""
    found: BillQuerySet = BillFinding.objects.filter(
        kind__in=holding_kinds(), reviewed_at__isnull=True
    )
    return found


def is_held() -> Exists:
    """On bills: whether a finding without review holds the bill back."""
    return Exists(open_holds().filter(bill=OuterRef("pk")))


def count_release(viewer: Viewer, month: str) -> ReleaseCount:
    """How far the month's bills have come; one query."""
    seen = CustomerAccount.objects.visible_to(viewer).values("pk")
    bills = Bill.objects.current().filter(month=month, account__in=seen)
    counted = bills.annotate(held=is_held()).aggregate(
        issued=Count("pk"),
        released=Count("pk", filter=Q(released_at__isnull=False)),
        held_back=Count("pk", filter=Q(released_at__isnull=True, held=True)),
    )
    return ReleaseCount(counted["issued"], counted["released"], counted["held_back"])


def list_to_review(viewer: Viewer, *, month: str) -> QuerySet[BillFinding]:
    """What holds the month's bills back, the most money at stake first; with bill and customer."""
    found = _to_review(viewer, month).select_related("bill", "account__customer")
    return found.defer("bill__facts", "bill__quantities").order_by("-stake_yuan", "id")


def count_to_review(viewer: Viewer, month: str) -> int:
    """How many findings of the month wait for a review and hold a bill back."""
    return _to_review(viewer, month).count()


def _to_review(viewer: Viewer, month: str) -> QuerySet[Any]:
    seen = open_holds().visible_to(viewer)
    return seen.filter(month=month, bill__released_at__isnull=True)


def list_holding_kinds(bill: Bill) -> list[str]:
    """The kinds of findings that hold the bill back; none once it is released."""
    if bill.released_at is not None:
        return []
    return list(open_holds().filter(bill=bill).order_by("kind").values_list("kind", flat=True))


def list_findings_of(bill: Bill) -> list[BillFinding]:
    """What was found in the bill, reviewed or not."""
    return list(bill.findings.select_related("account__customer").order_by("kind"))


def get_finding(viewer: Viewer, finding_id: int) -> BillFinding:
    """One finding with bill and customer; BillFinding.DoesNotExist when it may not be seen."""
    seen = BillFinding.objects.visible_to(viewer).select_related("account__customer")
    found: BillFinding = seen.get(pk=finding_id)
    return found
