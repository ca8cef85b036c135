"""One use case a function; all of them by one name."""

from busbar.claims.computing import UnableToCompute
from busbar.claims.operations.deciding import (
    UnableToDecideClaim,
    UnableToTakeBackClaim,
    approve_claim,
    refuse_claim,
    take_back_claim,
)
from busbar.claims.operations.requesting import (
    GROUND_LENGTH,
    UnableToRequestClaim,
    request_claim,
)

__all__ = [
    "GROUND_LENGTH",
    "UnableToCompute",
    "UnableToDecideClaim",
    "UnableToRequestClaim",
    "UnableToTakeBackClaim",
    "approve_claim",
    "refuse_claim",
    "request_claim",
    "take_back_claim",
]
