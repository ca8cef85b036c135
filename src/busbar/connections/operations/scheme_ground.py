"""What every step of a scheme begins with: the round, seen, held with its application, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    SchemeState,
    SupplyScheme,
)
from busbar.connections.subjects import lock_application
from busbar.kit.errors import Listing, Refusal


def lock_scheme(
    scheme_id: int,
    *,
    by: Viewer,
    refusal: type[Refusal],
    states: Iterable[SchemeState],
    what: str,
) -> SupplyScheme:
    """The round in one of the states, its application held until the transaction ends.

    Every change of a scheme holds the application first, so rounds and steps cannot cross.
    `what` names the step in the sentence of the refusal.
    """
    seen = SupplyScheme.objects.visible_to(by).filter(pk=scheme_id)
    application_id = seen.values_list("application_id", flat=True).first()
    if application_id is None:
        raise refusal("没有这份供电方案，或不在您的范围之内")
    return hold_scheme(scheme_id, application_id, refusal=refusal, states=states, what=what)


def hold_scheme(
    scheme_id: int,
    application_id: int,
    *,
    refusal: type[Refusal],
    states: Iterable[SchemeState],
    what: str,
) -> SupplyScheme:
    """The same for a round whose visibility was decided in another way."""
    application = lock_application(application_id)
    rows = SupplyScheme.objects.select_related("chosen", "author")
    scheme: SupplyScheme = rows.get(pk=scheme_id)
    scheme.application = application
    allowed = list(states)
    if scheme.state not in allowed:
        expected = Listing(f"“{state.label}”" for state in allowed)
        now = scheme.get_state_display()
        raise refusal(
            "供电方案 %(number)s 现为“%(now)s”，%(what)s应在%(expected)s时进行",
            number=scheme.number,
            now=now,
            what=Refusal(what),
            expected=expected,
        )
    return scheme


def require_state(
    application: ConnectionApplication,
    states: Iterable[ApplicationState],
    *,
    refusal: type[Refusal],
    what: str,
) -> None:
    """Refuse where the application has gone another way (withdrawn, lapsed)."""
    allowed = list(states)
    if application.state not in allowed:
        now = application.get_state_display()
        expected = Listing(f"“{state.label}”" for state in allowed)
        raise refusal(
            "申请 %(number)s 现为“%(now)s”，%(what)s应在%(expected)s时进行",
            number=application.number,
            now=now,
            what=Refusal(what),
            expected=expected,
        )


def write(scheme: SupplyScheme, **values: Any) -> None:
    """Set and store the named fields."""
    for name, value in values.items():
        setattr(scheme, name, value)
    scheme.save(update_fields=list(values))


def changes_of(scheme: SupplyScheme, **more: Any) -> Mapping[str, Any]:
    """What the journal says of a round."""
    return {"scheme": scheme.number, "round": scheme.round, "state": scheme.state, **more}
