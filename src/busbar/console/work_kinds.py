"""What 今日 is made of: the kinds of things that need a person, their ranks, one thing to do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from django.db import models
from django.utils.translation import gettext_lazy

from busbar.customers.models import Customer

_NEVER = dt.date.max.toordinal()


class Rank(IntEnum):
    """Order of the list: what stops work, then what costs money, then what wants a look."""

    NOW = 0
    MONEY = 1
    LOOK = 2


RANK_WORDS = {
    Rank.NOW: gettext_lazy("先办：已超期、马上到期，或不办就停下来的事，期限早的在前"),
    Rank.MONEY: gettext_lazy("再办：涉及金额的事，金额大的在前"),
    Rank.LOOK: gettext_lazy("留意：还有时间的事，快到期的在前，没有期限的在后"),
}
"""Why a thing stands where it stands in the list."""


class WorkKind(models.TextChoices):
    """The kinds by which the list is narrowed."""

    REFUSED = "refused", gettext_lazy("未能出账")
    DUNNING = "dunning", gettext_lazy("催费")
    DATA = "data", gettext_lazy("数据缺失")
    IMPORTS = "imports", gettext_lazy("导入有误")
    AGREEMENTS = "agreements", gettext_lazy("合同到期")
    SWINGS = "swings", gettext_lazy("电费突变")
    DEMAND = "demand", gettext_lazy("需量偏离")
    POWER_FACTOR = "power_factor", gettext_lazy("功率因数")
    COMPLAINTS = "complaints", gettext_lazy("投诉")
    IMPROVEMENTS = "improvements", gettext_lazy("满意度整改")
    PROMISES = "promises", gettext_lazy("承诺")
    VISITS = "visits", gettext_lazy("走访")
    SERVICES = "services", gettext_lazy("基本业务")
    MEASURES = "measures", gettext_lazy("计划措施")
    FINDINGS = "findings", gettext_lazy("校验发现")
    OUTAGES = "outages", gettext_lazy("停电")
    WARNINGS = "warnings", gettext_lazy("流失预警")
    CALL_BACKS = "call_backs", gettext_lazy("回访")
    SURVEYS = "surveys", gettext_lazy("满意度问卷")
    MODES = "modes", gettext_lazy("基本电费方式")
    SCHEMES = "schemes", gettext_lazy("供电方案到期")
    CHANGES = "changes", gettext_lazy("变更期满")
    CERTIFICATES = "certificates", gettext_lazy("资格到期")


ICONS = {
    WorkKind.REFUSED: "receipt-off",
    WorkKind.DUNNING: "bell-ringing",
    WorkKind.DATA: "chart-dots-2",
    WorkKind.IMPORTS: "file-alert",
    WorkKind.AGREEMENTS: "file-time",
    WorkKind.SWINGS: "trending-up",
    WorkKind.DEMAND: "gauge",
    WorkKind.POWER_FACTOR: "angle",
    WorkKind.COMPLAINTS: "alert-triangle",
    WorkKind.IMPROVEMENTS: "trending-down",
    WorkKind.PROMISES: "hand-stop",
    WorkKind.VISITS: "calendar-event",
    WorkKind.SERVICES: "checklist",
    WorkKind.MEASURES: "list-check",
    WorkKind.FINDINGS: "activity",
    WorkKind.OUTAGES: "plug-off",
    WorkKind.WARNINGS: "user-minus",
    WorkKind.CALL_BACKS: "phone-call",
    WorkKind.SURVEYS: "clipboard-list",
    WorkKind.MODES: "scale",
    WorkKind.SCHEMES: "file-time",
    WorkKind.CHANGES: "player-pause",
    WorkKind.CERTIFICATES: "certificate",
}


@dataclass(frozen=True)
class WorkItem:
    """One thing to do: why, about whom, what it is worth, and the one action.

    `due_on`, or where money is at stake `worth_yuan`, orders the list within its rank; `weight`
    decides among equals.
    `key` is what a list of the kind is read on from: the value it is ordered by, and the id.
    """

    kind: WorkKind
    rank: Rank
    title: str
    reason: str
    action: str
    url: str
    customer: Customer | None = None
    account_number: str = ""
    worth_yuan: Decimal | None = None
    due_on: dt.date | None = None
    weight: Decimal = Decimal(0)
    key: tuple[str, int] = ("", 0)

    @property
    def icon(self) -> str:
        """The kind's icon."""
        return ICONS[self.kind]

    @property
    def rank_words(self) -> str:
        """Why it stands where it stands."""
        return str(RANK_WORDS[self.rank])

    @property
    def tone(self) -> str:
        """Color of the icon."""
        return {Rank.NOW: "is-bad", Rank.MONEY: "is-warn", Rank.LOOK: ""}[self.rank]

    @property
    def order(self) -> tuple[int, int, Decimal]:
        """Sort key: rank, then the earliest due or the dearest, as the rank's words say."""
        worth = -abs(self.worth_yuan or self.weight)
        if self.rank == Rank.MONEY:
            return self.rank, 0, worth
        undated = 0 if self.rank == Rank.NOW else _NEVER
        return self.rank, self.due_on.toordinal() if self.due_on else undated, worth
