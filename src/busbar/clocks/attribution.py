"""Who had the matter in hand for how long: parts that add up to the whole exactly (N3, R46).

Plain values in whole microseconds. Several holders at once share each moment equally; a lawful
pause belongs to the party its reason names, whoever held the matter; time that nobody held is
unassigned (待分派).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, order=True)
class PartyName:
    """A party as a report names it; sorts by kind and name."""

    kind: str
    name: str
    unit_id: int = 0
    post: str = ""
    employee_id: int = 0


UNASSIGNED = PartyName("unassigned", "待分派")


@dataclass(frozen=True)
class Stretch:
    """A party had the matter over `[start, end)`; `pause` if by a lawful pause."""

    party: PartyName
    start: dt.datetime
    end: dt.datetime
    is_pause: bool = False


@dataclass(frozen=True)
class Part:
    """What one party took of the whole, and of the part beyond the due moment."""

    party: PartyName
    elapsed: dt.timedelta
    overdue: dt.timedelta


@dataclass(frozen=True)
class Attribution:
    """The whole, the overdue part, and their parts; both sums are exact."""

    start: dt.datetime
    end: dt.datetime
    elapsed: dt.timedelta
    overdue: dt.timedelta
    parts: tuple[Part, ...]


def attribute(
    *,
    start: dt.datetime,
    end: dt.datetime,
    stretches: Sequence[Stretch],
    overdue: Sequence[tuple[dt.datetime, dt.datetime]] = (),
) -> Attribution:
    """Split `[start, end)` over the parties; `overdue` are the stretches beyond due moments.

    >>> noon = dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)
    >>> hour = dt.timedelta(hours=1)
    >>> held = Stretch(PartyName("department", "计量"), noon, noon + hour)
    >>> [(p.party.name, p.elapsed.seconds) for p in
    ...  attribute(start=noon, end=noon + 2 * hour, stretches=[held]).parts]
    [('计量', 3600), ('待分派', 3600)]
    """
    whole = (_micro(start), max(_micro(end), _micro(start)))
    spans = [(_micro(s.start), _micro(s.end), s) for s in stretches]
    late = merge([clip((_micro(a), _micro(b)), whole) for a, b in overdue])
    elapsed = _split([whole], spans)
    beyond = _split(late, spans)
    parts = tuple(
        Part(party, elapsed[party] * _MICROSECOND, beyond.get(party, 0) * _MICROSECOND)
        for party in sorted(elapsed, key=lambda party: (party == UNASSIGNED, party))
    )
    return Attribution(
        start=start,
        end=end,
        elapsed=(whole[1] - whole[0]) * _MICROSECOND,
        overdue=sum(b - a for a, b in late) * _MICROSECOND,
        parts=parts,
    )


def merge(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping and touching spans joined, empty ones dropped.

    >>> merge([(5, 7), (1, 3), (2, 5), (9, 9)])
    [(1, 7)]
    """
    joined: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def clip(span: tuple[int, int], whole: tuple[int, int]) -> tuple[int, int]:
    """The span within the whole; empty where they do not meet."""
    start = max(span[0], whole[0])
    return start, max(start, min(span[1], whole[1]))


def _split(
    wholes: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int, Stretch]]
) -> dict[PartyName, int]:
    shares: dict[PartyName, Fraction] = {}
    for whole in wholes:
        inside = [(*clip((a, b), whole), stretch) for a, b, stretch in spans]
        for length, parties in _sweep(whole, inside):
            for party in parties:
                shares[party] = shares.get(party, Fraction()) + Fraction(length, len(parties))
    return largest_remainder(shares, sum(b - a for a, b in wholes))


def _sweep(
    whole: tuple[int, int], spans: Sequence[tuple[int, int, Stretch]]
) -> Iterable[tuple[int, list[PartyName]]]:
    """Each stretch between two changes with who held it, from the left to the right."""
    marks = [(a, 1, s) for a, b, s in spans if a < b] + [(b, -1, s) for a, b, s in spans if a < b]
    holders: dict[tuple[bool, PartyName], int] = {}
    here = whole[0]
    for moment, change, stretch in sorted(marks, key=lambda mark: mark[0]):
        if moment > here:
            yield moment - here, _holding(holders)
            here = moment
        key = (stretch.is_pause, stretch.party)
        holders[key] = holders.get(key, 0) + change
    if whole[1] > here:
        yield whole[1] - here, _holding(holders)


def _holding(holders: dict[tuple[bool, PartyName], int]) -> list[PartyName]:
    now = [key for key, count in holders.items() if count > 0]
    pausing = [party for is_pause, party in now if is_pause]
    return sorted(pausing or [party for _, party in now]) or [UNASSIGNED]


def largest_remainder(shares: dict[PartyName, Fraction], total: int) -> dict[PartyName, int]:
    """Whole numbers nearest to the shares that add up to the total; ties go to the first name."""
    floors = {key: share.numerator // share.denominator for key, share in shares.items()}
    missing = total - sum(floors.values())
    ranked = sorted(sorted(shares), key=lambda key: floors[key] - shares[key])
    return {key: floors[key] + (key in ranked[:missing]) for key in shares}


def _micro(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
