"""What managers' customers do by the clock: stand-ins end."""

from __future__ import annotations

import datetime as dt

from busbar.key_accounts.operations import assigning


def return_handovers() -> str:
    """Give back stand-ins whose last day has passed; safe to run twice."""
    returned = assigning.return_due_handovers(at=dt.datetime.now(dt.UTC))
    return f"交还 {returned} 件"
