"""Which stops there are and whom they touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from busbar.access.visibility import Viewer
from busbar.customers.models import Customer, CustomerAccount, Importance
from busbar.network.models import Feeder, Substation
from busbar.notifications import queries as notifications_queries
from busbar.notifications.models import Message, Receipt
from busbar.outages.models import AffectedPoint, Outage, OutageKind
from busbar.supply.models import PowerSource, SourceRole, Transformer, UsagePoint

Outages = QuerySet[Outage, Outage]
OUTAGE = "outages.outage"
"""The stop as messages, receipts, clocks and the journal name it."""


@dataclass(frozen=True)
class Notice:
    """How one affected customer was told: its visible points, messages and receipts."""

    customer: Customer
    points: list[AffectedPoint]
    messages: list[Message]
    receipts: list[Receipt]


def list_outages(viewer: Viewer, *, kind: str = "", state: str = "", text: str = "") -> Outages:
    """Visible stops with `points`, the newest first; one query that counts only what is read."""
    rows: Outages = Outage.objects.visible_to(viewer)
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(number__startswith=text) | Q(scope__contains=text))
    touched = AffectedPoint.objects.filter(outage=OuterRef("pk")).order_by().values("outage")
    points = Coalesce(Subquery(touched.annotate(n=Count("id")).values("n")), 0)
    return rows.select_related("unit").annotate(points=points).order_by("-planned_from", "-id")


def get_outage(viewer: Viewer, number: str) -> Outage:
    """Outage.DoesNotExist where there is none that the viewer sees."""
    found: Outage = Outage.objects.visible_to(viewer).select_related("unit").get(number=number)
    return found


def list_affected(viewer: Viewer, outage: Outage) -> QuerySet[AffectedPoint, AffectedPoint]:
    """The points touched that the viewer sees, important customers first."""
    rows: QuerySet[AffectedPoint, AffectedPoint] = AffectedPoint.objects.visible_to(viewer)
    is_ordinary = Case(When(account__customer__importance=Importance.NONE, then=1), default=0)
    return (
        rows.filter(outage=outage)
        .select_related("account__customer", "usage_point")
        .order_by(is_ordinary, "account__customer__number", "usage_point__number")
    )


def list_dark_points(outage: Outage) -> list[int]:
    """Ids of the points touched that are surely without supply.

    A site with a second source may have been switched over: whether it was off, its meter says.
    A stop for what the customer did or owes opens every source.
    """
    rows = AffectedPoint.objects.filter(outage=outage)
    if outage.kind in {OutageKind.PLANNED, OutageKind.FAULT}:
        spare = PowerSource.objects.exclude(role=SourceRole.MAIN)
        rows = rows.exclude(usage_point__site__in=spare.values("site"))
    return list(rows.order_by("usage_point_id").values_list("usage_point_id", flat=True))


def list_important(outage: Outage) -> list[CustomerAccount]:
    """Accounts of important customers that the stop touches, whoever asks: it guards them."""
    touched = AffectedPoint.objects.filter(outage=outage).values("account_id")
    rows = CustomerAccount.objects.filter(pk__in=touched)
    rows = rows.exclude(customer__importance=Importance.NONE)
    return list(rows.select_related("customer").order_by("number"))


def count_customers(outage: Outage) -> int:
    """How many customers the stop touches, whoever asks."""
    touched = AffectedPoint.objects.filter(outage=outage).order_by()
    return touched.values("account__customer").distinct().count()


def list_notices(viewer: Viewer, outage: Outage, *, limit: int = 500) -> list[Notice]:
    """The visible affected customers, important ones first, with how each was told.

    At most so many points; the number of queries does not grow with them.
    """
    said: dict[int, list[Message]] = {}
    for message in notifications_queries.list_messages_about(viewer, OUTAGE, outage.pk):
        said.setdefault(message.customer_id or 0, []).append(message)
    served: dict[int, list[Receipt]] = {}
    for receipt in notifications_queries.list_receipts(viewer, OUTAGE, outage.pk):
        served.setdefault(receipt.customer_id or 0, []).append(receipt)
    found: dict[int, Notice] = {}
    for point in list_affected(viewer, outage)[:limit]:
        key = point.account.customer_id
        fresh = Notice(point.account.customer, [], said.get(key, []), served.get(key, []))
        found.setdefault(key, fresh).points.append(point)
    return list(found.values())


@dataclass(frozen=True)
class Scope:
    """What stops, by the numbers of the registers: any of them, together."""

    accounts: Sequence[str] = ()
    feeders: Sequence[str] = ()
    substations: Sequence[str] = ()
    transformers: Sequence[str] = ()
    usage_points: Sequence[str] = ()

    @property
    def text(self) -> str:
        """All of them in one line, the widest first."""
        every = (
            self.substations, self.feeders, self.transformers, self.accounts, self.usage_points,
        )  # fmt: skip
        return "、".join(word for words in every for word in words)


def find_points(scope: Scope) -> QuerySet[UsagePoint, UsagePoint]:
    """The scope's usage points: named, of its 户号, on the sites of its customers' transformers,
    or mainly fed from its feeders or its substations' feeders."""
    main = Q(site__power_sources__role=SourceRole.MAIN)
    fed = main & Q(site__power_sources__feeder__code__in=scope.feeders)
    below = main & Q(site__power_sources__feeder__substation__code__in=scope.substations)
    own = Transformer.objects.filter(number__in=scope.transformers)
    behind = Q(account__in=own.values("account"), site__in=own.values("site"))
    named = Q(account__number__in=scope.accounts) | Q(number__in=scope.usage_points)
    rows = UsagePoint.objects.filter(named | behind | fed | below)
    return rows.select_related("account__customer", "site").distinct().order_by("number")


def list_unknown(scope: Scope) -> list[str]:
    """What of the scope no register knows, a word each: `馈线 F9`."""
    registers = (
        ("变电站", scope.substations, Substation.objects, "code"),
        ("馈线", scope.feeders, Feeder.objects, "code"),
        ("受电变压器", scope.transformers, Transformer.objects, "number"),
        ("户号", scope.accounts, CustomerAccount.objects, "number"),
        ("用电点", scope.usage_points, UsagePoint.objects, "number"),
    )
    found = []
    for name, words, rows, key in registers:
        known = set(rows.filter(**{f"{key}__in": words}).values_list(key, flat=True))
        found += [f"{name} {word}" for word in words if word not in known]
    return found
