"""A small company, its people, a customer with contacts, and the shipped words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from busbar.access.models import OrganizationUnit
from busbar.customers.models import Contact, Customer
from busbar.notifications import operations as notifications_operations
from tests.imports.world import AT, make_units


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.BUSBAR_HOME = tmp_path
    return tmp_path


@pytest.fixture
def units(db: None) -> dict[str, OrganizationUnit]:
    notifications_operations.load_shipped_words(at=AT)
    return make_units()


@pytest.fixture
def contact(units: dict[str, OrganizationUnit]) -> Contact:
    customer = Customer.objects.create(
        number="C1", name="东海精密铸造有限公司", kind="industry", unit=units["310101"]
    )
    return Contact.objects.create(
        customer=customer, name="李晓东", role="电气负责人", phone="13800000000", is_primary=True
    )
