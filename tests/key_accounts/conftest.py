"""The room's worlds: customers with bills, and the county's service desk with what ships."""

from __future__ import annotations

import pytest

from busbar.key_accounts import operations
from tests.key_accounts.world import World, make_world
from tests.payments.world import at
from tests.service_desk.world import Desk, make_desk


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def desk(db: None) -> Desk:
    """Plans, basic services and products as shipped."""
    made = make_desk()
    operations.load_services_seed(at=at("2026-01-01"))
    return made
