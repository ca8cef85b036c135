"""A region of its own for every test."""

from __future__ import annotations

import pytest

from tests.console.region import Region
from tests.worlds import keep


@pytest.fixture
def region(db: None) -> Region:
    """Two counties and a manager."""
    return keep(Region)


@pytest.fixture
def lake(settings: object, tmp_path: object) -> None:
    """An empty lake of the test's own."""
    settings.LAKE_ROOT = tmp_path / "lake"
