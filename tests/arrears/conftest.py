"""A county whose 户号 owes money, with the people and departments that the ladder needs."""

from __future__ import annotations

import pytest

from tests.arrears.world import Ladder, make_ladder


@pytest.fixture
def ladder(db: None) -> Ladder:
    return make_ladder()
