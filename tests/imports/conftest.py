"""Every test of imports has a home of its own for files and the lake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from busbar.access.models import OrganizationUnit
from tests.imports.world import make_units


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    """BUSBAR_HOME for one test."""
    settings.BUSBAR_HOME = tmp_path
    settings.FILES_ROOT = tmp_path / "files"
    settings.LAKE_ROOT = tmp_path / "lake"
    return tmp_path


@pytest.fixture
def units(db: None) -> dict[str, OrganizationUnit]:
    """The company's units by code."""
    return make_units()
