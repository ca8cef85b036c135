"""Keeping the working calendar: loading, editing and uploading it."""

from busbar.clocks.operations.days import DayRefused, UnableToEditDay, edit_day
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
    "RowRefusal",
    "UnableToEditDay",
    "UnableToLoadYear",
    "UnableToUploadCalendar",
    "Upload",
    "edit_day",
    "load_announced_years",
    "load_provisional_year",
    "upload_calendar",
]
