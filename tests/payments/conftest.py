"""The county that every test of payments starts from."""

from __future__ import annotations

import pytest

from tests.payments.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world()
