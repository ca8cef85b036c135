"""What a study needs in the network's registers, through the importer and by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from busbar.access.models import OrganizationUnit, UnitKind
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.journal.models import Entry
from busbar.network import operations as network_operations
from busbar.network import queries as network_queries
from busbar.network.conductors import shipped_conductors
from busbar.network.models import (
    ConductorType,
    Feeder,
    FeederTie,
    Substation,
    SubstationTransformer,
)

AT = dt.datetime(2026, 11, 2, 1, tzinfo=dt.UTC)


@pytest.fixture
def unit(db: None) -> OrganizationUnit:
    return OrganizationUnit.objects.create(
        code="U1", name="县公司", kind=UnitKind.COUNTY, path="U1/"
    )


@pytest.fixture
def substation(unit: OrganizationUnit) -> Substation:
    return Substation.objects.create(
        code="SS1", name="临江变", unit=unit, voltage_kv=110, capacity_kva=100_000
    )


FEEDER = {
    "code": "F1",
    "name": "一线",
    "substation": "SS1",
    "voltage_kv": Decimal(10),
    "capacity_kva": 8_000,
}


class TestConductorTypes:
    @pytest.mark.django_db
    def test_come_with_the_product_once(self) -> None:
        first = network_operations.load_conductor_types(at=AT)
        entries = Entry.objects.count()
        second = network_operations.load_conductor_types(at=AT)

        assert first.created == len(shipped_conductors()) == ConductorType.objects.count()
        assert (second.created, second.updated) == (0, 0)
        assert Entry.objects.count() == entries

    @pytest.mark.django_db
    def test_leave_an_offices_own_alone(self) -> None:
        network_operations.load_conductor_types(at=AT)
        ConductorType.objects.filter(code="LGJ-240").update(ampacity_a=600, certainty="local")

        network_operations.load_conductor_types(at=AT)

        assert ConductorType.objects.get(code="LGJ-240").ampacity_a == 600

    @pytest.mark.django_db
    def test_without_impedance_are_refused(self) -> None:
        row = {
            "code": "X", "name": "X", "kind": "cable", "r_ohm_per_km": Decimal(0),
            "x_ohm_per_km": Decimal(1), "ampacity_a": Decimal(1),
        }  # fmt: skip

        outcome = network_operations.store_conductor_types(rows=[row], by=SYSTEM_VIEWER, at=AT)

        assert [(r.field, str(r.expectation)) for r in outcome.rejections] == [
            ("r_ohm_per_km", "应大于 0")
        ]
        assert not ConductorType.objects.exists()

    def test_every_shipped_one_says_where_it_is_from(self) -> None:
        assert all(c.source and c.certainty for c in shipped_conductors().values())


class TestFeeders:
    def test_an_old_file_keeps_what_it_does_not_name(self, substation: Substation) -> None:
        network_operations.load_conductor_types(at=AT)
        full = {**FEEDER, "length_km": Decimal("4.2"), "conductor": "LGJ-240", "bus": "Ⅰ段",
                "peak_load_kw": 3_000, "peak_power_factor": Decimal("0.95")}  # fmt: skip
        network_operations.store_feeders(rows=[full], by=SYSTEM_VIEWER, at=AT)

        again = network_operations.store_feeders(rows=[FEEDER], by=SYSTEM_VIEWER, at=AT)

        assert again.unchanged == 1
        feeder = network_queries.list_feeders(SYSTEM_VIEWER).get()
        assert feeder.conductor is not None
        assert (feeder.conductor.code, feeder.length_km, feeder.peak_load_kw) == (
            "LGJ-240", Decimal("4.200"), 3_000,
        )  # fmt: skip

    def test_a_blank_cell_says_unknown(self, substation: Substation) -> None:
        row = {**FEEDER, "length_km": None, "conductor": None, "bus": None, "peak_load_kw": None}

        network_operations.store_feeders(rows=[row], by=SYSTEM_VIEWER, at=AT)

        feeder = Feeder.objects.get()
        assert (feeder.length_km, feeder.conductor, feeder.bus, feeder.peak_load_kw) == (
            None, None, "", None,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("field_name", "value", "expectation"),
        [
            ("length_km", Decimal(0), "线路长度应大于 0 千米"),
            ("peak_power_factor", Decimal("1.1"), "功率因数应大于 0、不大于 1"),
            ("conductor", "NONE", "没有这个编码的导线型号"),
        ],
    )
    def test_an_impossible_value_is_refused(
        self, substation: Substation, field_name: str, value: object, expectation: str
    ) -> None:
        row = {**FEEDER, field_name: value}

        outcome = network_operations.store_feeders(rows=[row], by=SYSTEM_VIEWER, at=AT)

        assert [str(r.expectation) for r in outcome.rejections] == [expectation]
        assert not Feeder.objects.exists()


class TestTransformersAndTies:
    def rows(self, **changes: object) -> list[dict[str, object]]:
        return [{"code": "L1", "feeder": "F1", "other": "F2", "capacity_kva": 4_000, **changes}]

    def feeders(self) -> None:
        rows = [FEEDER, {**FEEDER, "code": "F2"}]
        network_operations.store_feeders(rows=rows, by=SYSTEM_VIEWER, at=AT)

    def test_a_tie_is_found_from_either_end(self, substation: Substation) -> None:
        self.feeders()
        network_operations.store_feeder_ties(rows=self.rows(), by=SYSTEM_VIEWER, at=AT)

        for feeder in Feeder.objects.all():
            found = network_queries.list_feeder_ties(SYSTEM_VIEWER, feeder_ids=[feeder.pk])
            assert [tie.code for tie in found] == ["L1"]

    def test_a_tie_to_itself_is_refused(self, substation: Substation) -> None:
        self.feeders()

        outcome = network_operations.store_feeder_ties(
            rows=self.rows(other="F1"), by=SYSTEM_VIEWER, at=AT
        )

        assert str(outcome.rejections[0].expectation) == "联络的两端应为不同的馈线"
        assert not FeederTie.objects.exists()

    def test_the_database_refuses_it_too(self, substation: Substation) -> None:
        self.feeders()
        feeder = Feeder.objects.get(code="F1")

        with pytest.raises(IntegrityError), transaction.atomic():
            FeederTie.objects.create(code="L9", feeder=feeder, other=feeder, capacity_kva=1)

    def test_main_transformers_hang_on_their_substation(self, substation: Substation) -> None:
        row = {
            "code": "T1", "substation": "SS1", "bus": "Ⅰ段", "capacity_kva": 50_000,
            "low_voltage_kv": Decimal(10), "uk_percent": Decimal("14"),
        }  # fmt: skip

        network_operations.store_substation_transformers(rows=[row], by=SYSTEM_VIEWER, at=AT)

        found = network_queries.list_substation_transformers(
            SYSTEM_VIEWER, substation_ids=[substation.pk]
        )
        assert [(t.code, t.bus) for t in found] == [("T1", "Ⅰ段")]
        assert SubstationTransformer.objects.count() == 1
