"""The arithmetic of the hash chain: plain values in, hexadecimal digest out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping

GENESIS = "0" * 64
"""What the first entry follows."""


def entry_hash(previous_hash: str, facts: Mapping[str, object]) -> str:
    """SHA-256 over the previous hash and the entry's facts in canonical JSON.

    >>> entry_hash(GENESIS, {"event": "a"}) == entry_hash(GENESIS, {"event": "a"})
    True
    >>> entry_hash(GENESIS, {"event": "a"}) == entry_hash(GENESIS, {"event": "b"})
    False
    """
    canonical = json.dumps(
        facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain
    )
    return hashlib.sha256(f"{previous_hash}\n{canonical}".encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return str(value)
