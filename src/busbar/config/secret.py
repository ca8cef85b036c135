"""The secret key: generated on first start and kept, readable by its owner only."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path


def load_or_create_secret(path: Path) -> str:
    """Read the key, or make one; processes that start together agree on one key.

    The key is written aside and linked into place, so that nobody ever reads half of it.
    """
    if not path.exists():
        _create(path)
    key = path.read_text().strip()
    if not key:
        raise RuntimeError(f"{path} is empty: remove it, or set SECRET_KEY")
    return key


def _create(path: Path) -> None:
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(64))
        os.link(aside, path)
    except FileExistsError:
        pass  # another process was first: its key is the one
    finally:
        Path(aside).unlink()
