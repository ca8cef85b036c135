"""Where a month's curves are added up: in this process, or on a cluster where one is too small.

Plain functions over the lake's files: no database and no Django, so a cluster's workers need none.
"""

from busbar.billing.engines.choice import HERE, choose_engine
from busbar.billing.engines.engine import Engine, UnableToMeasure
from busbar.billing.engines.here import Here

__all__ = ["HERE", "Engine", "Here", "UnableToMeasure", "choose_engine"]
