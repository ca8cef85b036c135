"""Why a line of a bill is what it is: its formula, quantities, rules and the lines beneath it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from busbar.billing import operations, overview, queries
from busbar.billing.decomposition import Effect, Line, Side, decompose
from busbar.billing.models import Bill, BillLine, Citation
from busbar.kit.periods import Month

EFFECTS = {
    Effect.VOLUME: (_("用电量"), _("按原价、原时段结构多用或少用")),
    Effect.SEASON: (_("季节"), _("日历使各时段的小时数不同")),
    Effect.HOURS: (_("用电时段"), _("自身用电在时段之间的移动")),
    Effect.PEAK: (_("容量与需量"), _("计费容量或需量的变化，按原价")),
    Effect.PRICE: (_("价格"), _("电价与附加的变化，按现用量")),
    Effect.POWER_FACTOR: (_("功率因数"), _("调整率的变化，按现基数")),
    Effect.OTHER: (_("其他"), _("计费方式变更与取整")),
}
"""What each effect is called, and what it means."""


@dataclass(frozen=True)
class Why:
    """One line with everything it rests on.

    `rules` are as cited when the bill was made: code, name, value, unit, article, source,
    certainty. `inputs` are measured quantities: id, name, value, unit, formula, evidence.
    """

    line: BillLine
    rules: list[dict[str, Any]]
    inputs: list[dict[str, str]]
    based_on: list[BillLine]

    @property
    def is_unverified(self) -> bool:
        """Whether any rule beneath it has not been read in a source."""
        return any(rule["certainty"] == "unverified" for rule in self.rules)


@dataclass(frozen=True)
class Recalculation:
    """The bill as it comes out now against what was issued."""

    total: Decimal
    difference: Decimal
    lines_differing: list[tuple[str, Decimal, Decimal]]

    @property
    def is_equal(self) -> bool:
        """Whether total and every line are the same to the fen."""
        return not self.difference and not self.lines_differing


def explain(bill: Bill) -> list[Why]:
    """The bill's lines in order, each with its reasons; two queries."""
    lines = queries.list_lines(bill)
    cited = Citation.objects.in_bulk({pk for line in lines for pk in line.rules})
    by_id = {line.line_id: line for line in lines}
    measured = {quantity["id"]: quantity for quantity in bill.quantities}
    return [
        Why(
            line,
            [cited[pk].content for pk in line.rules if pk in cited],
            [measured[key] for key in line.inputs if key in measured],
            [by_id[key] for key in line.based_on if key in by_id],
        )
        for line in lines
    ]


def check_again(bill: Bill) -> Recalculation:
    """Rate the stored facts again now and compare with what was issued, line by line."""
    again = operations.recalculate(bill)
    issued = {line.line_id: line for line in queries.list_lines(bill)}
    now = {line.id: line for line in again.lines}
    zero = Decimal(0)
    differing = []
    for key in dict.fromkeys([*issued, *now]):
        before = issued[key].amount if key in issued else zero
        after = now[key].amount_yuan if key in now else zero
        if before != after:
            name = issued[key].name if key in issued else now[key].name
            differing.append((name, before, after))
    return Recalculation(again.total_yuan, again.total_yuan - bill.amount, differing)


def explain_difference(bill: Bill, previous: Bill) -> dict[Effect, Decimal]:
    """What moved the amount since the bill before, in yuan, adding up to the fen."""
    return decompose(_side(previous), _side(bill))


def _side(bill: Bill) -> Side:
    lines = [
        Line(x.line_id, x.code, x.quantity, x.price, x.amount, tuple(x.based_on))
        for x in queries.list_lines(bill)
    ]
    segments, month = bill.facts.get("segments", ()), Month.parse(bill.month)
    return Side(lines, overview.share_of_hours(bill.tariff_code, segments, month))
