"""The garbage collector, held back while a batch is made."""

import gc

import pytest

from busbar.kit.garbage import collection_paused


class TestCollectionPaused:
    def test_collects_again_after_an_error(self) -> None:
        with pytest.raises(ValueError, match="broken"), collection_paused():
            raise ValueError("broken")

        assert gc.isenabled()

    def test_leaves_a_collector_off_that_was_off(self) -> None:
        with collection_paused():
            with collection_paused():
                pass

            assert not gc.isenabled()
        assert gc.isenabled()
