"""Regions that the demonstration's tests share; building one takes half a second."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.access import operations as access_operations
from busbar.arrears import operations as arrears_operations
from busbar.connections import operations as connections_operations
from busbar.customers import operations as customers_operations
from busbar.demo.parameters import Parameters
from busbar.demo.region import build_region
from busbar.demo.values import Region
from busbar.key_accounts import operations as key_accounts_operations
from busbar.metering import operations as metering_operations
from busbar.notifications import operations as notifications_operations
from busbar.payments import operations as payments_operations
from busbar.service_desk import operations as service_desk_operations
from tests.connections.processes.world import load_ground


@pytest.fixture(scope="session")
def default_parameters() -> Parameters:
    return Parameters()


@pytest.fixture(scope="session")
def default_region(default_parameters: Parameters) -> Region:
    return build_region(default_parameters)


@pytest.fixture(scope="session")
def small_parameters() -> Parameters:
    return Parameters(customers=12, months=2)


@pytest.fixture(scope="session")
def small_region(small_parameters: Parameters) -> Region:
    return build_region(small_parameters)


def load_what_migrate_loads(at: dt.datetime) -> None:
    """Limits, processes, lists and words: what the matters of the year rest on."""
    load_ground(at)
    connections_operations.load_unit_costs(at=at)
    notifications_operations.load_shipped_words(at=at)
    payments_operations.load_payments_seed(at=at)
    metering_operations.load_vee_rules(at=at)
    arrears_operations.load_stop_rules(at=at)
    customers_operations.load_customers_seed(at=at)
    access_operations.load_mandates(at=at)
    key_accounts_operations.load_recognition_seed(at=at)
    key_accounts_operations.load_managers_seed(at=at)
    service_desk_operations.load_satisfaction_seed(at=at)
    key_accounts_operations.load_services_seed(at=at)
