"""Keeping the working calendar and the time limits, and moving the clocks that run by them."""

from busbar.clocks.operations.clocks import (
    cancel_clock,
    extend_clock,
    pause_clock,
    reassign_clock,
    resume_clock,
    start_clock,
    stop_clock,
)
from busbar.clocks.operations.days import DayRefused, UnableToEditDay, edit_day
from busbar.clocks.operations.events import apply_event
from busbar.clocks.operations.holdings import UnableToHold, close_holding, open_holding
from busbar.clocks.operations.ladders import climb_ladders
from busbar.clocks.operations.loading import LoadedLimits, load_time_limits
from busbar.clocks.operations.moving import (
    UnableToExtendClock,
    UnableToMoveClock,
    UnableToPauseClock,
    UnableToResumeClock,
    UnableToStartClock,
    UnableToStopClock,
)
from busbar.clocks.operations.overlays import (
    UnableToAdoptRules,
    UnableToSetHours,
    UnableToSetLimit,
    adopt_rule_set,
    set_local_limit,
    set_working_hours,
)
from busbar.clocks.operations.recalculation import recalculate_clocks
from busbar.clocks.operations.uploads import (
    CalendarRow,
    RowRefusal,
    UnableToUploadCalendar,
    Upload,
    upload_calendar,
)
from busbar.clocks.operations.years import (
    Loaded,
    UnableToLoadYear,
    load_announced_years,
    load_provisional_year,
)

__all__ = [
    "CalendarRow",
    "DayRefused",
    "Loaded",
    "LoadedLimits",
    "RowRefusal",
    "UnableToAdoptRules",
    "UnableToEditDay",
    "UnableToExtendClock",
    "UnableToHold",
    "UnableToLoadYear",
    "UnableToMoveClock",
    "UnableToPauseClock",
    "UnableToResumeClock",
    "UnableToSetHours",
    "UnableToSetLimit",
    "UnableToStartClock",
    "UnableToStopClock",
    "UnableToUploadCalendar",
    "Upload",
    "adopt_rule_set",
    "apply_event",
    "cancel_clock",
    "climb_ladders",
    "close_holding",
    "edit_day",
    "extend_clock",
    "load_announced_years",
    "load_provisional_year",
    "load_time_limits",
    "open_holding",
    "pause_clock",
    "reassign_clock",
    "recalculate_clocks",
    "resume_clock",
    "set_local_limit",
    "set_working_hours",
    "start_clock",
    "stop_clock",
    "upload_calendar",
]
