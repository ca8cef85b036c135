"""The scheme designer: registers in, at least three alternatives out, kept with their inputs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from busbar.connections import operations as connections_operations
from busbar.connections.models import DeclaredLoad, SupplyScheme
from busbar.connections.scheme_facts import Assumptions, Way
from busbar.connections.study import UnableToStudy
from busbar.network import operations as network_operations
from busbar.network.models import ConductorType, Feeder, Substation, SubstationTransformer
from tests.billing import world as billing_world
from tests.connections.scheme.world import World, at

ASSUMPTIONS = Assumptions(
    feeders=(
        Way("F11", Decimal("0.8")),
        Way("F12", Decimal("1.2")),
        Way("F21", Decimal("2.5")),
    ),
    substations=(Way("SS1", Decimal(3)), Way("SS2", Decimal(4))),
    region="测试省",
    horizon_years=3,
)


@pytest.fixture
def network(world: World) -> World:
    """Two substations of two bus sections, three feeders, a declared load of 560 kW."""
    billing_world.make_tariff()
    connections_operations.load_unit_costs(at=at("2025-01-02"))
    network_operations.load_conductor_types(at=at("2025-01-02"))
    conductor = ConductorType.objects.get(code="LGJ-240")
    for s in (1, 2):
        station = Substation.objects.create(
            code=f"SS{s}", name=f"{s}号变", unit=world.county, voltage_kv=110, capacity_kva=100_000,
            peak_load_kw=40_000, spare_bays=4,
        )  # fmt: skip
        for bus in (1, 2):
            SubstationTransformer.objects.create(
                code=f"T{s}{bus}", substation=station, bus=str(bus), capacity_kva=50_000,
                low_voltage_kv=10, uk_percent=Decimal("10.5"),
            )  # fmt: skip
            Feeder.objects.create(
                code=f"F{s}{bus}", name=f"{s}{bus}线", substation=station, voltage_kv=10,
                capacity_kva=9000, length_km=5, conductor=conductor, bus=str(bus),
                peak_load_kw=3000, peak_power_factor=Decimal("0.95"),
            )  # fmt: skip
    DeclaredLoad.objects.create(
        application=world.application, name="机床", count=40, rated_kw=Decimal(20),
        demand_factor=Decimal("0.7"), power_factor=Decimal("0.8"),
    )  # fmt: skip
    return world


class TestStudyAlternatives:
    def study(self, world: World, assumptions: Assumptions = ASSUMPTIONS) -> SupplyScheme:
        return connections_operations.study_alternatives(
            application_id=world.application.pk,
            assumptions=assumptions,
            by=world.officer,
            at=at("2025-03-04"),
        )

    def test_three_at_least_with_cost_loading_and_checks(self, network: World) -> None:
        scheme = self.study(network)
        rows = list(scheme.alternatives.order_by("ordinal"))
        assert len(rows) >= 3
        first = rows[0]
        assert first.investment_yuan == sum(Decimal(i["amount_yuan"]) for i in first.investment)
        assert {c["mode"] for c in first.yearly_costs} >= {"capacity", "actual_demand"}
        assert first.loading_percent is not None
        assert first.voltage_deviation_percent is not None
        assert first.construction_days > 0
        assert all(check["clause"] or check["source"] for check in first.checks)
        assert scheme.study_inputs["load"]["equipment"][0]["rated_kw"] == "20.00"
        assert network.fresh().state == "scheme"

    def test_again_in_the_same_draft_takes_their_place(self, network: World) -> None:
        first = self.study(network)
        count = first.alternatives.count()
        second = self.study(network)
        assert (second.pk, second.alternatives.count()) == (first.pk, count)

    def test_an_acceptable_one_can_be_chosen(self, network: World) -> None:
        scheme = self.study(network)
        number = scheme.comparison["recommended"]
        chosen = scheme.alternatives.get(ordinal=number)
        connections_operations.choose_alternative(
            alternative_id=chosen.pk, reason="综合得分最高", by=network.officer, at=at("2025-03-05")
        )
        assert SupplyScheme.objects.get().chosen == chosen

    def test_what_the_register_lacks_is_named(self, network: World) -> None:
        Feeder.objects.filter(code="F12").update(length_km=None)
        with pytest.raises(UnableToStudy, match="F12 缺少长度"):
            self.study(network)
        assert not SupplyScheme.objects.exists()
        assert network.fresh().state == "accepted"
