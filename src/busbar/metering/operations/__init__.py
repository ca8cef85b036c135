"""Changing what is measured: meters at their points, sources of readings, curves in the lake."""

from busbar.metering.operations.curves import append_curves, load_reading_types, state_source
from busbar.metering.operations.meters import (
    UnableToInstallMeter,
    UnableToRemoveMeter,
    install_meter,
    remove_meter,
    store_meters,
)

__all__ = [
    "UnableToInstallMeter",
    "UnableToRemoveMeter",
    "append_curves",
    "install_meter",
    "load_reading_types",
    "remove_meter",
    "state_source",
    "store_meters",
]
