"""Changing how customers are supplied. `store_*` take many rows; the others one use case each."""

from busbar.supply.operations.agreements import (
    UnableToSignAgreement,
    sign_agreement,
    store_agreements,
)
from busbar.supply.operations.ending import UnableToEndAgreement, end_agreement
from busbar.supply.operations.points import (
    UnableToAddTransformer,
    UnableToAddUsagePoint,
    UnableToConnectSource,
    UnableToOpenSite,
    add_transformer,
    add_usage_point,
    connect_source,
    open_site,
)
from busbar.supply.operations.sites import store_sites, store_sources, store_usage_points
from busbar.supply.operations.terms import store_fixed_energies, store_point_losses
from busbar.supply.operations.transformers import (
    UnableToChangeTransformerState,
    change_transformer_state,
    store_transformers,
)

__all__ = [
    "UnableToAddTransformer",
    "UnableToAddUsagePoint",
    "UnableToChangeTransformerState",
    "UnableToConnectSource",
    "UnableToEndAgreement",
    "UnableToOpenSite",
    "UnableToSignAgreement",
    "add_transformer",
    "add_usage_point",
    "change_transformer_state",
    "connect_source",
    "end_agreement",
    "open_site",
    "sign_agreement",
    "store_agreements",
    "store_fixed_energies",
    "store_point_losses",
    "store_sites",
    "store_sources",
    "store_transformers",
    "store_usage_points",
]
