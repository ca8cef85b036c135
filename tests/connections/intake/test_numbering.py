"""Numbers under several hands at once: no gap, no double."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from busbar.connections.models import NumberSequence
from busbar.connections.numbering import application_number, new_query_code, next_serial

AT = dt.datetime(2026, 3, 2, 17, 0, tzinfo=dt.UTC)
WRITERS, EACH = 4, 10


def take(_: int) -> list[int]:
    """Take numbers, and give every second transaction up."""
    taken = []
    try:
        for n in range(EACH * 2):
            try:
                with transaction.atomic():
                    serial = next_serial("series")
                    if n % 2:
                        raise RuntimeError("rolled back")  # noqa: TRY301 - the point of the test
                taken.append(serial)
            except RuntimeError:
                continue
    finally:
        connection.close()
    return taken


@pytest.mark.django_db(transaction=True)
class TestNextSerial:
    def test_several_at_once_get_each_number_once(self) -> None:
        with ThreadPoolExecutor(WRITERS) as pool:
            taken = [serial for part in pool.map(take, range(WRITERS)) for serial in part]
        assert sorted(taken) == list(range(1, WRITERS * EACH + 1))
        assert NumberSequence.objects.get(key="series").last == WRITERS * EACH


@pytest.mark.django_db
class TestNumbers:
    def test_an_application_is_numbered_by_the_chinese_day(self) -> None:
        assert application_number("LC11S1", AT) == "LC11S1-260303-0001"
        assert application_number("LC11S1", AT) == "LC11S1-260303-0002"

    def test_a_query_code_has_no_letters_to_mistake(self) -> None:
        code = new_query_code()
        assert len(code) == 10
        assert not set(code) & set("01IOL")
