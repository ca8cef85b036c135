"""How the console writes money, energy, days, quality and people's numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, Select
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from busbar.console.refusals import said
from busbar.customers.queries.groups import GroupBranch
from busbar.kit.errors import Phrase
from busbar.kit.money import plain, round_half_up
from busbar.kit.periods import CHINA
from busbar.kit.phrases import recall
from busbar.supply.models import RunningState

register = template.Library()

DASH = "—"
_THOUSAND, _TEN_THOUSAND = Decimal(1_000), Decimal(10_000)
_VISIBLE_HEAD, _VISIBLE_TAIL = 3, 4


def _absent(value: object) -> bool:
    """Nothing to show: None, or the empty text a template makes of an attribute of None."""
    return value is None or value == ""


def _grouped(value: Decimal | float, places: int) -> str:
    return f"{round_half_up(Decimal(str(value)), places):,}"


@register.filter
def told(phrase: Any) -> str:
    """What the program says, in the reader's language; nothing where it says nothing."""
    if phrase and not isinstance(phrase, Phrase):
        phrase = recall(phrase)  # as it is kept in a list of facts
    return said(phrase) if phrase else ""


@register.filter
def money(value: Any) -> str:
    """Yuan with two decimals and grouped digits; a dash for None.

    >>> money(Decimal("1234567.5")), money(None)
    ('1,234,567.50', '—')
    """
    return DASH if _absent(value) else _grouped(value, 2)


@register.filter
def number(value: Any, places: int = 0) -> str:
    """A grouped number, half up to `places` decimals.

    >>> number(Decimal("12345.65"), 1), number(None)
    ('12,345.7', '—')
    """
    return DASH if _absent(value) else _grouped(value, places)


@register.filter
def grouped(value: Any) -> str:
    """A figure as people write it, grouped: no decimals added, none lost; other text as it is.

    >>> grouped("20000"), grouped(Decimal("1234.500")), grouped("0.9"), grouped("—")
    ('20,000', '1,234.5', '0.9', '—')
    """
    try:
        return f"{Decimal(plain(Decimal(str(value)))):,}"
    except InvalidOperation:
        return str(value)


@register.filter
def ten_thousands(value: Any, places: int = 2) -> str:
    """A large number in ten thousands (万), the unit of the trade; in English in thousands.

    The unit beside it is translated the same way: 万 kWh is MWh, 万元 is k yuan.

    >>> ten_thousands(Decimal("1234567"))
    '123.46'
    """
    unit = _THOUSAND if get_language() == "en" else _TEN_THOUSAND
    return DASH if _absent(value) else _grouped(Decimal(value) / unit, places)


@register.filter
def in_unit(value: Any, unit: str) -> SafeString:
    """The unit to stand behind a figure; nothing where there is no figure.

    >>> in_unit(Decimal(3), "kVA"), in_unit(None, "kVA")
    ('<span class="unit">kVA</span>', '')
    """
    return SafeString() if _absent(value) else format_html('<span class="unit">{}</span>', unit)


@register.filter
def kwh(value: Any) -> str:
    """Energy in whole kWh with its unit.

    >>> kwh(Decimal(98765))
    '98,765 kWh'
    """
    return DASH if _absent(value) else f"{_grouped(value, 0)} kWh"


@register.filter
def signed_percent(value: Any) -> str:
    """A share as percent with its sign.

    >>> signed_percent(Decimal("0.314")), signed_percent(Decimal("-0.05"))
    ('+31.4%', '-5.0%')
    """
    return DASH if _absent(value) else f"{round_half_up(value * 100, 1):+}%"


@register.filter
def as_percent(value: Any) -> str:
    """A share as whole percent.

    >>> as_percent(0.4385), as_percent(None)
    ('44%', '—')
    """
    return DASH if _absent(value) else f"{round_half_up(Decimal(str(value)) * 100, 0)}%"


@register.simple_tag
def share_cell(share: Any) -> SafeString:
    """A share with its cases and its interval; lists have hundreds, and a template costs more."""
    if not share.whole:
        return format_html("{}", DASH)
    return format_html(
        '{} <span class="muted small tabular">{}/{}</span>'
        '<div class="small muted tabular">{}–{}</div>',
        as_percent(share.value), share.part, share.whole, as_percent(share.low),
        as_percent(share.high),
    )  # fmt: skip


@register.filter
def day(value: Any) -> str:
    """A day as 2026-03-09.

    >>> day(dt.date(2026, 3, 9))
    '2026-03-09'
    """
    return DASH if _absent(value) else f"{value:%Y-%m-%d}"


@register.filter
def moment(value: Any) -> str:
    """A moment in Chinese civil time, to the minute.

    >>> moment(dt.datetime(2026, 3, 8, 16, 5, tzinfo=dt.UTC))
    '2026-03-09 00:05'
    """
    return DASH if _absent(value) else f"{value.astimezone(CHINA):%Y-%m-%d %H:%M}"


@register.filter
def masked_phone(value: str) -> str:
    """A number whose middle is hidden from those who only read.

    >>> masked_phone("13812345678"), masked_phone("1234"), masked_phone("")
    ('138****5678', '****', '—')
    """
    if not value:
        return DASH
    if len(value) <= _VISIBLE_HEAD + _VISIBLE_TAIL:
        return "*" * len(value)
    hidden = "*" * (len(value) - _VISIBLE_HEAD - _VISIBLE_TAIL)
    return f"{value[:_VISIBLE_HEAD]}{hidden}{value[-_VISIBLE_TAIL:]}"


@register.filter
def size(value: int) -> str:
    """Bytes as people read them.

    >>> size(28), size(1536), size(3 * 1024 * 1024)
    ('28 B', '1.5 KB', '3.0 MB')
    """
    kilo = 1024
    if value < kilo:
        return f"{value} B"
    return f"{value / kilo:.1f} KB" if value < kilo * kilo else f"{value / kilo / kilo:.1f} MB"


