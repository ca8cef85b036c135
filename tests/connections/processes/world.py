"""A company with every department, its people, and an application led through its process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import operations as clocks_operations
from busbar.connections import operations as connections_operations
from busbar.connections.forms import ApplicationForm, LoadLine
from busbar.connections.models import ConnectionApplication, DocumentPhase, SupplyScheme
from busbar.connections.queries import get_document_list
from busbar.connections.scheme_facts import Assumptions, Way
from busbar.connections.sent_files import SentFile
from busbar.connections.subjects import application_facts, application_subject
from busbar.kit.periods import CHINA
from busbar.network import operations as network_operations
from busbar.network.models import ConductorType, Feeder, Substation, SubstationTransformer
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import ProcessInstance, TaskState, UserTask
from busbar.workflow.operations import FileUpload
from tests.billing import world as billing_world
from tests.connections.works.world import credit_code
from tests.shelf import lay
from tests.worlds import kept

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 photo"
PAYEE = "6222000011112222"
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

UNITS = (
    ("31", "东海省电力公司", "province", None),
    ("3101", "临江市供电公司", "city", "31"),
    ("3101MK", "临江市场营销部", "marketing", "3101"),
    ("3101PL", "临江生产计划部", "planning", "3101"),
    ("3101DC", "临江调度运行中心", "dispatch", "3101"),
    ("3101SF", "临江安全监察部", "safety", "3101"),
    ("3101MT", "临江计量中心", "metering", "3101"),
    ("3101SC", "临江客户服务中心", "service_center", "3101"),
    ("310101", "临江县供电公司", "county", "3101"),
    ("310101S1", "城关供电所", "supply_station", "310101"),
)
STAFF = {
    "station": ("310101S1", Role.CONNECTION_OFFICER),
    "marketing": ("3101MK", Role.CONNECTION_OFFICER),
    "colleague": ("3101MK", Role.CONNECTION_OFFICER),
    "planning": ("3101PL", Role.PLANNER),
    "dispatch": ("3101DC", Role.DISPATCHER),
    "safety": ("3101SF", Role.SAFETY_INSPECTOR),
    "manager": ("3101", Role.MANAGER),
    "metering": ("3101MT", Role.METERING_ENGINEER),
    "service": ("3101SC", Role.SERVICE_AGENT),
    "cashier": ("3101", Role.BILLING_CLERK),
}


def at(day: str, hour: int = 10) -> dt.datetime:
    """A moment in China."""
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=CHINA)


@kept
def load_ground(when: dt.datetime) -> None:
    """What `busbar migrate` loads beside the ground fixture."""
    lay(clocks_operations.load_time_limits)
    connections_operations.load_intake_seed(at=when)
    connections_operations.load_works_seed(at=when)
    connections_operations.load_charge_items(at=when)
    connections_operations.load_unit_costs(at=when)
    network_operations.load_conductor_types(at=when)
    connections_operations.changes.load_change_rules(at=when)
    lay(workflow_operations.load_shipped_processes)


@dataclass
class Company:
    """Units by code, people by the part they play."""

    units: dict[str, OrganizationUnit] = field(default_factory=dict)
    people: dict[str, Viewer] = field(default_factory=dict)

    def number(self, part: str) -> str:
        """The employee number of a part."""
        return f"E{list(STAFF).index(part) + 1:03d}"


@kept
def make_company(when: dt.datetime) -> Company:
    """Every department of a city, one person in each; two in marketing."""
    company = Company()
    for code, name, kind, parent in UNITS:
        company.units[code] = access_operations.create_unit(
            code=code,
            name=name,
            kind=kind,
            parent=company.units[parent] if parent else None,
            by=SYSTEM_VIEWER,
            at=when,
        )
    for part, (unit, role) in STAFF.items():
        hired = access_operations.hire_employee(
            username=part,
            number=company.number(part),
            name=f"{part}员",
            unit=company.units[unit],
            roles=[role],
            password="Busbar-tests-2026",
            by=SYSTEM_VIEWER,
            at=when,
        )
        company.people[part] = access_queries.get_viewer(hired.employee.user)
    return company


@dataclass
class Connection:
    """One application and the process that leads it."""

    company: Company
    application: ConnectionApplication
    process: ProcessInstance

    def fresh(self) -> ConnectionApplication:
        """The application as it stands."""
        return ConnectionApplication.objects.get(pk=self.application.pk)

    def task(self, element: str) -> UserTask:
        """The open task of an element."""
        return self.process.tasks.get(
            element=element, state__in=(TaskState.OPEN, TaskState.CLAIMED)
        )

    def open_elements(self) -> set[str]:
        """Elements with a task that waits for somebody."""
        waiting = self.process.tasks.filter(state__in=(TaskState.OPEN, TaskState.CLAIMED))
        return set(waiting.values_list("element", flat=True))

    def do(
        self,
        element: str,
        person: str,
        day: str,
        /,
        *,
        files: Sequence[tuple[str, str, bytes]] = (),
        hour: int = 10,
        **data: Any,
    ) -> UserTask:
        """Somebody completes the open task of an element."""
        return workflow_operations.complete_task(
            task_id=self.task(element).pk,
            data=data,
            files=[FileUpload(name, file_name, [content]) for name, file_name, content in files],
            viewer=self.company.people[person],
            at=at(day, hour),
        )

    def hand_in_documents(self, phase: DocumentPhase, part: str, day: str) -> None:
        """Everything that the list of the phase still misses, found good."""
        person = self.company.people[part]
        for line in get_document_list(self.fresh(), phase).missing:
            document = connections_operations.add_document(
                application_id=self.application.pk,
                file=SentFile(f"{line.requirement.code}.pdf", PDF + line.requirement.code.encode()),
                requirement_code=line.requirement.code,
                phase=phase,
                by=person,
                at=at(day, 9),
            )
            connections_operations.judge_document(
                document_id=document.pk, verdict="accepted", reason="", by=person, at=at(day, 9)
            )

    def study_scheme(self, day: str) -> SupplyScheme:
        """The officer has the alternatives computed and chooses the recommended one."""
        officer = self.company.people["marketing"]
        scheme = connections_operations.study_alternatives(
            application_id=self.application.pk,
            assumptions=ASSUMPTIONS,
            by=officer,
            at=at(day, 8),
        )
        best = scheme.alternatives.get(ordinal=scheme.comparison["recommended"])
        return connections_operations.choose_alternative(
            alternative_id=best.pk, reason="综合得分最高", by=officer, at=at(day, 9)
        )


def form(**facts: Any) -> ApplicationForm:
    """A bearing works of 800 kVA at 10 kV."""
    usual: dict[str, Any] = {
        "kind": "new",
        "supply_kind": "hv_single",
        "applicant_name": "东海轴承厂",
        "credit_code": credit_code(1),
        "customer_kind": "industry",
        "site_name": "轴承厂",
        "address": "工业路9号",
        "contact_name": "王工",
        "contact_phone": "13800000000",
        "requested_kva": 800,
        "wished_voltage_kv": Decimal(10),
        "loads": [
            LoadLine(
                name="机床",
                count=40,
                rated_kw=Decimal(20),
                demand_factor=Decimal("0.7"),
                power_factor=Decimal("0.8"),
            )
        ],
    }
    return ApplicationForm(**{**usual, **facts})


def make_network(unit: OrganizationUnit) -> None:
    """Two substations of two bus sections, four feeders."""
    conductor = ConductorType.objects.get(code="LGJ-240")
    for s in (1, 2):
        station = Substation.objects.create(
            code=f"SS{s}", name=f"{s}号变", unit=unit, voltage_kv=110, capacity_kva=100_000,
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


@kept
def make_connection(
    key: str = "connection_high_voltage", *, day: str = "2025-03-03", **facts: Any
) -> Connection:
    """An application handed in at the counter of the station, its process begun."""
    before = at("2025-01-02")
    load_ground(before)
    billing_world.make_tariff()
    company = make_company(before)
    make_network(company.units["310101"])
    connections_operations.open_payee_account(
        number=PAYEE,
        name="临江市供电公司",
        bank="工商银行临江支行",
        unit_id=company.units["3101"].pk,
        valid_from=dt.date(2024, 1, 1),
        by=SYSTEM_VIEWER,
        at=before,
    )
    clerk = company.people["station"]
    application = connections_operations.submit_application(
        form=form(**facts),
        unit=company.units["310101S1"],
        channel="counter",
        by=clerk,
        at=at(day, 9),
    )
    process = workflow_operations.start_process(
        key=key,
        subject=application_subject(application),
        facts=application_facts(application),
        actor=clerk.actor,
        at=at(day, 9),
    )
    return Connection(company, application, process)
