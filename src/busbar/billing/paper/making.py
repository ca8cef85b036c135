"""The bill's paper from its facts, as PDF bytes; the same facts give the same bytes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from busbar.billing.paper.facts import BillPaper, GroupPaper
from busbar.kit import paper
from busbar.kit.chinese_figures import capital_amount

TEMPLATES = Path(__file__).with_name("templates")


def render_bill(facts: BillPaper) -> bytes:
    """电费账单, one page or more."""
    return paper.render_pdf(TEMPLATES / "bill.typ", bill_data(facts), made_at=facts.issued_at)


def render_group_bill(facts: GroupPaper) -> bytes:
    """集团合并账单."""
    data: dict[str, object] = {f.name: getattr(facts, f.name) for f in dataclasses.fields(facts)}
    data["amount_capitals"] = capital_amount(facts.amount_yuan)
    return paper.render_pdf(TEMPLATES / "group.typ", data, made_at=facts.made_at)


def bill_data(facts: BillPaper) -> dict[str, object]:
    """The facts with what is printed beside them: capitals, and changes that nobody types."""
    data: dict[str, object] = {f.name: getattr(facts, f.name) for f in dataclasses.fields(facts)}
    data["amount_capitals"] = capital_amount(facts.amount_yuan)
    data["due_yuan"], data["is_refund"] = abs(facts.due_yuan), facts.due_yuan < 0
    data["due_capitals"] = capital_amount(abs(facts.due_yuan))
    data["lake_version"] = str(facts.lake_version)
    if facts.settlement is not None:
        lines = [
            {**dataclasses.asdict(line), "change_yuan": line.change_yuan}
            for line in facts.settlement.lines
        ]
        data["settlement"] = {**dataclasses.asdict(facts.settlement), "lines": lines}
    return data
