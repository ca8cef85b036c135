"""What if the thresholds were others: who would enter and leave, and that nothing changes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.journal.models import Entry
from busbar.key_accounts.models import Recognition, RecognitionCriterion
from busbar.key_accounts.queries import simulation as queries
from busbar.key_accounts.simulating import Change, UnableToSimulate
from tests.key_accounts.world import World


def make(world: World) -> None:
    for number, kwh in (("A", 9_000_000), ("B", 6_000_000), ("C", 3_000_000)):
        world.year(world.customer(number), kwh, yuan=kwh * 6 // 10)
    world.year(world.customer("D", unit=world.neighbor), 6_000_000, yuan=3_600_000)


class TestSimulating:
    def test_a_higher_threshold_names_who_would_leave(self, world: World) -> None:
        make(world)
        run = world.evaluate()

        found = queries.simulate_rules(
            SYSTEM_VIEWER, run, changes={"economic-energy": Change(enter_at=Decimal(8_000_000))}
        )

        moved = [(m.customer.number, m.category, m.moved.enters) for m in found.movers]
        assert (found.simulated.now["economic"], found.simulated.then["economic"]) == (3, 1)
        assert [(n, e) for n, c, e in moved if c == "economic"] == [("B", False), ("D", False)]

    def test_a_lower_one_names_who_would_enter(self, world: World) -> None:
        make(world)
        run = world.evaluate()

        found = queries.simulate_rules(
            SYSTEM_VIEWER,
            run,
            changes={
                "economic-energy": Change(enter_at=Decimal(3_000_000)),
                "economic-revenue": Change(enter_at=Decimal(1_800_000)),
            },
        )

        entering = [m.customer.number for m in found.movers if m.category == "economic"]
        assert entering == ["C"]

    def test_changes_nothing(self, world: World) -> None:
        make(world)
        run = world.evaluate()
        before = (
            list(Recognition.objects.order_by("id").values()),
            list(RecognitionCriterion.objects.order_by("id").values()),
            Entry.objects.count(),
        )

        queries.simulate_rules(SYSTEM_VIEWER, run, changes={}, scores={"economic": (10, 5)})

        assert before == (
            list(Recognition.objects.order_by("id").values()),
            list(RecognitionCriterion.objects.order_by("id").values()),
            Entry.objects.count(),
        )

    def test_without_change_nobody_moves(self, world: World) -> None:
        make(world)

        found = queries.simulate_rules(SYSTEM_VIEWER, world.evaluate(), changes={})

        assert found.movers == []
        assert found.simulated.now == found.simulated.then

    def test_counts_only_whom_the_viewer_sees(self, world: World) -> None:
        make(world)
        run = world.evaluate()
        viewer = world.viewer(Role.ACCOUNT_MANAGER, unit=world.neighbor)

        found = queries.simulate_rules(viewer, run, changes={})

        assert found.simulated.now["economic"] == 1

    @pytest.mark.parametrize(
        ("code", "change", "sentence"),
        [
            ("nothing", Change(), "没有这个认定条件"),
            ("economic-energy", Change(Decimal(1), Decimal(2)), "不能高于进入值"),
        ],
    )
    def test_is_refused(self, world: World, code: str, change: Change, sentence: str) -> None:
        make(world)
        run = world.evaluate()

        with pytest.raises(UnableToSimulate, match=sentence):
            queries.simulate_rules(SYSTEM_VIEWER, run, changes={code: change})
