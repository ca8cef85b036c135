"""Drawing shares, indices with their interval, and states of the service desk."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from busbar.service_desk.models import EvidenceKind
from busbar.service_desk.queries.evidence import Evidence

register = template.Library()

_TONES = {
    "planned": "tag-teal", "prepared": "tag-teal", "done": "tag-good", "cancelled": "tag-outline",
    "open": "tag-warn", "kept": "tag-good", "withdrawn": "tag-outline", "accepted": "tag-bad",
    "contacted": "tag-warn", "answered": "tag-teal", "verified": "tag-good", "waiting": "tag-warn",
    "refused": "tag-outline", "unreached": "tag-outline", "draft": "tag-warn",
    "agreed": "tag-good", "closed": "tag-outline", "offered": "tag-teal",
}  # fmt: skip


_PAGES = {
    "service_desk.survey": "survey",
    "service_desk.complaint": "complaint",
    "service_desk.promise": "promise",
    "outages.outage": "outage",
    "billing.bill": "bill",
    "clocks.clock": "clock_why",
}
"""Where each kind of evidence has its page."""


@register.filter
def percent(share: Any, places: int = 0) -> str:
    """A share as percent; a dash for None.

    >>> percent(0.8333), percent(0.8333, 1), percent(None)
    ('83%', '83.3%', '—')
    """
    return "—" if share is None or share == "" else f"{100 * float(share):.{places}f}%"


@register.filter
def decimal(value: Any, places: int = 1) -> str:
    """A plain number with so many decimals.

    >>> decimal(71.26), decimal(None)
    ('71.3', '—')
    """
    return "—" if value is None or value == "" else f"{float(value):.{places}f}"


@register.filter
def evidence_name(kind: str) -> str:
    """What a kind of evidence is called.

    >>> str(evidence_name("survey")), evidence_name("other")
    ('问卷评分', 'other')
    """
    return str(EvidenceKind(kind).label) if kind in EvidenceKind.values else kind


@register.simple_tag
def evidence_link(piece: Evidence) -> SafeString | str:
    """The piece's name, leading to where it stands."""
    page = _PAGES.get(piece.subject_type)
    if page is None:
        return piece.label
    url = reverse(page, args=piece.subject_key.split("/"))
    return format_html('<a href="{}">{}</a>', url, piece.label)


@register.filter
def pull(value: Any) -> str:
    """What a part adds, with its sign.

    >>> pull(1.234), pull(-0.5)
    ('+1.2', '-0.5')
    """
    return f"{float(value):+.1f}"


@register.simple_tag
def state_tag(row: Any, *, late: bool = False) -> SafeString:
    """The state of a row in its color; late before anything else."""
    label = row.get_state_display()
    if late:
        return format_html(
            '<span class="tag tag-bad">{}</span> <span class="tag">{}</span>', _("超期"), label
        )
    return format_html('<span class="tag {}">{}</span>', _TONES.get(row.state, ""), label)


@register.simple_tag
def interval_bar(low: Any, value: Any, high: Any, mark: Any = None) -> SafeString:
    """An index on 0 to 100 with its interval, and a mark to compare it with."""
    left, middle, right = (float(x) for x in (low, value, high))
    title = _("%(value)s，区间 %(low)s–%(high)s") % {
        "value": f"{middle:.1f}", "low": f"{left:.0f}", "high": f"{right:.0f}",
    }  # fmt: skip
    line = SafeString()
    if mark is not None:
        line = format_html(
            '<line x1="{0}" x2="{0}" y1="1" y2="11" class="bar-mark"/>', f"{float(mark):.1f}"
        )
    return format_html(
        '<svg class="interval" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><title>{}</title>'
        '<rect x="0" y="5" width="100" height="2" class="bar-rail"/>'
        '<rect x="{}" y="4" width="{}" height="4" class="bar-span"/>{}'
        '<rect x="{}" y="2" width="1.6" height="8" class="bar-dot"/></svg>',
        title,
        title,
        f"{left:.1f}",
        f"{max(right - left, 0.5):.1f}",
        line,
        f"{middle - 0.8:.1f}",
    )
