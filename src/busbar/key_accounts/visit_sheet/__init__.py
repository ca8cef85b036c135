"""走访随行册: one customer on a sheet to take along, gathered in one go from every room below."""

from busbar.key_accounts.visit_sheet.facts import VisitSheet
from busbar.key_accounts.visit_sheet.gathering import gather_visit_sheet
from busbar.key_accounts.visit_sheet.load import SheetLoad, get_sheet_load
from busbar.key_accounts.visit_sheet.making import render_visit_sheet

__all__ = [
    "SheetLoad",
    "VisitSheet",
    "gather_visit_sheet",
    "get_sheet_load",
    "render_visit_sheet",
]
