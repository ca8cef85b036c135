"""A county with its departments, and an application to design for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.connections.scheme.world import World, make_world


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.FILES_ROOT = tmp_path / "files"
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.BUSBAR_HOME = tmp_path
    return tmp_path


@pytest.fixture
def world(ground: None) -> World:
    return make_world()
