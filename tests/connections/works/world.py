"""An application on its way, and the steps that bring it further, each with plain facts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.connections import operations as connections_operations
from busbar.connections.models import (
    ApplicationDocument,
    ApplicationState,
    ConnectionApplication,
    Contractor,
    DocumentRequirement,
    Inspection,
    SchemeAlternative,
    SupplyScheme,
)
from busbar.connections.operations import (
    AgreementTerms,
    AsBuilt,
    FittedMeter,
    InspectionOutcome,
    PlannedPoint,
    SeenFinding,
    Switching,
)
from busbar.connections.sent_files import SentFile
from busbar.customers.models import Customer, CustomerKind
from busbar.kit.identifiers import credit_code_check_digit
from busbar.kit.periods import CHINA
from busbar.network.models import Feeder, Substation
from tests.billing import world as billing_world
from tests.imports.world import make_viewer
from tests.worlds import kept

PDF = SentFile("报告.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
PHOTO = SentFile("照片.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 photo")
FORMS = ("竣工图", "试验报告")


def at(day: str, hour: int = 10) -> dt.datetime:
    """A moment in China."""
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=CHINA)


def credit_code(serial: int) -> str:
    """A valid code of our own making."""
    body = f"9111010855{serial:07d}"
    return body + credit_code_check_digit(body)


@dataclass
class World:
    """Where the tests stand."""

    county: OrganizationUnit
    customer: Customer
    application: ConnectionApplication
    scheme: SupplyScheme
    inspectors: list[Employee]
    officer: Viewer

    def fresh(self) -> ConnectionApplication:
        """The application as it stands."""
        return ConnectionApplication.objects.get(pk=self.application.pk)


@kept
def make_world(**facts: Any) -> World:
    """A replied application of 800 kVA at 10 kV, single source, in the county of the bills."""
    connections_operations.load_works_seed(at=at("2025-09-01"))
    billing_world.make_tariff()
    county = billing_world.make_county()
    customer = Customer.objects.create(
        number="C900", name="东海轴承厂", kind=CustomerKind.INDUSTRY, unit=county
    )
    station = Substation.objects.create(
        code="SS1", name="临江变", unit=county, voltage_kv=110, capacity_kva=63000
    )
    for code in ("F1", "F2"):
        Feeder.objects.create(
            code=code, name=f"{code}线", substation=station, voltage_kv=10, capacity_kva=8000
        )
    application = make_application(county, customer, **facts)
    officer = make_viewer(county, Role.CONNECTION_OFFICER, number="E1")
    seconds = [make_viewer(county, Role.SAFETY_INSPECTOR, number=n) for n in ("E2", "E3")]
    return World(
        county=county,
        customer=customer,
        application=application,
        scheme=make_scheme(application),
        inspectors=[Employee.objects.get(pk=viewer.employee_id) for viewer in seconds],
        officer=officer,
    )


def make_application(
    county: OrganizationUnit, customer: Customer, **facts: Any
) -> ConnectionApplication:
    """Accepted and replied to; `facts` over the usual ones."""
    usual = {
        "number": f"C-250901-{ConnectionApplication.objects.count() + 1:04d}",
        "kind": "new",
        "supply_kind": "hv_single",
        "state": ApplicationState.REPLIED,
        "stage": 4,
        "unit": county,
        "customer": customer,
        "channel": "counter",
        "applicant_name": customer.name,
        "customer_kind": customer.kind,
        "site_name": "轴承厂",
        "address": "工业路9号",
        "contact_name": "王工",
        "contact_phone": "13800000000",
        "requested_kva": 800,
        "query_code": "ABCDEFGH23",
        "submitted_at": at("2025-09-01"),
        "accepted_at": at("2025-09-01"),
    }
    return ConnectionApplication.objects.create(**{**usual, **facts})


def make_scheme(
    application: ConnectionApplication, sources: list[dict[str, Any]] | None = None
) -> SupplyScheme:
    """Replied on 20 September 2025, good for a year."""
    scheme = SupplyScheme.objects.create(
        application=application,
        number=f"FA-{application.pk}",
        round=1,
        state="replied",
        author_name="方案员",
        replied_at=at("2025-09-20"),
        valid_from=dt.date(2025, 9, 20),
        first_valid_until=dt.date(2026, 9, 21),
        valid_until=dt.date(2026, 9, 21),
        created_at=at("2025-09-02"),
    )
    scheme.chosen = SchemeAlternative.objects.create(
        scheme=scheme,
        ordinal=1,
        name="单电源T接",
        sources=sources or [{"way": "tee", "station": "SS1", "line": "F1"}],
        voltage_kv=10,
        capacity_kva=application.requested_kva,
        investment_yuan=500000,
    )
    scheme.save()
    return scheme


def make_firm(
    serial: int,
    kind: str,
    grade: str,
    *,
    until: dt.date = dt.date(2030, 1, 1),
    name: str = "",
) -> Contractor:
    """A firm with one certificate from 2021 on."""
    firm = connections_operations.register_contractor(
        code=f"D{serial:03d}",
        name=name or f"单位{serial}",
        credit_code=credit_code(serial),
        by=SYSTEM_VIEWER,
        at=at("2025-09-01"),
    )
    connections_operations.grant_qualification(
        contractor_id=firm.pk,
        kind=kind,
        grade=grade,
        certificate_number=f"证{serial:04d}",
        valid_from=dt.date(2021, 1, 1),
        valid_until=until,
        by=SYSTEM_VIEWER,
        at=at("2025-09-01"),
    )
    return firm


def choose(world: World, role: str, firm: Contractor, day: str = "2025-09-25") -> Any:
    """The customer chooses by its query code."""
    return connections_operations.choose_contractor(
        application_id=world.application.pk,
        role=role,
        contractor_id=firm.pk,
        chosen_by="王工",
        free_choice_confirmed=True,
        query_code="ABCDEFGH23",
        by=Viewer(None, None, "东海轴承厂", ""),
        at=at(day),
    )


def pass_design(world: World) -> None:
    """A designer chosen, one round, passed."""
    choose(world, "design", make_firm(1, "design", "丙级"))
    review = connections_operations.submit_design(
        application_id=world.application.pk,
        title="10kV配电工程施工图",
        submitted_by="设计院",
        files=[PDF],
        by=SYSTEM_VIEWER,
        at=at("2025-10-08"),
    )
    connections_operations.review_design(
        review_id=review.pk,
        verdict="passed",
        opinion="同意",
        by=SYSTEM_VIEWER,
        at=at("2025-10-12"),
    )


def start_works(world: World) -> None:
    """Design passed, a builder chosen, works begun on 15 October."""
    pass_design(world)
    choose(world, "construction", make_firm(2, "installation", "四级"))
    connections_operations.report_work_start(
        application_id=world.application.pk,
        started_on=dt.date(2025, 10, 15),
        supervisor_name="李工",
        supervisor_phone="13900000000",
        by=SYSTEM_VIEWER,
        at=at("2025-10-15"),
    )


def request(world: World, kind: str, day: str) -> Inspection:
    """An inspection asked for."""
    return connections_operations.request_inspection(
        application_id=world.application.pk,
        kind=kind,
        requested_by="王工",
        part="接地网" if kind == "interim" else "",
        by=SYSTEM_VIEWER,
        at=at(day, 9),
    )


def finding(severity: str = "severe", rectify_by: str = "2025-11-10") -> SeenFinding:
    """A bad joint in the grounding grid."""
    return SeenFinding(
        severity=severity,
        clause="GB 50169 第4.3条",
        description="接地扁钢搭接长度不足",
        rectify_by=dt.date.fromisoformat(rectify_by),
        photos=[PHOTO],
    )


def outcome(world: World, day: str, **facts: Any) -> InspectionOutcome:
    """Two inspectors, an opinion; `facts` over them."""
    usual = {
        "inspector_ids": [person.pk for person in world.inspectors],
        "held_at": at(day, 14),
        "opinion": "见意见书",
    }
    return InspectionOutcome(**{**usual, **facts})


def hold(inspection: Inspection, result: InspectionOutcome, day: str) -> Inspection:
    """The inspection held and entered the same day."""
    return connections_operations.hold_inspection(
        inspection_id=inspection.pk, outcome=result, by=SYSTEM_VIEWER, at=at(day, 17)
    )


def good_values() -> dict[str, Decimal]:
    """What the tests of a high-voltage supply should read."""
    return {
        "test.grounding_resistance": Decimal("2.1"),
        "test.insulation": Decimal(2500),
        "test.relay": Decimal(3),
    }


def ask_for_papers() -> None:
    """A completion list of two papers."""
    for position, name in enumerate(FORMS):
        DocumentRequirement.objects.create(
            code=f"completion.{position}",
            phase="completion",
            name=name,
            position=position,
            valid_from=dt.date(2020, 1, 1),
            source="测试",
            certainty="local",
        )


def hand_in(world: World, name: str) -> None:
    """One paper handed in and found good."""
    requirement = DocumentRequirement.objects.get(name=name)
    ApplicationDocument.objects.create(
        application=world.application,
        requirement=requirement,
        phase="completion",
        title=name,
        file_name=f"{name}.pdf",
        content_type="application/pdf",
        sha256=f"{requirement.pk:064d}",
        size_bytes=10,
        uploaded_at=at("2025-11-18"),
        uploaded_by="王工",
        verdict="accepted",
        judged_at=at("2025-11-18"),
        judged_by="业扩专责",
    )


def complete(world: World) -> Any:
    """The report on 20 November with one transformer."""
    return connections_operations.report_completion(
        application_id=world.application.pk,
        finished_on=dt.date(2025, 11, 18),
        reported_by="王工",
        report=[PDF],
        transformers=[AsBuilt("1#", 800, "S13-800/10")],
        by=SYSTEM_VIEWER,
        at=at("2025-11-20"),
    )


def pass_completion(world: World, day: str = "2025-11-25") -> Inspection:
    """The last inspection, passed."""
    asked = request(world, "completion", day)
    return hold(asked, outcome(world, day, measured=good_values()), day)


def reach_passed(world: World) -> None:
    """Built and accepted; no papers asked for."""
    start_works(world)
    complete(world)
    pass_completion(world)


TERMS = AgreementTerms("TWO-PART", "industry_two_part", "capacity", power_factor_standard="0.90")


def sign(world: World, terms: AgreementTerms = TERMS) -> None:
    """Drafted and signed on 26 November."""
    connections_operations.draft_agreement(
        application_id=world.application.pk, terms=terms, by=SYSTEM_VIEWER, at=at("2025-11-26")
    )
    connections_operations.sign_supply_agreement(
        application_id=world.application.pk,
        signed_on=dt.date(2025, 11, 26),
        customer_signatory="王总",
        company_signatory="赵经理",
        files=[PDF],
        by=SYSTEM_VIEWER,
        at=at("2025-11-26", 15),
    )


def plan(world: World, point: str = "") -> Any:
    """One point at high voltage, CT 50/5, PT 10000/100."""
    return connections_operations.plan_metering(
        application_id=world.application.pk,
        points=[
            PlannedPoint(
                name="总表",
                metering_side="high",
                voltage_kv=Decimal(10),
                ct_ratio=Decimal(10),
                pt_ratio=Decimal(100),
                accuracy_class="0.5S",
                usage_point_number=point,
            )
        ],
        by=SYSTEM_VIEWER,
        at=at("2025-11-26"),
    )[0]


def meter(serial: str = "M900", **facts: Any) -> FittedMeter:
    """A sealed meter at nought."""
    usual = {
        "serial": serial,
        "ct_ratio": Decimal(10),
        "pt_ratio": Decimal(100),
        "seals": ["F001", "F002"],
        "start_registers": {"正向有功总": Decimal("0.00")},
        "fitted_on": dt.date(2025, 11, 28),
        "fitted_by": "钱师傅",
    }
    return FittedMeter(**{**usual, **facts})


def fit(plan_id: int, fitted: FittedMeter | None = None) -> Any:
    """The meter hung on 28 November."""
    return connections_operations.fit_meter(
        plan_id=plan_id, meter=fitted or meter(), by=SYSTEM_VIEWER, at=at("2025-11-28")
    )


def switching(permit: str = "SD-1", **facts: Any) -> Switching:
    """Switched on 1 December at ten."""
    usual = {
        "permit_number": permit,
        "switched_at": at("2025-12-01"),
        "operator": "孙师傅",
        "supervisor": "周师傅",
    }
    return Switching(**{**usual, **facts})


def energize(world: World, permit: str = "SD-1", by: Viewer = SYSTEM_VIEWER) -> Any:
    """The supply switched on."""
    return connections_operations.energize_supply(
        application_id=world.application.pk,
        switching=switching(permit),
        by=by,
        at=at("2025-12-01", 12),
    )


def reach_energized(world: World) -> Any:
    """The whole way to a live supply."""
    reach_passed(world)
    sign(world)
    fit(plan(world).pk)
    return energize(world)
