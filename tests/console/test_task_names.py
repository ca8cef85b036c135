"""Every job of the timetable and of the queue has a name that an administrator can read."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from busbar.console.administration.tasks import NAMES, name_job
from busbar.jobs.timetable import TIMETABLE
from tests.console.journal_events import SOURCE

_QUEUED = re.compile(r'"(busbar\.jobs\.[a-z_]+\.[a-z_]+)"')
_HAN = re.compile(r"[\u4e00-\u9fff]")
JOBS = sorted(
    {line.function for line in TIMETABLE}
    | {job for path in SOURCE.rglob("*.py") for job in _QUEUED.findall(path.read_text("utf-8"))}
)


class TestNameJob:
    @pytest.mark.parametrize("job", JOBS)
    def test_names_the_job_in_both_languages(self, job: str) -> None:
        with translation.override("zh-hans"):
            assert _HAN.search(name_job(job))
        with translation.override("en"):
            assert not _HAN.search(name_job(job))
            assert name_job(job) != job

    def test_no_name_is_kept_for_a_job_that_does_not_exist(self) -> None:
        assert set(NAMES) - set(JOBS) == set()
