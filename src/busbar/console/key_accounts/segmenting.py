"""客户分群: typical days, the cells of industry × shape × spend, packages, needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from busbar.access.permissions import Permission
from busbar.console.cutting import cut_after
from busbar.console.group_choice import by_group
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest, asks_for_more
from busbar.customers import queries as customers_queries
from busbar.customers.models import Customer
from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts.models import CustomerNeed, LoadShape, NeedKind, ShapeKind
from busbar.key_accounts.queries import rules as rules_queries
from busbar.key_accounts.queries import segments as segments_queries
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

PAGE = 50
_QUARTERS_AN_HOUR = 4


@dataclass(frozen=True)
class ShapeLine:
    """A shape with its visible customers, its name with the time of its peak."""

    shape: LoadShape
    name: str
    customers: int
    yuan: Decimal


@require_safe
@by_group
def segment_page(request: StaffRequest) -> HttpResponse:
    """The typical days, how customers spread over them, and the customers of the chosen cell."""
    viewer, today = request.viewer, local_date(timezone.now())
    found = segments_queries.get_latest_segmentation()
    if found is None:
        return render(request, "console/key_accounts/segments.html", {"found": None})
    bands = segments_queries.list_bands(today)
    sections = {
        code: row.name
        for code, row in rules_queries.map_industries(today).items()
        if len(code) == 1
    }
    chosen = {name: request.GET.get(name, "")[:20] for name in ("shape", "section", "band")}
    rows, next_after = cut_after(
        segments_queries.list_segment(viewer, found, **chosen),
        after=request.GET.get("after", ""),
        size=PAGE,
    )
    packages = segments_queries.list_packages(today)
    context: dict[str, Any] = {
        "found": found,
        "rows": [
            {
                "segment": row,
                "section": sections.get(row.section, ""),
                "band": next((b.name for b in bands if b.code == row.band), ""),
                "shape": name_shape(row.shape),
                "packages": [p for p in packages if segments_queries.fits(p, row)],
            }
            for row in rows
        ],
        "next_after": next_after,
    }
    if asks_for_more(request):
        return render(request, "console/key_accounts/_segment_rows.html", context)
    shapes = segments_queries.list_shapes(found)
    cells = segments_queries.count_cells(viewer, found)
    lines = _shape_lines(shapes, cells)
    context |= {
        "lines": lines,
        "chart": [{"name": line.name, "profile": line.shape.profile} for line in lines],
        "names": {line.shape.pk: line.name for line in lines},
        "table": _table(cells, shapes, sections),
        "bands": bands,
        "sections": sorted(sections.items()),
        "chosen": chosen,
        "packages": [
            (
                p,
                [ShapeKind(kind).label for kind in p.shapes],
                [band.name for band in bands if band.code in p.bands],
            )
            for p in packages
        ],
        "need_counts": [(k.label, n) for k, n in _needs(segments_queries.count_needs(viewer))],
        "needs": segments_queries.list_needs(viewer),
    }
    return render(request, "console/key_accounts/segments.html", context)


def _needs(counts: Mapping[str, int]) -> list[tuple[NeedKind, int]]:
    return [(kind, counts[kind]) for kind in NeedKind]


def name_shape(shape: LoadShape) -> str:
    """The shape in words: its kind, and when its day is highest where it has a height."""
    if shape.kind == ShapeKind.CONTINUOUS:
        return str(shape.get_kind_display())
    peak = max(range(len(shape.profile)), key=lambda place: shape.profile[place])
    hour, quarter = divmod(peak, _QUARTERS_AN_HOUR)
    return f"{shape.get_kind_display()} · {_('峰')} {hour:02d}:{15 * quarter:02d}"


def _shape_lines(shapes: Sequence[LoadShape], cells: Sequence[dict[str, Any]]) -> list[ShapeLine]:
    lines = []
    for shape in shapes:
        mine = [cell for cell in cells if cell["shape_id"] == shape.pk]
        yuan = sum((cell["yuan"] for cell in mine), Decimal(0))
        lines.append(ShapeLine(shape, name_shape(shape), sum(c["n"] for c in mine), yuan))
    return lines


def _table(
    cells: Sequence[dict[str, Any]], shapes: Sequence[LoadShape], sections: Mapping[str, str]
) -> list[tuple[str, str, list[tuple[LoadShape, int]]]]:
    """By section: how many customers have each shape; only sections with customers."""
    counts: dict[tuple[str, int], int] = {}
    for cell in cells:
        key = cell["section"], cell["shape_id"]
        counts[key] = counts.get(key, 0) + cell["n"]
    used = sorted({section for section, _shape in counts})
    unknown = _("行业不明")
    return [
        (code, sections.get(code, unknown), [(s, counts.get((code, s.pk), 0)) for s in shapes])
        for code in used
    ]


def segment_context(request: StaffRequest, customer: Customer) -> dict[str, Any]:
    """What the customer's tab says of its segment, its packages and its needs."""
    today = local_date(timezone.now())
    row = segments_queries.find_segment(request.viewer, customer.pk)
    context: dict[str, Any] = {
        "needs": segments_queries.list_needs(request.viewer, customer_id=customer.pk),
        "need_kinds": NeedKind.choices,
        "segment": row,
    }
    if row is None:
        return context
    packages = segments_queries.list_packages(today)
    bands = {b.code: b.name for b in segments_queries.list_bands(today)}
    return context | {
        "segment_shape": name_shape(row.shape),
        "segment_band": bands.get(row.band, ""),
        "segment_packages": [p for p in packages if segments_queries.fits(p, row)],
        "segment_chart": [{"name": name_shape(row.shape), "profile": row.shape.profile}],
    }


@require_POST
def need_record(request: StaffRequest, number: str) -> HttpResponse:
    """Write down a need."""
    customer = customers_queries.get_customer(request.viewer, number)
    try:
        key_accounts_operations.record_need(
            customer=customer,
            kind=request.POST.get("kind", ""),
            text=request.POST.get("text", "")[:300],
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("customer_tab", number, "recognition")


@require_POST
def need_meet(request: StaffRequest, pk: int) -> HttpResponse:
    """Say how a need was met."""
    request.viewer.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    need: CustomerNeed = (
        CustomerNeed.objects.visible_to(request.viewer).select_related("customer").get(pk=pk)
    )
    try:
        key_accounts_operations.meet_need(
            need_id=pk,
            how=request.POST.get("how", "")[:300],
            by=request.viewer,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("customer_tab", need.customer.number, "recognition")


urlpatterns = [
    path("key-accounts/segments/", segment_page, name="key_account_segments"),
    path("key-accounts/customers/<str:number>/needs/", need_record, name="key_account_need"),
    path("key-accounts/needs/<int:pk>/", need_meet, name="key_account_need_meet"),
]
