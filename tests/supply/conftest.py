"""The company's units, and a home for documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from busbar.access.models import OrganizationUnit
from tests.imports.world import make_units


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.FILES_ROOT = tmp_path / "files"
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.BUSBAR_HOME = tmp_path
    return tmp_path


@pytest.fixture
def units(db: None) -> dict[str, OrganizationUnit]:
    return make_units()
