"""The sheet on paper: A4, as PDF bytes; the same facts give the same bytes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from django.utils.translation import gettext as _

from busbar.billing.explanation import EFFECTS
from busbar.billing.models import Saving
from busbar.key_accounts.visit_sheet.facts import OpenMatter, SheetMonth, VisitSheet
from busbar.key_accounts.visit_sheet.load import SheetLoad
from busbar.kit import paper
from busbar.kit.periods import CHINA

TEMPLATE = Path(__file__).with_name("templates") / "visit_sheet.typ"
_TEN_THOUSAND = Decimal(10_000)


def render_visit_sheet(
    sheet: VisitSheet, load: SheetLoad | None, *, say: Callable[[Saving], str]
) -> bytes:
    """走访随行册; `say` puts into words what is to be done for a saving."""
    data = sheet_data(sheet, say=say) | {"load": load_data(load) if load else None}
    return paper.render_pdf(TEMPLATE, data, made_at=sheet.at)


def sheet_data(sheet: VisitSheet, *, say: Callable[[Saving], str]) -> dict[str, object]:
    """What the template reads."""
    customer = sheet.customer
    return {
        "company": sheet.company,
        "name": customer.name,
        "number": customer.number,
        "made_at": sheet.at.astimezone(CHINA),
        "is_whole": sheet.is_whole,
        "head": [
            ("类别", "、".join((str(customer.get_kind_display()), *sheet.standing))),
            ("重要性", str(customer.get_importance_display())),
            ("管理单位", customer.unit.name),
            ("客户团队", "，".join(f"{role} {name}" for role, name in sheet.team)),
            ("户号", f"{sheet.accounts} 个在用，{sheet.capacity_kva or 0:,} kVA"),
            ("满意度", _score(sheet)),
            ("承诺兑现", sheet.kept),
            ("逾期电费", f"{sheet.overdue_yuan:,} 元" if sheet.overdue_yuan else "无"),
            ("地址", customer.address),
        ],
        "contacts": [
            (c.name, c.role, c.phone, "首要" if c.is_primary else "") for c in sheet.contacts
        ],
        "months": [_month(month, sheet.months) for month in sheet.months],
        "year": f"{sheet.year_yuan / _TEN_THOUSAND:,.2f}",
        "peaks": [
            (
                p.account_number,
                f"{p.demand_kw:,.0f}",
                f"{p.contract_kva:,}" if p.contract_kva else "",
                f"{p.at.astimezone(CHINA):%m-%d %H:%M}" if p.at else "",
            )
            for p in sheet.peaks
        ],
        "group": [
            ("　" * g.depth + g.group, g.name, f"{g.amount_yuan:,.2f}" if g.amount_yuan else "")
            for g in sheet.group
        ],
        "outages": [
            (
                f"{o.begun_at.astimezone(CHINA):%Y-%m-%d %H:%M}",
                o.kind,
                f"{o.hours(sheet.at)}",
                o.reason,
            )
            for o in sheet.outages
        ],
        "matters": _matters((*sheet.matters, *sheet.orders, *sheet.measures)),
        "promises": _matters((*sheet.promises, *sheet.complaints)),
        "hazards": _matters(sheet.hazards),
        "savings": [
            (s.account.number, str(s.get_kind_display()), say(s), f"{s.yearly_yuan:,.2f}")
            for s in sheet.savings
        ],
        "worth": f"{sheet.worth_yuan:,.2f}",
        "studied": list(sheet.studied),
    }


def load_data(load: SheetLoad) -> dict[str, object]:
    """The curves in parts of ten thousand of a round top, and what they are in words."""
    top = _round_up(load.peak_kw)
    said = f"{load.peak_at:%Y-%m-%d}，{load.peak_at:%H:%M} 最大 {load.peak_kw:,.0f} kW"
    if load.working_days:
        said += f"；虚线为当月 {load.working_days} 个工作日的平均"
    return {
        "said": said,
        "top": f"{top:,} kW",
        "day": _heights(load.day_kw, top),
        "working": _heights(load.working_kw, top),
    }


def _round_up(peak_kw: float) -> int:
    """The next number of two figures: a scale that can be read.

    >>> _round_up(4922.2), _round_up(4000.0), _round_up(0.0)
    (5000, 4000, 1)
    """
    unit = int(10 ** max(len(str(int(peak_kw))) - 2, 0))
    return max(-(-math.ceil(peak_kw) // unit) * unit, 1)


def _heights(values: Sequence[float | None], top: int) -> list[int | None]:
    return [None if kw is None else round(10_000 * kw / top) for kw in values]


def _score(sheet: VisitSheet) -> str:
    if sheet.satisfaction is None:
        return ""
    score, low, high = sheet.satisfaction
    return f"{score:.1f}（{low:.0f}–{high:.0f}）"


def _month(month: SheetMonth, months: Sequence[SheetMonth]) -> dict[str, str]:
    """A row with the bar's length as a share of the dearest month."""
    most = max((m.amount_yuan for m in months), default=Decimal(0))
    return {
        "month": month.month,
        "energy": f"{month.energy_kwh / _TEN_THOUSAND:,.2f}",
        "amount": f"{month.amount_yuan / _TEN_THOUSAND:,.2f}",
        "price": "" if month.price is None else f"{month.price:.4f}",
        "change": "" if month.change_yuan is None else f"{month.change_yuan:+,.2f}",
        "why": say_effects(month),
        "share": f"{month.amount_yuan / most:.4f}" if most > 0 else "0",
    }


def say_effects(month: SheetMonth, most: int = 3) -> str:
    """The largest movers, in yuan; what is left of the change is named, so that all adds up."""
    moved = [(str(EFFECTS[effect][0]), yuan) for effect, yuan in month.effects.items() if yuan]
    if month.joined_yuan:
        moved.append((_("户号增减"), month.joined_yuan))
    moved.sort(key=lambda pair: -abs(pair[1]))
    said = [f"{name} {yuan:+,.2f}" for name, yuan in moved[:most]]
    rest = sum((yuan for _mover, yuan in moved[most:]), Decimal(0))
    if rest:
        said.append(_("其余") + f" {rest:+,.2f}")
    return "，".join(said)


def _matters(matters: Sequence[OpenMatter]) -> list[tuple[str, str, str, str]]:
    return [(m.title, m.about, m.who, _due(m.due_at, is_late=m.is_late)) for m in matters]


def _due(due_at: dt.datetime | dt.date | None, *, is_late: bool) -> str:
    if due_at is None:
        return ""
    day = due_at.astimezone(CHINA) if isinstance(due_at, dt.datetime) else due_at
    return f"{day:%Y-%m-%d}" + ("（已超期）" if is_late else "")
