"""A county with its departments, the people in them, and the ground data of the room."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from busbar.access import operations as access_operations
from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.forms import ApplicationForm, LoadLine
from busbar.connections.models import ConnectionApplication
from busbar.connections.sent_files import SentFile
from busbar.kit.identifiers import credit_code_check_digit
from tests.imports.world import make_viewer
from tests.worlds import keep

AT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
PDF = b"%PDF-1.7 "
PNG = b"\x89PNG\r\n\x1a\n"

_UNITS = (
    ("31", "东海省电力公司", "province", None),
    ("3101", "临江市供电公司", "city", "31"),
    ("310101", "临江县供电公司", "county", "3101"),
    ("310101S1", "城关供电所", "supply_station", "310101"),
    ("310101MK", "县市场营销部", "marketing", "310101"),
    ("310101DC", "县调度运行中心", "dispatch", "310101"),
    ("310102", "望海县供电公司", "county", "3101"),
)


@dataclass
class House:
    """Units by code and who works in them."""

    units: dict[str, OrganizationUnit]
    station: Viewer
    marketing: Viewer
    dispatch: Viewer
    manager: Viewer
    city_manager: Viewer
    stranger: Viewer
    regulator: Viewer

    @property
    def home(self) -> OrganizationUnit:
        return self.units["310101S1"]

    def submit(self, *, at: dt.datetime = AT, **changes: Any) -> ConnectionApplication:
        return connections_operations.submit_application(
            form=make_form(**changes), unit=self.home, channel="counter", by=self.station, at=at
        )

    def hand_in(
        self, application: ConnectionApplication, *, but: tuple[str, ...] = (), at: dt.datetime = AT
    ) -> None:
        """Every required document handed in and accepted, save some."""
        listed = connections_queries.get_document_list(application)
        for line in listed.lines:
            code = line.requirement.code
            if line.requirement.is_required and code not in but:
                document = self.add(application, code, at=at)
                connections_operations.judge_document(
                    document_id=document.pk, verdict="accepted", by=self.station, at=at
                )

    def add(
        self, application: ConnectionApplication, code: str, *, text: str = "", at: dt.datetime = AT
    ) -> Any:
        return connections_operations.add_document(
            application_id=application.pk,
            requirement_code=code,
            file=SentFile(f"{code}.pdf", PDF + (text or code).encode()),
            by=self.station,
            at=at,
        )

    def accepted(self, *, at: dt.datetime = AT, **changes: Any) -> ConnectionApplication:
        application = self.submit(at=at, **changes)
        self.hand_in(application, at=at)
        return connections_operations.accept_application(
            application_id=application.pk, by=self.station, at=at
        )

    def reviewed(self, *, at: dt.datetime = AT, **changes: Any) -> ConnectionApplication:
        application = self.accepted(at=at, **changes)
        connections_operations.review_application(
            application_id=application.pk, result="passed", by=self.station, at=at
        )
        return application


def credit_code(serial: int) -> str:
    """A valid code, one for each serial."""
    body = f"9131010100{serial:07d}"
    return body + credit_code_check_digit(body)


def make_form(**changes: Any) -> ApplicationForm:
    """A correct form of a new single-source customer, with some fields changed."""
    form = ApplicationForm(
        kind="new",
        supply_kind="hv_single",
        applicant_name="临江特钢有限公司",
        credit_code=credit_code(1),
        customer_kind="industry",
        site_name="特钢一厂",
        address="临江县工业路 1 号",
        contact_name="王经理",
        contact_phone="021-12345678",
        requested_kva=2000,
        wished_voltage_kv=Decimal(10),
        loads=(LoadLine(name="电弧炉", count=2, rated_kw=Decimal(600), is_critical=True),),
    )
    return dataclasses.replace(form, **changes)


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    settings.FILES_ROOT = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def house(ground: None) -> House:
    """The county as it stands before the first application."""
    return keep(_make_house)


def _make_house() -> House:
    from busbar.clocks import operations as clocks_operations

    if hasattr(clocks_operations, "load_time_limits"):
        clocks_operations.load_time_limits(at=AT)
    connections_operations.load_intake_seed(at=AT)
    units: dict[str, OrganizationUnit] = {}
    for code, name, kind, parent in _UNITS:
        units[code] = access_operations.create_unit(
            code=code,
            name=name,
            kind=kind,
            parent=units.get(parent or ""),
            by=SYSTEM_VIEWER,
            at=AT,
        )
    return House(
        units=units,
        station=make_viewer(units["310101S1"], Role.CONNECTION_OFFICER, number="E1"),
        marketing=make_viewer(units["310101MK"], Role.CONNECTION_OFFICER, number="E2"),
        dispatch=make_viewer(units["310101DC"], Role.DISPATCHER, number="E3"),
        manager=make_viewer(units["310101"], Role.MANAGER, number="E4"),
        city_manager=make_viewer(units["3101"], Role.MANAGER, number="E5"),
        stranger=make_viewer(units["310102"], Role.CONNECTION_OFFICER, number="E6"),
        regulator=make_viewer(units["31"], Role.REGULATOR, number="E7"),
    )
