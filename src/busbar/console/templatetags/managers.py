"""Cells of the managers' tables: a team has hundreds of rows, and a template costs more."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString

from busbar.console.templatetags.console import DASH, as_percent, number, ten_thousands
from busbar.key_accounts.queries.team import Standing

register = template.Library()

_THOUSAND = 1000

_CELLS = (
    '<td class="num">{}</td>\n'
    '<td class="num">{}<div class="muted small">{}/{}</div></td>\n'
    '<td class="num">{}<div class="muted small nowrap">{}/{}{}</div></td>\n'
    '<td class="num">{}</td>\n'
    '<td class="num">{}</td>\n'
    '<td class="num">{}<div class="muted small">n={}</div></td>\n'
    '<td class="num">{}</td>\n'
    '<td class="num">{}</td>\n'
    '<td class="num">{}</td>\n'
)


@register.simple_tag
def standing_cells(standing: Standing) -> SafeString:
    """What became of a manager's or a company's customers, in the order of the table's heads."""
    kept, growth = standing.kept, standing.growth_percent
    satisfaction = standing.satisfaction
    return format_html(
        _CELLS,
        number(standing.customers),
        _percent(standing.coverage), _count(standing.visited), _count(standing.customers),
        as_percent(kept.share), _count(kept.in_time), _count(kept.due), _between(kept.interval),
        _warned(standing.services_late),
        _warned(standing.complaints),
        number(satisfaction, 1), _count(standing.scored),
        ten_thousands(standing.revenue_yuan, 1),
        _percent(growth, 1),
        ten_thousands(standing.margin_yuan, 1),
    )  # fmt: skip


def _percent(value: Any, places: int = 0) -> str:
    return DASH if value is None else f"{number(value, places)}%"


def _between(ends: tuple[float, float] | None) -> str:
    return f" · {as_percent(ends[0])}–{as_percent(ends[1])}" if ends else ""


def _warned(count: int) -> SafeString | int:
    return format_html('<span class="bad">{}</span>', _count(count)) if count else 0


def _count(count: int) -> str:
    """Grouped where the language groups; below a thousand nothing is to be looked up."""
    return str(count) if count < _THOUSAND else str(localize(count))
