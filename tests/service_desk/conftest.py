"""The county's service desk."""

from __future__ import annotations

import pytest

from tests.service_desk.world import Desk, make_desk


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()
