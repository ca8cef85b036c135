"""A handover takes along what the giver owes the customer: promises, visits, plans, services."""

from __future__ import annotations

import pytest

from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts.models import AccountPlan
from busbar.service_desk import operations as desk_operations
from busbar.service_desk.models import Interaction, Promise
from tests.key_accounts.managers.test_portfolios import certify, hand
from tests.key_accounts.managers.world import MONDAY, World, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def owing(world: World) -> World:
    """王经理 has a visit planned, a promise open and a plan drafted for K1."""
    manager, owner = world.people["王经理"], world.employee("王经理")
    held = desk_operations.record_interaction(
        customer_number="K1", kind="call", subject="询问停电", happened_at=at(MONDAY, 8),
        minutes="客户问检修安排", owner_id=owner.pk, by=manager, at=at(MONDAY, 9),
    )  # fmt: skip
    desk_operations.make_promise(
        text="答复检修时间", due_days=3, owner_id=owner.pk, made_to="厂长", by=manager,
        at=at(MONDAY, 9), interaction_id=held.pk,
    )  # fmt: skip
    desk_operations.plan_interaction(
        customer_number="K1", subject="年度走访", planned_at=at(MONDAY, 16), owner_id=owner.pk,
        by=manager, at=at(MONDAY, 9),
    )  # fmt: skip
    key_accounts_operations.open_plan(customer_number="K1", year=2026, by=manager, at=at(MONDAY, 9))
    return world


class TestAHandover:
    def test_takes_promises_with_their_clocks_visits_and_plans_along(self, owing: World) -> None:
        taker = owing.employee("李经理")

        certify(owing, "李经理")
        hand(owing)

        promise = Promise.objects.select_related("clock").get()
        assert promise.owner == taker
        assert promise.clock is not None
        assert promise.clock.owner_id == taker.pk
        assert Interaction.objects.get(state="planned").owner == taker
        assert AccountPlan.objects.get().owner == taker

    def test_leaves_what_is_done_with_whoever_did_it(self, owing: World) -> None:
        certify(owing, "李经理")
        hand(owing)

        assert Interaction.objects.get(state="done").owner == owing.employee("王经理")