@register.simple_tag
def importance_tag(customer: Any) -> SafeString | str:
    """The importance grade as a colored tag; nothing for an ordinary customer."""
    if customer.importance == "none":
        return ""
    label = customer.get_importance_display()
    return format_html('<span class="tag importance-{}">{}</span>', customer.importance, label)


@register.simple_tag
def quality_tag(missing: int, estimated: int) -> SafeString:
    """Whether a month's curves are whole: missing and estimated intervals."""
    if missing:
        text = _("缺 %(count)s 点") % {"count": missing}
        return format_html('<span class="tag tag-bad">{}</span>', text)
    if estimated:
        text = _("估 %(count)s 点") % {"count": estimated}
        return format_html('<span class="tag tag-warn">{}</span>', text)
    return format_html('<span class="tag tag-good">{}</span>', _("完整"))


@register.simple_tag
def sparkline(values: Sequence[Decimal | None], label: str = "") -> SafeString | str:
    """A line of the values as SVG 96 × 20, the last one marked; nothing under two values."""
    known = [(i, float(v)) for i, v in enumerate(values) if v is not None]
    if len(known) < 2:  # noqa: PLR2004 - one point is no line
        return ""
    low, top = min(v for _i, v in known), max(v for _i, v in known)
    step, span = 90 / (len(values) - 1), (top - low) or 1.0
    points = [(3 + i * step, 17 - 14 * (v - low) / span) for i, v in known]
    return format_html(
        '<svg class="spark" width="96" height="20" viewBox="0 0 96 20" role="img" '
        'aria-label="{}"><polyline points="{}"/><circle cx="{}" cy="{}" r="1.9"/></svg>',
        label,
        " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        f"{points[-1][0]:.1f}",
        f"{points[-1][1]:.1f}",
    )


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: object) -> str:
    """The page's query string with some fields set; an empty value removes the field."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in ("", None):
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def same_group(context: Context, glue: str = "?") -> str:
    """What a link to another page needs to look at this page's group too; empty without one."""
    group: GroupBranch | None = context["request"].chosen_group
    return f"{glue}{urlencode({'group': group.code})}" if group else ""


@register.simple_tag(takes_context=True)
def sort_heading(context: Context, name: str, label: str, sort: str) -> SafeString:
    """A table heading that sorts by `name`, and the other way when it already does."""
    turned = f"-{name}" if sort == name else name
    state = {name: "ascending", f"-{name}": "descending"}.get(sort, "none")
    arrow = {"ascending": " ↑", "descending": " ↓", "none": ""}[state]
    query = query_with(context, sort=turned, after="", after_value="")
    return format_html('<th aria-sort="{}"><a href="{}">{}{}</a></th>', state, query, label, arrow)


@register.simple_tag
def place_url(name: str, *arguments: object) -> str:
    """An address of another business area, the home page while the area is not there."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return reverse("today")


@register.simple_tag
def change_note(now: Decimal | None, before: Decimal | None) -> str:
    """How a number moved against the month before."""
    if not now or not before:
        return ""
    percent = signed_percent(now / before - 1)
    return _("较上月 %(percent)s") % {"percent": percent}


@register.filter
def unlocalized(value: object) -> str:
    """A number for a machine: no grouped digits."""
    return str(value)


@register.filter
def indent(path: str) -> str:
    """Spaces that show how deep a unit stands in the tree.

    >>> len(indent("000001002"))
    4
    """
    return "\u3000" * 2 * ((len(path) // 3) - 1)


@register.filter
def styled(field: BoundField) -> SafeString:
    """A form field with the console's classes and the hints its widget needs."""
    widget = field.field.widget
    kind = "form-select" if isinstance(widget, Select) else "form-control"
    if isinstance(widget, CheckboxInput):
        kind = "form-check-input"
    attributes: dict[str, str | bool] = {"class": kind}
    if field.name == "group":
        attributes |= {"list": "groups", "autocomplete": "off"}
    return field.as_widget(attrs=attributes)


@register.simple_tag
def document_kind(kind: str) -> str:
    """A document's kind in words; an unknown one as it was written."""
    from busbar.console.editing import DOCUMENT_KINDS

    return str(dict(DOCUMENT_KINDS).get(kind, kind or DASH))


@register.simple_tag
def state_line(history: Sequence[Any], today: dt.date) -> SafeString | str:
    """A transformer's states of the last three years as one colored line."""
    start = today - dt.timedelta(days=3 * 365)
    parts = []
    for state in history:
        first, last = max(state.valid_from, start), min(state.valid_until or today, today)
        if first < last:
            title = (
                f"{state.get_state_display()} {state.valid_from} – {state.valid_until or _('至今')}"
            )
            place = ((first - start).days * 0.2, (last - first).days * 0.2)
            parts.append((f"{place[0]:.1f}", f"{place[1]:.1f}", state.state, title))
    if not parts:
        return DASH
    drawn = format_html_join(
        "",
        '<rect x="{}" y="0" width="{}" height="12" class="state-{}"><title>{}</title></rect>',
        parts,
    )
    return format_html(
        '<svg width="219" height="12" viewBox="0 0 219 12" role="img" aria-label="{}">{}</svg>',
        "; ".join(part[3] for part in parts),
        drawn,
    )


@register.simple_tag
def state_key() -> SafeString:
    """What the colors of a transformer's state line mean."""
    return format_html_join(
        "",
        '<span><svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">'
        '<rect width="12" height="12" rx="3" class="state-{}"/></svg> {}</span>',
        RunningState.choices,
    )
