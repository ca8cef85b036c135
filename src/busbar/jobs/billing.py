"""Bill runs as queued work: delivered again after a kill, never twice in effect."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from busbar.access import queries as access_queries
from busbar.access.models import User
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.billing.engines import choose_engine
from busbar.kit.periods import Month


def bill_month(month: str, user_id: int) -> str:
    """Bill the month in the name of the person who asked; the sentence is the task's result."""
    viewer = access_queries.get_viewer(User.objects.get(pk=user_id))
    run = billing_operations.run_month(
        month=Month.parse(month),
        by=viewer,
        at=dt.datetime.now(dt.UTC),
        engine=choose_engine(settings.BUSBAR_BILL_ENGINE),
    )
    seen = billing_queries.get_run(viewer, run.month)
    return f"{month}：已出账 {seen.billed} 户，未能出账 {seen.refused} 户"
