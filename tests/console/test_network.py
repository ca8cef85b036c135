"""电网: capacity in use and open, sites fed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from busbar.access.models import OrganizationUnit, Role
from busbar.network.models import Feeder, PublicTransformer, Substation
from busbar.supply.models import PowerSource, UsagePoint
from tests.billing import world
from tests.console.work_region import FOREIGN, OWN, Region, count_queries, make_units

pytestmark = pytest.mark.django_db


@pytest.fixture
def region(db: None) -> Region:
    """Two counties without any network yet."""
    return make_units()


def make_feeder(unit: OrganizationUnit, code: str) -> Feeder:
    """A feeder of 10 MVA with a public transformer of 800 kVA, in a substation of its own."""
    substation = Substation.objects.create(
        code=f"S{code}", name=f"变{code}", unit=unit, voltage_kv=110, capacity_kva=50_000
    )
    feeder = Feeder.objects.create(
        code=code, name=f"线{code}", substation=substation, voltage_kv=10, capacity_kva=10_000
    )
    PublicTransformer.objects.create(code=f"T{code}", name="公变", feeder=feeder, capacity_kva=800)
    return feeder


def feed(point: UsagePoint, feeder: Feeder, kva: int) -> PowerSource:
    """Let the site of the usage point hang on the feeder."""
    return PowerSource.objects.create(
        site=point.site, feeder=feeder, role="main", voltage_kv=Decimal(10), capacity_kva=kva
    )


class TestNetwork:
    def test_counts_what_is_connected_and_what_is_open(self, region: Region) -> None:
        feed(world.make_account(region.county, OWN), make_feeder(region.county, "F1"), 2_000)

        rows = region.client(Role.MANAGER).get("/network/").context["rows"]

        use = rows[0].use
        assert (use.customers_kva, use.transformers_kva, use.open_kva) == (2_000, 800, 47_200)

    def test_leaves_out_substations_of_another_branch(self, region: Region) -> None:
        make_feeder(region.county, "F1")
        make_feeder(region.neighbor, "F2")

        response = region.client(Role.MANAGER).get("/network/")

        assert [row.substation.code for row in response.context["rows"]] == ["SF1"]

    def test_takes_as_many_queries_for_one_substation_as_for_ten(self, region: Region) -> None:
        client = region.client(Role.MANAGER)
        make_feeder(region.county, "F0")
        few = count_queries(client, "/network/")
        for number in range(1, 10):
            make_feeder(region.county, f"F{number}")

        assert count_queries(client, "/network/") == few

    def test_says_what_to_do_where_there_is_nothing(self, region: Region) -> None:
        assert "还没有电网台账" in region.client(Role.MANAGER).get("/network/").content.decode()


class TestFeeder:
    def test_sums_every_customer_but_names_only_those_that_may_be_seen(
        self, region: Region
    ) -> None:
        feeder = make_feeder(region.county, "F1")
        feed(world.make_account(region.county, OWN), feeder, 2_000)
        feed(world.make_account(region.neighbor, FOREIGN), feeder, 3_000)

        response = region.client(Role.MANAGER).get("/network/feeders/F1/")

        assert response.context["use"].open_kva == 4_200
        assert f"客户{OWN}" in response.content.decode()
        assert f"客户{FOREIGN}" not in response.content.decode()

    def test_shows_more_connected_than_rated_as_a_negative(self, region: Region) -> None:
        feeder = make_feeder(region.county, "F1")
        feed(world.make_account(region.county, OWN), feeder, 10_000)

        response = region.client(Role.MANAGER).get("/network/feeders/F1/")

        assert response.context["use"].open_kva == -800
        assert "-800" in response.content.decode()

    def test_does_not_exist_for_another_branch(self, region: Region) -> None:
        make_feeder(region.neighbor, "F2")
        client = region.client(Role.MANAGER)

        assert client.get("/network/feeders/F2/").status_code == 404
        assert client.get("/network/substations/SF2/").status_code == 404

    def test_takes_as_many_queries_for_one_site_as_for_eight(self, region: Region) -> None:
        client, feeder = region.client(Role.MANAGER), make_feeder(region.county, "F1")
        feed(world.make_account(region.county, "3101000010"), feeder, 100)
        few = count_queries(client, "/network/feeders/F1/")
        for number in range(11, 18):
            feed(world.make_account(region.county, f"31010000{number}"), feeder, 100)

        assert count_queries(client, "/network/feeders/F1/") == few
