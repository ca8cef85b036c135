"""A tariff's next version: drafted, checked, adopted by another person, taken back in time."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from busbar.access.models import Employee, OrganizationUnit, UnitKind, User
from busbar.access.permissions import Permission
from busbar.access.visibility import NotPermitted, Viewer
from busbar.journal.models import Entry
from busbar.pricing import operations as pricing_operations
from busbar.pricing.drafts import check_draft
from busbar.pricing.models import (
    DraftState,
    Surcharge,
    Tariff,
    TariffDraft,
    TariffPrice,
    TimeOfUseInterval,
)
from busbar.pricing.operations import (
    TariffValues,
    UnableToAdoptTariff,
    UnableToDraftTariff,
    UnableToWithdrawTariff,
)
from tests.billing import world

pytestmark = pytest.mark.django_db
AT = world.AT
TODAY = dt.date(2026, 2, 1)
MARCH = dt.date(2026, 3, 1)
VALUES = TariffValues(
    valid_from=MARCH,
    prices={"peak": Decimal("1.10"), "flat": Decimal("0.60"), "valley": Decimal("0.25")},
    source="某发改价格〔2026〕1 号",
    certainty="A",
    scheme="TOU-TWO-PART",
    capacity_price=Decimal(31),
    demand_price=Decimal(40),
)


@pytest.fixture
def tariff(db: None) -> Tariff:
    """TWO-PART with a fund of two fen."""
    world.make_surcharge()
    return world.make_tariff()


@pytest.fixture
def clerk(db: None) -> Viewer:
    """Who drafts."""
    return make_viewer("1", Permission.DRAFT_TARIFFS, Permission.ADOPT_TARIFFS)


@pytest.fixture
def manager(db: None) -> Viewer:
    """Who adopts."""
    return make_viewer("2", Permission.ADOPT_TARIFFS)


def make_viewer(number: str, *permissions: Permission) -> Viewer:
    """An employee who may do these."""
    unit, _made = OrganizationUnit.objects.get_or_create(
        code="C", defaults={"name": "县公司", "kind": UnitKind.COUNTY, "path": "000"}
    )
    user = User.objects.create(username=f"u{number}")
    person = Employee.objects.create(user=user, number=number, name=f"员工{number}", unit=unit)
    return Viewer(user.pk, person.pk, person.name, unit.path, frozenset(permissions))


def draft(by: Viewer, values: TariffValues = VALUES) -> TariffDraft:
    return pricing_operations.draft_tariff(
        code="TWO-PART", base_from=world.LONG_AGO, values=values, by=by, at=AT
    )


def sentences(found: TariffDraft) -> list[str]:
    return [("!" if f.is_error else "") + str(f.sentence) for f in check_draft(found, today=TODAY)]


class TestDrafting:
    def test_changes_no_price_and_tells_the_journal(self, tariff: Tariff, clerk: Viewer) -> None:
        made = draft(clerk)

        assert made.state == DraftState.DRAFTED
        assert made.prices == {"peak": "1.1", "flat": "0.6", "valley": "0.25"}
        assert Tariff.objects.count() == 1
        entry = Entry.objects.get(event="pricing.draft.drafted")
        assert entry.changes["capacity_price"] == "31"

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"source": " "}, "出处"),
            ({"certainty": "sure"}, "把握"),
            ({"scheme": "X"}, "没有分时方案 X"),
            ({"prices": {"noon": Decimal(1)}}, "没有时段 noon"),
            ({"prices": {"flat": Decimal("0.1234567")}}, "至多 6 位小数"),
            ({"prices": {"flat": Decimal("NaN")}}, "应小于 1000"),
            ({"surcharges": {"tax": Decimal(1)}}, "没有附加项目 tax"),
        ],
    )
    def test_is_refused_as_a_whole(
        self, tariff: Tariff, clerk: Viewer, change: dict[str, object], sentence: str
    ) -> None:
        with pytest.raises(UnableToDraftTariff, match=sentence):
            draft(clerk, replace(VALUES, **change))

        assert not TariffDraft.objects.exists()
        assert not Entry.objects.exists()

    def test_needs_the_permission(self, tariff: Tariff, manager: Viewer) -> None:
        with pytest.raises(NotPermitted):
            draft(manager)

        assert not TariffDraft.objects.exists()

    def test_of_one_first_day_there_is_one(self, tariff: Tariff, clerk: Viewer) -> None:
        first = draft(clerk)

        with pytest.raises(UnableToDraftTariff, match="已有 2026-03-01 起的拟订"):
            draft(clerk)

        pricing_operations.discard_draft(draft_id=first.pk, reason="写错", by=clerk, at=AT)
        assert draft(clerk).state == DraftState.DRAFTED


class TestChecking:
    def test_finds_only_that_the_rest_of_the_day_is_flat(
        self, tariff: Tariff, clerk: Viewer
    ) -> None:
        assert sentences(draft(clerk)) == ["全天有 12 小时没有写明时段，按平段计"]

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"prices": {"flat": Decimal(1), "peak": Decimal(1)}}, "!分时方案有谷段，没有它的电价"),
            ({"prices": {**VALUES.prices, "sharp": Decimal(2)}}, "分时方案没有尖段，该电价用不上"),
            ({"prices": {**VALUES.prices, "flat": Decimal(-1)}}, "!平段电价为负数"),
            ({"prices": {**VALUES.prices, "flat": Decimal(0)}}, "平段电价为零"),
            (
                {"prices": {**VALUES.prices, "flat": Decimal(6)}},
                "平段电价由 0.6 变为 6，相差十倍以上",
            ),
            ({"demand_price": Decimal(4)}, "需量电价由 40 变为 4，相差十倍以上"),
            ({"capacity_price": None, "demand_price": None}, "!两部制电价应有容量电价或需量电价"),
            ({"scheme": ""}, "!有几个时段电价时应选分时方案；不分时的只填平段电价"),
            ({"valid_from": world.LONG_AGO}, "!2020-01-01 已有一个版本，两个版本不能同日生效"),
            ({"valid_from": dt.date(2019, 1, 1)}, "!生效日期早于该电价的第一个版本"),
            ({"valid_from": dt.date(2026, 2, 15)}, "不在月初生效，当月须分段核算"),
            ({"valid_from": TODAY}, "生效日期不晚于今日，已出账的月份须另行更正账单"),
            (
                {"surcharges": {"fund": Decimal("0.2")}},
                "基金由 0.02 变为 0.2，相差十倍以上",
            ),
        ],
    )  # fmt: skip
    def test_says_what_is_doubtful(
        self, tariff: Tariff, clerk: Viewer, change: dict[str, object], sentence: str
    ) -> None:
        assert sentence in sentences(draft(clerk, replace(VALUES, **change)))

    def test_sees_gaps_and_boundaries_off_the_half_hour(
        self, tariff: Tariff, clerk: Viewer
    ) -> None:
        Tariff.objects.update(valid_until=dt.date(2026, 2, 1))
        TimeOfUseInterval.objects.filter(period="valley").update(end_minute=465)

        found = sentences(draft(clerk))

        assert "!分时时段的起止应在整点或半点" in found
        assert "2026-02-01 至 2026-03-01 前没有电价，其间不能出账" in found


class TestAdopting:
    def test_ends_the_version_before_and_brings_the_surcharges(
        self, tariff: Tariff, clerk: Viewer, manager: Viewer
    ) -> None:
        made = draft(clerk, replace(VALUES, surcharges={"fund": Decimal("0.03")}))

        adopted = pricing_operations.adopt_draft(draft_id=made.pk, by=manager, at=AT)

        old, new = Tariff.objects.order_by("valid_from")
        assert (old.valid_until, new.valid_from, new.valid_until) == (MARCH, MARCH, None)
        assert new.capacity_price == 31
        prices = dict(TariffPrice.objects.filter(tariff=new).values_list("period", "price"))
        assert prices == VALUES.prices
        funds = Surcharge.objects.order_by("valid_from")
        assert [(f.price, f.valid_until) for f in funds] == [
            (Decimal("0.02"), MARCH),
            (Decimal("0.03"), None),
        ]
        assert (adopted.state, adopted.decided_by_name) == (DraftState.ADOPTED, manager.name)
        assert Entry.objects.filter(event="pricing.draft.adopted").count() == 1

    def test_takes_another_person(self, tariff: Tariff, clerk: Viewer) -> None:
        made = draft(clerk)

        with pytest.raises(UnableToAdoptTariff, match="请由另一人批准"):
            pricing_operations.adopt_draft(draft_id=made.pk, by=clerk, at=AT)

        assert Tariff.objects.count() == 1

    def test_is_barred_by_an_error(self, tariff: Tariff, clerk: Viewer, manager: Viewer) -> None:
        made = draft(clerk, replace(VALUES, prices={"flat": Decimal("0.6")}))

        with pytest.raises(UnableToAdoptTariff, match="没有它的电价"):
            pricing_operations.adopt_draft(draft_id=made.pk, by=manager, at=AT)

        assert Tariff.objects.get().valid_until is None
        assert not Entry.objects.filter(event="pricing.draft.adopted").exists()

    def test_happens_once(self, tariff: Tariff, clerk: Viewer, manager: Viewer) -> None:
        made = draft(clerk)
        pricing_operations.adopt_draft(draft_id=made.pk, by=manager, at=AT)

        with pytest.raises(UnableToAdoptTariff, match="只有待批准的"):
            pricing_operations.adopt_draft(draft_id=made.pk, by=manager, at=AT)

        assert Tariff.objects.count() == 2


class TestWithdrawing:
    def test_leaves_prices_as_they_were(
        self, tariff: Tariff, clerk: Viewer, manager: Viewer
    ) -> None:
        made = draft(clerk, replace(VALUES, surcharges={"fund": Decimal("0.03")}))
        before = list(Tariff.objects.values()), list(Surcharge.objects.values())
        pricing_operations.adopt_draft(draft_id=made.pk, by=manager, at=AT)

        pricing_operations.withdraw_draft(draft_id=made.pk, reason="文件作废", by=manager, at=AT)

        assert (list(Tariff.objects.values()), list(Surcharge.objects.values())) == before
        assert TariffPrice.objects.count() == 3
        assert TariffDraft.objects.get().reason == "文件作废"

    @pytest.mark.parametrize(
        ("at", "reason", "sentence"),
        [
            (AT + dt.timedelta(days=40), "晚了", "已生效，不能撤回"),
            (AT, " ", "请写明撤回的原因"),
        ],
    )
    def test_is_refused_too_late_or_without_reason(
        self,
        tariff: Tariff,
        clerk: Viewer,
        manager: Viewer,
        at: dt.datetime,
        reason: str,
        sentence: str,
    ) -> None:
        made = draft(clerk)
        pricing_operations.adopt_draft(draft_id=made.pk, by=manager, at=AT)

        with pytest.raises(UnableToWithdrawTariff, match=sentence):
            pricing_operations.withdraw_draft(draft_id=made.pk, reason=reason, by=manager, at=at)

        assert Tariff.objects.count() == 2
        assert TariffDraft.objects.get().state == DraftState.ADOPTED
