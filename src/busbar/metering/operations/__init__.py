"""Changing what is measured: meters at their points, sources of readings, curves in the lake."""

from busbar.metering.operations.curves import append_curves, load_reading_types, state_source
from busbar.metering.operations.editing import UnableToEditCurve, edit_curve
from busbar.metering.operations.meter_events import note_power_off, store_meter_events
from busbar.metering.operations.meters import (
    UnableToInstallMeter,
    UnableToRemoveMeter,
    install_meter,
    remove_meter,
    store_meters,
)
from busbar.metering.operations.registers import keep_register, store_register_readings
from busbar.metering.operations.vee import (
    UnableToValidate,
    resume_check,
    validate_absent,
    validate_commit,
    validate_facts,
    validate_month,
)
from busbar.metering.operations.vee_findings import (
    UnableToAcceptFinding,
    accept_findings,
    restate_stakes,
)
from busbar.metering.operations.vee_rules import (
    UnableToAmendRule,
    amend_vee_rule,
    load_vee_rules,
    reorder_vee_rules,
)

__all__ = [
    "UnableToAcceptFinding",
    "UnableToAmendRule",
    "UnableToEditCurve",
    "UnableToInstallMeter",
    "UnableToRemoveMeter",
    "UnableToValidate",
    "accept_findings",
    "amend_vee_rule",
    "append_curves",
    "edit_curve",
    "install_meter",
    "keep_register",
    "load_reading_types",
    "load_vee_rules",
    "note_power_off",
    "remove_meter",
    "reorder_vee_rules",
    "restate_stakes",
    "resume_check",
    "state_source",
    "store_meter_events",
    "store_meters",
    "store_register_readings",
    "validate_absent",
    "validate_commit",
    "validate_facts",
    "validate_month",
]
