"""The API does what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from busbar.api.main import api
from busbar.api.paging import Page
from tests.api.conftest import Region

pytestmark = pytest.mark.xdist_group("schema")  # several in a group begin early: one is long
PHASES = {
    "sqlite": ("--phases", "examples,fuzzing"),
    "postgresql": ("--phases", "examples,coverage", "--mode", "positive"),
}
"""What is drawn at random, good and bad, asks the same of the routes on both. The extreme values
of coverage meet the database that refuses more of them: those only that the document allows, for
the others are refused before any database hears of them."""


@pytest.mark.django_db
class TestDocument:
    def test_page_is_served_without_foreign_addresses(self, region: Region) -> None:
        page = Client().get("/api/v1/docs").content.decode()

        assert "swagger-ui" in page
        assert "//cdn" not in page


class TestNames:
    def test_no_two_schemas_share_a_name_in_the_document(self) -> None:
        documented, found = _documented(), dict[str, set[str]]()
        base = next(c for c in Page.__mro__ if c.__module__ == "ninja.schema")
        for schema in _schemas(base):
            if schema.__module__.startswith("busbar.api"):
                found.setdefault(schema.__name__, set()).add(schema.__module__)

        assert {"BillOut", "TeamOut"} <= documented & found.keys()
        assert {name: places for name, places in found.items() if len(places) > 1} == {}

    def test_no_two_enumerations_share_a_name_in_the_document(self) -> None:
        documented, found = _documented(), dict[str, set[str]]()
        for name, module in list(sys.modules.items()):
            for kept in vars(module).values() if name.startswith("busbar.api") else ():
                if isinstance(kept, type) and issubclass(kept, Enum):
                    found.setdefault(kept.__name__, set()).add(kept.__module__)

        assert {"CaseState", "VeeState", "FeeRefundState"} <= documented & found.keys()
        assert {name: places for name, places in found.items() if len(places) > 1} == {}


def _documented() -> set[str]:
    """Names in the document; making it also loads every route."""
    return set(api.get_openapi_schema()["components"]["schemas"])


def _schemas(base: type) -> Iterator[type]:
    for schema in base.__subclasses__():
        yield schema
        yield from _schemas(schema)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestConformance:
    def test_schemathesis_finds_nothing(
        self, live_server: LiveServer, region: Region, tmp_path: Path
    ) -> None:
        found = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run"),
                f"{live_server.url}/api/v1/openapi.json",
                *("--header", f"Authorization: Bearer {region.token}"),
                *("--max-examples", "10", "--seed", "1", "--checks", "all"),
                *PHASES[connection.vendor],
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=2400,  # a busy machine is no finding
            check=False,
        )

        # What failed comes first; the warnings after it fill pages.
        failures = found.stdout.partition("FAILURES")[2][:12000]
        assert found.returncode == 0, failures + found.stderr[-2000:]
