"""Mandates: a company's own version is dated, stricter below the top, ended with a reason (R75)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from busbar.access import operations, queries
from busbar.access.mandating import MandateLimits
from busbar.access.models import Mandate, MandateRung, OrganizationUnit, Role, UnitKind
from busbar.access.operations.mandates import UnableToSetMandate
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.journal.models import Entry
from tests.imports.world import AT, make_units, make_viewer

FROM = dt.date(2026, 4, 1)
HALF = MandateLimits(most_amount_yuan=Decimal(50_000))

pytestmark = pytest.mark.django_db


@pytest.fixture
def units(db: None) -> dict[str, OrganizationUnit]:
    """Province 31, city 3101, counties 310101 and 310102, the mandates as shipped."""
    operations.load_mandates(at=AT)
    return make_units()


@pytest.fixture
def head(units: dict[str, OrganizationUnit]) -> Viewer:
    """The city's head."""
    return make_viewer(units["3101"], Role.MANAGER, number="E9")


def enter(unit: OrganizationUnit, by: Viewer = SYSTEM_VIEWER, **more: Any) -> Mandate:
    """A version of the mandate to have bills reviewed: 50,000 yuan instead of 100,000."""
    asked: dict[str, Any] = {
        "unit": unit, "code": "bill", "limits": HALF, "valid_from": FROM, "reason": "从严管理",
        "source": "临江〔2026〕3号", "by": by, "at": AT,
    }  # fmt: skip
    return operations.set_local_mandate(**{**asked, **more})


def amount(unit: OrganizationUnit, on: dt.date = FROM) -> Decimal | None:
    """How many yuan the mandate reaches to for a unit on a day."""
    rows = queries.list_mandates(on=on, unit_path=unit.path)
    return next(row.most_amount_yuan for row in rows if row.code == "bill")


def refused(text: str, unit: OrganizationUnit, by: Viewer = SYSTEM_VIEWER, **more: Any) -> None:
    """Refused with the text; mandates, rungs and journal stay as they were."""
    before = list(Mandate.objects.values()), MandateRung.objects.count(), Entry.objects.count()
    with pytest.raises(UnableToSetMandate, match=text):
        enter(unit, by, **more)
    after = list(Mandate.objects.values()), MandateRung.objects.count(), Entry.objects.count()
    assert after == before


