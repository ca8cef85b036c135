"""The company of the room's tests, with signed-in browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.console.work_region import sign_in
from tests.key_accounts.managers.conftest import world
from tests.key_accounts.managers.world import World

__all__ = ["world"]


@pytest.fixture
def browser(world: World) -> Callable[[str], Client]:
    """A browser of somebody by name."""
    return lambda name: sign_in(world.employee(name).user)
