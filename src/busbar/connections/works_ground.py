"""What every step of works and commissioning begins with: the application, seen, held, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.access.models import Employee
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    ContractorChoice,
    SchemeAlternative,
    SchemeState,
    SupplyKind,
    SupplyScheme,
)
from busbar.connections.subjects import lock_application
from busbar.kit.errors import Listing, Refusal
from busbar.network.models import Feeder, Substation
from busbar.supply.models import SourceRole

STANDING_SCHEMES = (SchemeState.REPLIED, SchemeState.STARTED)
LOW_VOLTAGE_KV, USUAL_HIGH_VOLTAGE_KV = Decimal("0.4"), Decimal(10)


@dataclass(frozen=True)
class PlannedSource:
    """A feed of the scheme: main or backup, how much, from which feeder.

    `feeder` is None for an own line still to be entered (专线): then `substation` says from where,
    `bus`, `conductor` and `length_km` what was built.
    """

    feeder: Feeder | None
    role: SourceRole
    voltage_kv: Decimal
    capacity_kva: int
    substation: Substation | None = None
    bus: str = ""
    conductor: str = ""
    length_km: Decimal | None = None


def hold_visible(
    application_id: int, *, by: Viewer, refusal: type[Refusal], states: Iterable[str], what: str
) -> ConnectionApplication:
    """The application, its row held, seen by the viewer and in one of the states; or the refusal.

    `what` names the step in the sentence: "申请 … 现为“方案编制”，办理开工应在“方案已答复”之后".
    """
    if not ConnectionApplication.objects.visible_to(by).filter(pk=application_id).exists():
        raise refusal("该申请不存在，或不在您的管辖范围内")
    return hold(application_id, refusal=refusal, states=states, what=what)


def hold(
    application_id: int, *, refusal: type[Refusal], states: Iterable[str], what: str
) -> ConnectionApplication:
    """As `hold_visible`, where somebody else has proven that he may."""
    application = lock_application(application_id)
    allowed = [ApplicationState(state) for state in states]
    if application.state not in allowed:
        now = ApplicationState(application.state).label
        expected = Listing(f"“{state.label}”" for state in allowed)
        raise refusal(
            "申请 %(number)s 现为“%(now)s”，%(what)s应在%(expected)s时进行",
            number=application.number,
            now=now,
            what=Refusal(what),
            expected=expected,
        )
    return application


def standing_scheme(application: ConnectionApplication) -> SupplyScheme | None:
    """The scheme that was replied to the customer and has not ended."""
    schemes = application.schemes.filter(state__in=STANDING_SCHEMES).select_related("chosen")
    return schemes.order_by("-round").first()


def chosen_alternative(application: ConnectionApplication) -> SchemeAlternative | None:
    """What was decided to build."""
    scheme = standing_scheme(application)
    return scheme.chosen if scheme else None


def supply_voltage_kv(application: ConnectionApplication) -> Decimal:
    """The voltage of the works: as the scheme has it, else as wished, else as usual."""
    chosen = chosen_alternative(application)
    if chosen is not None:
        return chosen.voltage_kv
    if application.wished_voltage_kv is not None:
        return application.wished_voltage_kv
    is_low = application.supply_kind in (SupplyKind.LOW_VOLTAGE, SupplyKind.TEMPORARY)
    return LOW_VOLTAGE_KV if is_low else USUAL_HIGH_VOLTAGE_KV


def planned_sources(alternative: SchemeAlternative) -> list[PlannedSource]:
    """The feeds of an alternative, the main one first; one whose feeder is unknown is left out.

    A tee names its feeder (`line`, `feeder` or `feeder_code`), a dedicated line its `station`.
    """
    feeders = {f.code: f for f in Feeder.objects.filter(code__in=map(_line, alternative.sources))}
    stations = {
        s.code: s for s in Substation.objects.filter(code__in=map(_station, alternative.sources))
    }
    found = []
    for index, source in enumerate(alternative.sources):
        feeder, station = feeders.get(_line(source)), stations.get(_station(source))
        if feeder is None and (_line(source) or station is None):
            continue
        usual = SourceRole.BACKUP if index else SourceRole.MAIN
        length = source.get("new_km")
        found.append(
            PlannedSource(
                feeder=feeder,
                role=SourceRole(source.get("role") or usual),
                voltage_kv=Decimal(str(source.get("voltage_kv") or alternative.voltage_kv)),
                capacity_kva=_whole(source.get("capacity_kva") or alternative.capacity_kva),
                substation=station,
                bus=str(source.get("bus") or ""),
                conductor=str(source.get("conductor") or ""),
                length_km=Decimal(str(length)) if length else None,
            )
        )
    return sorted(found, key=lambda source: source.role != SourceRole.MAIN)


def current_choice(application: ConnectionApplication, role: str) -> ContractorChoice | None:
    """The firm chosen for a role, with the firm."""
    choices = application.contractor_choices.filter(role=role, superseded_at=None)
    return choices.select_related("contractor").first()


def find_employees(
    employee_ids: Sequence[int], *, least: int, refusal: type[Refusal]
) -> list[Employee]:
    """The employees named, at least so many different ones."""
    people = list(Employee.objects.filter(pk__in=set(employee_ids)).order_by("number"))
    if len(people) < len(set(employee_ids)):
        raise refusal("检查人员中有不存在的员工")
    if len(people) < least:
        raise refusal(
            "现场检查人员不应少于 %(least)s 人，现填 %(count)s 人", least=least, count=len(people)
        )
    return people


def names_of(people: Iterable[Any]) -> str:
    """Names in one line."""
    return "、".join(str(person.name) for person in people)


def _line(source: dict[str, Any]) -> str:
    return str(source.get("feeder_code") or source.get("feeder") or source.get("line") or "")


def _station(source: dict[str, Any]) -> str:
    return str(source.get("station") or "")


def _whole(capacity: object) -> int:
    return int(Decimal(str(capacity)))