class TestSetLocalMandate:
    def test_holds_from_its_day_for_the_company_and_all_below(
        self, units: dict[str, OrganizationUnit], head: Viewer
    ) -> None:
        mine = enter(units["3101"], head)

        assert amount(units["3101"], dt.date(2026, 3, 31)) == 100_000
        assert [amount(units[code]) for code in ("31", "3101", "310101")] == [
            100_000, 50_000, 50_000,
        ]  # fmt: skip
        assert (mine.certainty, mine.source, mine.note) == ("local", "临江〔2026〕3号", "从严管理")

    def test_keeps_who_and_what_and_the_ladder(self, units: dict[str, OrganizationUnit]) -> None:
        shipped = Mandate.objects.get(code="bill", unit=None)

        mine = enter(units["3101"])

        fixed = ("order_kind", "holder_role", "department_role", "reply_limit", "work_limit")
        assert [getattr(mine, n) for n in fixed] == [getattr(shipped, n) for n in fixed]
        rungs = ("order", "level", "role", "time_limit")
        assert list(mine.rungs.order_by("order").values(*rungs)) == list(
            shipped.rungs.order_by("order").values(*rungs)
        )

    def test_is_told_with_before_and_after(
        self, units: dict[str, OrganizationUnit], head: Viewer
    ) -> None:
        mine = enter(units["3101"], head)

        entry = Entry.objects.get(event="access.mandate.set")
        assert (entry.subject_id, entry.reason, entry.actor_name) == (
            mine.pk, "从严管理", "员工E9",
        )  # fmt: skip
        assert entry.changes["most_amount_yuan"] == ["100000.00", "50000"]
        assert entry.changes["valid_from"] == "2026-04-01"

    def test_the_next_version_ends_the_one_before(self, units: dict[str, OrganizationUnit]) -> None:
        first = enter(units["3101"])

        enter(
            units["3101"], valid_from=dt.date(2026, 6, 1),
            limits=MandateLimits(most_amount_yuan=Decimal(20_000)),
        )  # fmt: skip

        first.refresh_from_db()
        assert first.valid_until == dt.date(2026, 6, 1)
        assert amount(units["3101"], dt.date(2026, 5, 31)) == 50_000
        assert amount(units["3101"], dt.date(2026, 6, 1)) == 20_000

    def test_the_top_company_may_be_looser_than_what_ships(
        self, units: dict[str, OrganizationUnit]
    ) -> None:
        enter(units["31"], limits=MandateLimits(most_amount_yuan=Decimal(300_000)))

        assert amount(units["310101"]) == 300_000

    def test_below_it_every_limit_only_tightens(
        self, units: dict[str, OrganizationUnit], head: Viewer
    ) -> None:
        city = units["3101"]
        refused(
            "金额上级限 100000 元，不能放宽到 100000.01 元", city, head,
            limits=MandateLimits(most_amount_yuan=Decimal("100000.01")),
        )  # fmt: skip
        refused("金额上级限 100000 元，不能取消", city, head, limits=MandateLimits())
        refused(
            "上级只限本人客户，不能放宽到其他客户", city, head,
            limits=MandateLimits(Decimal(1), own_customers_only=False),
        )  # fmt: skip

    def test_a_county_keeps_within_its_city(self, units: dict[str, OrganizationUnit]) -> None:
        enter(units["3101"])

        refused(
            "临江市供电公司《", units["310101"],
            limits=MandateLimits(most_amount_yuan=Decimal(60_000)),
        )  # fmt: skip

    def test_says_what_it_lacks(self, units: dict[str, OrganizationUnit]) -> None:
        city = units["3101"]
        refused("须写明理由和依据", city, reason="  ")
        refused("须写明理由和依据", city, source="")
        refused("限额应大于零", city, limits=MandateLimits(most_amount_yuan=Decimal(0)))
        refused("没有生效的授权“flying”；已有：bill、", city, code="flying")

    def test_is_a_company_s_not_a_department_s(self, units: dict[str, OrganizationUnit]) -> None:
        department = operations.create_unit(
            code="3101KA", name="市大客户部", kind=UnitKind.KEY_ACCOUNTS, parent=units["3101"],
            by=SYSTEM_VIEWER, at=AT,
        )  # fmt: skip

        refused("只有省、市、县公司可以另定授权", department)

    def test_is_never_entered_behind_another(self, units: dict[str, OrganizationUnit]) -> None:
        enter(units["3101"])

        refused("2026-04-01 起已另定过", units["3101"])
        refused("2026-04-01 起已另定过", units["3101"], valid_from=dt.date(2026, 3, 1))

    def test_takes_the_permission_and_the_branch(self, units: dict[str, OrganizationUnit]) -> None:
        manager = make_viewer(units["3101"], Role.ACCOUNT_MANAGER, number="E7")
        neighbor = make_viewer(units["310102"], Role.MANAGER, number="E8")
        entries = Entry.objects.count()

        with pytest.raises(NotPermitted, match="维护授权"):
            enter(units["3101"], manager)
        with pytest.raises(NotPermitted, match="不在您管理的范围"):
            enter(units["310101"], neighbor)

        assert not Mandate.objects.exclude(unit=None).exists()
        assert Entry.objects.count() == entries


class TestEndLocalMandate:
    def end(self, mandate: Mandate, until: str = "2026-09-01", reason: str = "回归上级") -> Mandate:
        return operations.end_local_mandate(
            mandate_id=mandate.pk, until=dt.date.fromisoformat(until), reason=reason,
            by=SYSTEM_VIEWER, at=AT,
        )  # fmt: skip

    def test_what_holds_above_holds_again(self, units: dict[str, OrganizationUnit]) -> None:
        self.end(enter(units["3101"]))

        assert amount(units["3101"], dt.date(2026, 8, 31)) == 50_000
        assert amount(units["3101"], dt.date(2026, 9, 1)) == 100_000
        assert Entry.objects.get(event="access.mandate.ended").reason == "回归上级"

    @pytest.mark.parametrize(
        ("until", "reason", "text"),
        [
            ("2026-09-01", " ", "须写明理由"),
            ("2026-04-01", "x", "终止日应在 2026-04-01 之后"),
            ("2026-03-01", "x", "终止日应在 2026-04-01 之后"),
        ],
    )
    def test_is_refused_without_reason_or_before_it_began(
        self, units: dict[str, OrganizationUnit], until: str, reason: str, text: str
    ) -> None:
        mine = enter(units["3101"])
        entries = Entry.objects.count()

        with pytest.raises(UnableToSetMandate, match=text):
            self.end(mine, until, reason)

        mine.refresh_from_db()
        assert mine.valid_until is None
        assert Entry.objects.count() == entries

    def test_never_ends_what_ships(self, units: dict[str, OrganizationUnit]) -> None:
        shipped = Mandate.objects.get(code="bill", unit=None)

        with pytest.raises(UnableToSetMandate, match="没有这项单位另定的授权"):
            self.end(shipped)

        shipped.refresh_from_db()
        assert shipped.valid_until is None
