"""How far a demonstration has come survives a stop, and one home holds one region."""

from __future__ import annotations

from pathlib import Path

import pytest

from busbar.demo.parameters import Parameters
from busbar.demo.progress import FILE_NAME, UnableToUseHome, load_progress, start_progress


class TestProgress:
    def test_of_a_new_home_is_none(self, tmp_path: Path) -> None:
        assert load_progress(tmp_path, Parameters()) is None

    def test_comes_back_with_the_steps_that_are_done(self, tmp_path: Path) -> None:
        progress = start_progress(tmp_path, Parameters())
        progress.note("organization")
        progress.note("network")
        again = load_progress(tmp_path, Parameters())
        assert again is not None
        assert (again.done, again.finished) == (["organization", "network"], False)

    def test_comes_back_finished(self, tmp_path: Path) -> None:
        start_progress(tmp_path, Parameters()).finish()
        again = load_progress(tmp_path, Parameters())
        assert again is not None
        assert again.finished

    def test_refuses_another_region_in_the_same_home(self, tmp_path: Path) -> None:
        start_progress(tmp_path, Parameters(customers=12))
        before = (tmp_path / FILE_NAME).read_bytes()
        with pytest.raises(UnableToUseHome, match=r"是另一组参数的演示区域.*customers=12"):
            load_progress(tmp_path, Parameters(customers=13))
        assert (tmp_path / FILE_NAME).read_bytes() == before
