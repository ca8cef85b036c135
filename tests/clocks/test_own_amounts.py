"""A clock with an amount of its own: shorter than the rule, and explained like any other."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from tests.clocks.conftest import CLERK, Company, china

from busbar.clocks import operations, queries
from busbar.clocks.models import Clock
from busbar.clocks.operations import UnableToStartClock
from busbar.kit.periods import local_date


class TestAnOwnAmount:
    def start(self, company: Company, amount: str) -> Clock:
        return operations.start_clock(
            code="promise",
            subject=company.subject(),
            actor=CLERK,
            at=china("2025-09-25 09:00"),
            own_amount=Decimal(amount),
        )

    def test_counts_instead_of_the_rule_s(self, company: Company) -> None:
        clock = self.start(company, "3")

        found = queries.explain_clock(clock)
        assert local_date(clock.due_at).isoformat() == "2025-09-29"  # the 28th makes up a holiday
        assert found.limit.amount == 3

    def test_stays_when_the_calendar_is_reckoned_again(self, company: Company) -> None:
        clock = self.start(company, "3")

        assert operations.recalculate_clocks(at=china("2025-09-26 09:00")) == 0
        assert Clock.objects.get().due_at == clock.due_at

    @pytest.mark.parametrize("amount", ["0", "-1", "61"])
    def test_not_within_the_rule_is_refused(self, company: Company, amount: str) -> None:
        with pytest.raises(UnableToStartClock, match="不长于规定"), transaction.atomic():
            self.start(company, amount)
        assert not Clock.objects.exists()


class TestReassigning:
    def test_moves_owner_and_unit_and_leaves_the_time(self, company: Company) -> None:
        clock = operations.start_clock(
            code="promise", subject=company.subject(), actor=CLERK, at=china("2025-09-25 09:00")
        )

        moved = operations.reassign_clock(
            clock_id=clock.pk,
            owner_id=5,
            unit_id=company.station.pk,
            actor=CLERK,
            at=china("2025-09-26 09:00"),
        )

        assert (moved.owner_id, moved.unit_id) == (5, company.station.pk)
        assert moved.due_at == clock.due_at
