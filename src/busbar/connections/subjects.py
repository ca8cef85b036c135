"""An application as clocks, processes and limits see it; and moving it on its way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from busbar.clocks.subjects import Subject
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    InvolvedUnit,
    SupplyKind,
)
from busbar.journal import operations as journal_operations

APPLICATION = "connections.application"
"""Subject type of an application in the journal, in clocks and in processes."""

HIGH_VOLTAGE_FROM_KV = Decimal(1)
"""Above 1 kV counts as high voltage (GB/T 2900.50: the split of high and low voltage)."""

STAGES: dict[int, Promise | str] = {
    1: _("申请受理"),
    2: _("初审勘察"),
    3: _("供电方案"),
    4: _("答复缴费"),
    5: _("设计施工"),
    6: _("竣工检验"),
    7: _("装表送电"),
}
"""What a customer follows."""


def application_subject(application: ConnectionApplication) -> Subject:
    """The application in the plain values that clocks and workflow keep."""
    return Subject(
        type=APPLICATION,
        id=application.pk,
        label=str(application),
        customer_id=application.customer_id,
        unit_id=application.unit_id,
    )


def application_facts(application: ConnectionApplication) -> dict[str, str | int | bool]:
    """The facts on which time limits, document lists and decision tables rest."""
    return {
        "number": application.number,
        "kind": application.kind,
        "supply_kind": application.supply_kind,
        "voltage_level": voltage_level(application),
        "importance": application.importance,
        "customer_kind": application.customer_kind,
        "requested_kva": application.requested_kva,
        "channel": application.channel,
    }


def voltage_level(application: ConnectionApplication) -> str:
    """`hv` or `lv`. Temporary supply goes by the voltage that is wished for."""
    if application.supply_kind in (SupplyKind.HV_SINGLE, SupplyKind.HV_DUAL):
        return "hv"
    wished = application.wished_voltage_kv
    is_high = wished is not None and wished > HIGH_VOLTAGE_FROM_KV
    return "hv" if application.supply_kind == SupplyKind.TEMPORARY and is_high else "lv"


def advance(
    application: ConnectionApplication,
    state: ApplicationState | str,
    stage: int | None = None,
    **changed: object,
) -> None:
    """Write the new state and stage, and whatever else the step changes, in one update.

    The stage a customer follows never goes back, whatever is repeated inside. The caller holds
    the row (`lock_application`) and has checked that the step is in order.
    """
    values: dict[str, object] = {"state": ApplicationState(state), **changed}
    if stage is not None:
        values["stage"] = max(stage, application.stage)
    for name, value in values.items():
        setattr(application, name, value)
    application.save(update_fields=list(values))


def lock_application(application_id: int) -> ConnectionApplication:
    """The application as it stands, its row held until the transaction ends."""
    journal_operations.take_turn()
    rows = ConnectionApplication.objects.select_for_update(of=("self",))
    held: ConnectionApplication = rows.select_related("unit", "customer", "account").get(
        pk=application_id
    )
    return held


def involve_units(
    application: ConnectionApplication,
    reasons: Mapping[int, str],
    *,
    at: dt.datetime,
) -> None:
    """Let departments of other branches see the application: ids of units to why (R52, R54)."""
    rows = [
        InvolvedUnit(application=application, unit_id=unit_id, reason=reason[:100], since=at)
        for unit_id, reason in reasons.items()
    ]
    InvolvedUnit.objects.bulk_create(rows, ignore_conflicts=True)
