"""Who sees what is said of a customer as a whole."""

from __future__ import annotations

from busbar.access.visibility import VisibleQuerySet


class WholeCustomerQuerySet(VisibleQuerySet):
    """Seen by the managing unit's branch and the account team, who see all of the customer.

    A unit that only has some of its accounts sees the customer for their sake, and must not learn
    from sums over all of them what the others use and pay (U3).
    """

    unit_lookups = ("customer__unit",)
    customer_lookup = "customer"
