"""The API does what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from tests.api.conftest import Region


@pytest.mark.django_db
class TestDocument:
    def test_page_is_served_without_foreign_addresses(self, region: Region) -> None:
        page = Client().get("/api/v1/docs").content.decode()

        assert "swagger-ui" in page
        assert "//cdn" not in page


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
                *("--max-examples", "15", "--seed", "1", "--checks", "all"),
                *("--phases", "examples,coverage,fuzzing"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

        # What failed comes first; the warnings after it fill pages.
        failures = found.stdout.partition("FAILURES")[2][:12000]
        assert found.returncode == 0, failures + found.stderr[-2000:]
