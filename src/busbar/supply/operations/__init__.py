"""Changing how customers are supplied. `store_*` take many rows; the others one use case each."""

from busbar.supply.operations.agreements import (
    UnableToSignAgreement,
    sign_agreement,
    store_agreements,
)
from busbar.supply.operations.sites import store_sites, store_sources, store_usage_points
from busbar.supply.operations.transformers import (
    UnableToChangeTransformerState,
    change_transformer_state,
    store_transformers,
)

__all__ = [
    "UnableToChangeTransformerState",
    "UnableToSignAgreement",
    "change_transformer_state",
    "sign_agreement",
    "store_agreements",
    "store_sites",
    "store_sources",
    "store_transformers",
    "store_usage_points",
]
