"""The county's service desk with plans, basic services and products as shipped."""

from __future__ import annotations

import pytest

from busbar.key_accounts import operations
from tests.payments.world import at
from tests.service_desk.world import Desk, make_desk


@pytest.fixture
def desk(db: None) -> Desk:
    made = make_desk()
    operations.load_services_seed(at=at("2026-01-01"))
    return made
