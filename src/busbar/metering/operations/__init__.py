"""Changing what is measured: meters at their points, sources of readings, curves in the lake."""

from busbar.metering.operations.curves import append_curves, load_reading_types, state_source
from busbar.metering.operations.editing import UnableToEditCurve, edit_curve
from busbar.metering.operations.meters import (
    UnableToInstallMeter,
    UnableToRemoveMeter,
    install_meter,
    remove_meter,
    store_meters,
)
from busbar.metering.operations.registers import (
    Off,
    Reading,
    UnableToKeepReading,
    keep_register,
    store_power_off_events,
    store_register_readings,
)
from busbar.metering.operations.vee import (
    UnableToValidate,
    resume_check,
    validate_commit,
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
    "Off",
    "Reading",
    "UnableToAcceptFinding",
    "UnableToAmendRule",
    "UnableToEditCurve",
    "UnableToInstallMeter",
    "UnableToKeepReading",
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
    "remove_meter",
    "reorder_vee_rules",
    "restate_stakes",
    "resume_check",
    "state_source",
    "store_meters",
    "store_power_off_events",
    "store_register_readings",
    "validate_commit",
    "validate_month",
]
