"""The county that every test of claims starts from."""

from __future__ import annotations

import pytest

from tests.claims.world import World, make_claims_world


@pytest.fixture
def world(db: None) -> World:
    return make_claims_world()
