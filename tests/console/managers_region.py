"""The bench's region of managers, small: what makes 10,000 customers makes twelve as well."""

from __future__ import annotations

import datetime as dt

from bench.managers_region import Region, make_region

from busbar.access import operations as access_operations
from busbar.key_accounts import operations as key_accounts_operations
from busbar.service_desk import operations as service_desk_operations
from busbar.workflow import operations as workflow_operations
from tests.shelf import lay
from tests.worlds import kept

AT = dt.datetime(2026, 11, 20, 2, tzinfo=dt.UTC)


@kept
def load_seeds() -> None:
    """The ground of managers: mandates, standards, services, processes."""
    lay(workflow_operations.load_shipped_processes)
    access_operations.load_mandates(at=AT)
    key_accounts_operations.load_recognition_seed(at=AT)
    key_accounts_operations.load_managers_seed(at=AT)
    service_desk_operations.load_satisfaction_seed(at=AT)
    key_accounts_operations.load_services_seed(at=AT)


@kept
def make_small(customers: int, managers: int, *, root: str = "900") -> Region:
    """A province of its own; nobody sees another one's."""
    return make_region(customers, managers, 3 * customers, at=AT, root=root)
