"""What the screens say of a judgement: values with their units, outcomes, places to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from busbar.console.key_accounts.figure_sources import say_source
from busbar.console.templatetags.console import number as grouped
from busbar.customers.models import Customer, Importance
from busbar.key_accounts.models import UNITS, IndustryClass, Measure
from busbar.key_accounts.queries.recognition import Explained
from busbar.key_accounts.recognizing import Outcome, Reason, Value

OUTCOMES: dict[str, str | Promise] = {
    Outcome.ENTERED: _("新认定"),
    Outcome.KEPT: _("继续认定"),
    Outcome.KEPT_IN_BAND: _("低于进入线、未低于保留线，保留"),
    Outcome.KEPT_FOR_TERM: _("已低于保留线，最短保留期未满，保留"),
    Outcome.LEFT: _("退出"),
    Outcome.OUT: _("未达到"),
    Outcome.MOOT: _("已列入上一类，不另认定"),
}
_TABS = {
    "bills": "bills", "curves": "curves", "supply": "supply", "archive": "overview",
    "importance": "overview",
}  # fmt: skip
_PLACES = {Measure.GROWTH: 1, Measure.GROWTH_OVER_PEERS: 1}

Industries = Mapping[str, IndustryClass]


@dataclass(frozen=True)
class ReasonLine:
    """One reason as the screens draw it."""

    reason: Reason
    value: str
    threshold: str
    unit: str | Promise
    source: str
    url: str


@dataclass(frozen=True)
class CategoryLines:
    """One category with its reasons in words."""

    explained: Explained
    outcome: str | Promise
    lines: list[ReasonLine]

    @property
    def met(self) -> list[ReasonLine]:
        """The reasons that speak for it."""
        return [line for line in self.lines if line.reason.is_met]


def lines_of(
    explained: list[Explained], industries: Industries, customer: Customer
) -> list[CategoryLines]:
    """The judgements of one customer in words."""
    return [
        CategoryLines(
            one,
            OUTCOMES[one.judgement.outcome],
            [_line(reason, industries, customer) for reason in one.judgement.reasons],
        )
        for one in explained
    ]


def _line(reason: Reason, industries: Industries, customer: Customer) -> ReasonLine:
    measure = reason.criterion.measure
    figure = reason.figure
    place = figure.place if figure else ""
    return ReasonLine(
        reason,
        say(measure, figure.value if figure else None, industries),
        say(measure, reason.threshold, industries),
        UNITS.get(measure, ""),
        say_source(figure.source) if figure else "",
        place_of(place, customer),
    )


def place_of(place: str, customer: Customer) -> str:
    """Where a figure comes from."""
    if place == "applications":
        return f"{reverse('application_list')}?{urlencode({'q': customer.name})}"
    return reverse("customer_tab", args=[customer.number, _TABS[place]]) if place else ""


def say(measure: str, value: Value, industries: Industries) -> str:
    """A value without its unit: digits grouped, codes by their names."""
    if value is None:
        return "—"
    if isinstance(value, Decimal):
        return grouped(value, _PLACES.get(Measure(measure), 0))
    if measure == Measure.IMPORTANCE:
        return "、".join(str(Importance(code).label) for code in value.split("、"))
    return "、".join(
        f"{code} {industries[code].name}" if code in industries else code
        for code in value.split("、")
    )
