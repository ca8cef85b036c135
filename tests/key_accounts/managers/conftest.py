"""The world of the room's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from busbar.key_accounts import apps
from busbar.workflow import registry
from tests.key_accounts.managers.world import World, make_world

PROCESSES = Path(apps.__file__).parent / "processes"


@pytest.fixture
def world(ground: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """The company, with the room's own processes only: the others take their time to compile."""
    monkeypatch.setattr(registry, "_folders", [PROCESSES])
    return make_world()
