"""The fictitious power company: province, three cities, nine counties, departments, staff."""

from __future__ import annotations

from busbar.demo.names import Place, parts, person_name, phone, places
from busbar.demo.parameters import Parameters
from busbar.demo.values import Staff, Unit

PROVINCE = "LC00"
REGULATOR = "regulator"
ADMINISTRATOR = "admin"

_DEPARTMENTS = (
    ("KA", "大客户部", "key_accounts"),
    ("SC", "客户服务中心", "service_center"),
    ("MK", "市场营销部", "marketing"),
    ("PL", "生产计划部", "planning"),
    ("DC", "调度运行中心", "dispatch"),
    ("SF", "安全监察部", "safety"),
    ("MT", "计量中心", "metering"),
)
_CITY_DEPARTMENTS = ("KA", "SC", "MK", "PL", "DC", "SF", "MT")
_STATIONS = ("城关供电所", "城东供电所")

_PROVINCE_STAFF = (
    (ADMINISTRATOR, "", ("administrator",)),
    ("province", "", ("manager",)),
    (REGULATOR, "", ("regulator",)),
    ("province_ka1", "KA", ("account_manager",)),
    ("province_ka2", "KA", ("account_manager",)),
    ("province_service", "SC", ("service_agent",)),
    ("province_billing", "MK", ("billing_clerk", "accountant")),
    ("province_dispatch", "DC", ("dispatcher",)),
    ("province_safety", "SF", ("safety_inspector",)),
    ("province_metering", "MT", ("metering_engineer",)),
)
_CITY_STAFF = (
    ("", "", ("manager",)),
    ("_ka1", "KA", ("account_manager",)),
    ("_ka2", "KA", ("account_manager",)),
    ("_connection", "MK", ("connection_officer",)),
    ("_billing", "MK", ("billing_clerk",)),
    ("_metering", "MT", ("metering_engineer",)),
)
_CITY_WORKS_STAFF = (
    ("_connection2", "MK", ("connection_officer",)),
    ("_cashier", "", ("billing_clerk", "cashier")),
    ("_planning", "PL", ("planner",)),
    ("_dispatch", "DC", ("dispatcher",)),
    ("_safety", "SF", ("safety_inspector",)),
    ("_safety2", "SF", ("safety_inspector",)),
    ("_service", "SC", ("service_agent",)),
)
"""Who countersigns, inspects, collects fees and registers besides; the second connection officer
signs the schemes that the first one draws up."""
_COUNTY_STAFF = (
    ("", "", ("manager",)),
    ("_ka1", "KA", ("account_manager",)),
    ("_ka2", "KA", ("account_manager", "service_agent")),
)
_STATION_ROLES = ("connection_officer",)


def city_code(city: int) -> str:
    """Unit code of a city company."""
    return f"LC{city + 1}0"


def county_code(place: Place) -> str:
    """Unit code of a county company."""
    return f"LC{place.city + 1}{place.county % 3 + 1}"


def station_code(place: Place, serial: int) -> str:
    """Unit code of one of the county's supply stations."""
    return f"{county_code(place)}S{serial % len(_STATIONS) + 1}"


def key_accounts_code(unit: str) -> str:
    """Unit code of a company's key-accounts department."""
    return f"{unit}KA"


def build_units() -> tuple[Unit, ...]:
    """The tree, parents before children."""
    name = parts()["province"]
    units = [Unit(PROVINCE, f"{name}电力公司", "province", "")]
    units += _departments(PROVINCE, "省公司", [code for code, _, _ in _DEPARTMENTS])
    for city, entry in enumerate(parts()["cities"]):
        units.append(Unit(city_code(city), f"{entry['name']}供电公司", "city", PROVINCE))
        units += _departments(city_code(city), entry["short"], list(_CITY_DEPARTMENTS))
    for place in places():
        units += _county_units(place)
    return tuple(units)


def _county_units(place: Place) -> list[Unit]:
    code = county_code(place)
    units = [Unit(code, f"{place.name}供电公司", "county", city_code(place.city))]
    units += _departments(code, place.short, ["KA"])
    for serial, name in enumerate(_STATIONS):
        units.append(
            Unit(station_code(place, serial), f"{place.short}{name}", "supply_station", code)
        )
    return units


def _departments(parent: str, short: str, codes: list[str]) -> list[Unit]:
    return [
        Unit(f"{parent}{code}", f"{short}{name}", kind, parent)
        for code, name, kind in _DEPARTMENTS
        if code in codes
    ]


def build_staff(parameters: Parameters) -> tuple[Staff, ...]:
    """94 people: every role is held, the three levels have account managers."""
    posts: list[tuple[str, str, str, tuple[str, ...]]] = [
        (PROVINCE, username, unit, roles) for username, unit, roles in _PROVINCE_STAFF
    ]
    for city in range(len(parts()["cities"])):
        posts += [
            (city_code(city), f"city{city + 1}{tail}", unit, roles)
            for tail, unit, roles in _CITY_STAFF
        ]
    for place in places():
        posts += [
            (county_code(place), f"county{place.county + 1}{tail}", unit, roles)
            for tail, unit, roles in _COUNTY_STAFF
        ]
    # New posts come last, so that the numbers of the earlier ones stay what they were.
    for city in range(len(parts()["cities"])):
        posts += [
            (city_code(city), f"city{city + 1}{tail}", unit, roles)
            for tail, unit, roles in _CITY_WORKS_STAFF
        ]
    for place in places():
        posts += [
            (county_code(place), f"county{place.county + 1}_station{n}", f"S{n}", _STATION_ROLES)
            for n in range(1, len(_STATIONS) + 1)
        ]
    draws = parameters.stream("staff")
    return tuple(
        Staff(
            number=f"E{serial:04d}",
            username=username,
            name=person_name(draws),
            unit=f"{company}{department}",
            roles=roles,
            phone=phone(9_000_000 + serial),
        )
        for serial, (company, username, department, roles) in enumerate(posts, 1)
    )


def managers_of(staff: tuple[Staff, ...], unit: str) -> list[Staff]:
    """The account managers of a company's key-accounts department."""
    department = key_accounts_code(unit)
    return [s for s in staff if s.unit == department and "account_manager" in s.roles]
