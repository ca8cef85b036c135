"""The workflow's test company with its processes, and everybody able to sign in."""

from __future__ import annotations

import pytest
from django.test import Client

from busbar.access.models import User
from tests.console.work_region import sign_in
from tests.workflow.conftest import Company, company, loaded, processes

__all__ = ["company", "loaded", "processes"]


def client_of(company: Company, name: str) -> Client:
    """The person's browser."""
    user = company.employee(name).user
    User.objects.filter(pk=user.pk).update(must_change_password=False)
    user.refresh_from_db()
    return sign_in(user)


@pytest.fixture
def publisher(loaded: Company) -> Client:
    """The administrator, who publishes processes."""
    return client_of(loaded, "管理员")
