"""What the forms of our processes offer from the registers, in the order in which it is shown.

About an application a list is empty for whoever does not see it. About a change or an order the
task itself is the gate: a metering team works for stations that are not of its branch.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from busbar.access.models import LEVELS, Employee, OrganizationUnit, Role
from busbar.access.paths import ancestors, branch_end
from busbar.access.permissions import ROLE_PERMISSIONS, Permission
from busbar.connections.models import (
    ChangedTransformer,
    ConnectionApplication,
    ContractorRole,
    InspectionKind,
    MeteringOrder,
)
from busbar.connections.queries.contractors import offer_contractors
from busbar.connections.queries.fees import list_applicable_items
from busbar.connections.queries.works import list_inspection_items
from busbar.connections.works_ground import supply_voltage_kv
from busbar.kit.money import plain
from busbar.kit.periods import local_date
from busbar.metering.models import MeterInstallation
from busbar.network.models import Feeder
from busbar.pricing import queries as pricing_queries
from busbar.supply.models import UsagePoint
from busbar.workflow.registry import Asking

Pairs = Iterable[tuple[str, str]]

_INSPECTING = frozenset(
    role
    for role, permissions in ROLE_PERMISSIONS.items()
    if Permission.INSPECT_WORKS in permissions and role != Role.ADMINISTRATOR
)


def colleagues(asking: Asking) -> Pairs:
    """People of the departments beside the application's unit and above it, by department."""
    return [_person(employee) for employee in _people(asking)]


def inspectors(asking: Asking) -> Pairs:
    """Those of them who may inspect works."""
    return [_person(each) for each in _people(asking) if _INSPECTING.intersection(each.roles)]


def departments(asking: Asking) -> Pairs:
    """The departments beside the application's unit and above it, in the order of the tree."""
    application = _application(asking)
    found = _departments(application) if application else ()
    return [(unit.code, unit.name) for unit in found]


def feeders(asking: Asking) -> Pairs:
    """Lines from stations of the application's company or of a company above it."""
    application = _application(asking)
    if application is None:
        return []
    path = application.unit.path
    above = OrganizationUnit.objects.filter(
        path__in=[*ancestors(path), path], kind__in=LEVELS
    ).values_list("path", flat=True)
    home = max(above, default=path)
    ours = Q(substation__unit__path__gte=home, substation__unit__path__lt=branch_end(home))
    lines = Feeder.objects.filter(ours | Q(substation__unit__path__in=ancestors(home)))
    return [
        (line.code, f"{line.name}（{line.substation.name}，{plain(line.voltage_kv)} 千伏）")
        for line in lines.select_related("substation").order_by("substation__code", "code")
    ]


def charge_items(asking: Asking) -> Pairs:
    """What of the catalogue may be charged for the application today."""
    application = _application(asking)
    if application is None:
        return []
    voltage = supply_voltage_kv(application)
    items = list_applicable_items(application, voltage_kv=voltage, on=local_date(asking.at))
    return [(item.code, f"{item.name}（{_priced(item.price_yuan, item.unit)}）") for item in items]


def designers(asking: Asking) -> Pairs:
    """Firms that may design the works, all of them, in the neutral order (R58)."""
    return _firms(asking, ContractorRole.DESIGN)


def builders(asking: Asking) -> Pairs:
    """Firms that may build the works, all of them, in the neutral order (R58)."""
    return _firms(asking, ContractorRole.CONSTRUCTION)


def completion_tests(asking: Asking) -> Pairs:
    """The tests of the completion inspection, with their units."""
    application = _application(asking)
    if application is None:
        return []
    items = list_inspection_items(
        kind=InspectionKind.COMPLETION,
        supply_kind=application.supply_kind,
        on=local_date(asking.at),
    )
    return [
        (item.code, f"{item.title}（{item.unit}）" if item.unit else item.title)
        for item in items
        if item.is_test
    ]


def tariffs(asking: Asking) -> Pairs:
    """Tariffs in force today, with their categories."""
    found = pricing_queries.list_tariffs(on=local_date(asking.at))
    named = {row.code: f"{row.name}（{row.get_category_display()}）" for row in reversed(found)}
    return sorted(named.items(), key=lambda pair: pair[1])


def account_points(asking: Asking) -> Pairs:
    """The points of the account that is to be increased."""
    application = _application(asking)
    if application is None or application.account is None:
        return []
    points = UsagePoint.objects.filter(account=application.account).order_by("number")
    return [(point.number, f"{point.name}（{point.number}）") for point in points]


def change_transformers(asking: Asking) -> Pairs:
    """The transformers that the change of supply is about."""
    rows = ChangedTransformer.objects.filter(change=asking.instance.subject_id)
    found = [row.transformer for row in rows.select_related("transformer").order_by("pk")]
    return [(each.number, f"{each.number}（{each.capacity_kva} 千伏安）") for each in found]


def standing_meters(asking: Asking) -> Pairs:
    """The meter that hangs at the point of the metering order."""
    order = MeteringOrder.objects.filter(pk=asking.instance.subject_id).values("usage_point")
    rows = MeterInstallation.objects.filter(usage_point__in=order, removed_on=None)
    return [
        (each.meter.serial, " ".join(filter(None, (each.meter.serial, each.meter.model))))
        for each in rows.select_related("meter").order_by("pk")
    ]


def _application(asking: Asking) -> ConnectionApplication | None:
    rows = ConnectionApplication.objects.visible_to(asking.viewer)
    seen = rows.select_related("unit", "account").filter(pk=asking.instance.subject_id)
    found: ConnectionApplication | None = seen.first()
    return found


def _departments(application: ConnectionApplication) -> QuerySet[OrganizationUnit]:
    path = application.unit.path
    units = OrganizationUnit.objects.filter(parent__path__in=ancestors(path), is_active=True)
    return units.exclude(kind__in=LEVELS).order_by("path")


def _people(asking: Asking) -> Iterable[Employee]:
    application = _application(asking)
    if application is None:
        return ()
    people = Employee.objects.filter(unit__in=_departments(application), user__is_active=True)
    return people.select_related("unit").order_by("unit__path", "number")


def _person(employee: Employee) -> tuple[str, str]:
    return employee.number, f"{employee.name}（{employee.unit.name}）"


def _firms(asking: Asking, role: ContractorRole) -> Pairs:
    application = _application(asking)
    if application is None:
        return []
    offer = offer_contractors(application, role=role, on=local_date(asking.at))
    return [(entry.contractor.code, entry.contractor.name) for entry in offer.entries]


def _priced(price: object, unit: str) -> str:
    if price is None:
        return "按核定"
    return f"{plain(price)} 元" + (f"/{unit}" if unit else "")  # type: ignore[arg-type]
