"""The scheme study (N8, R45): from a declared load and a piece of network to compared schemes.

Pure: no Django, no database, no clock. `study(...) -> Study`; `answer(document) -> JSON`,
`input_schema()` for the command line. See docs/algorithms/scheme-study.md.
"""

from busbar.connections.study.alternatives import Alternative, Check
from busbar.connections.study.comparison import Cell, Comparison, Row
from busbar.connections.study.contingencies import Contingency
from busbar.connections.study.costs import Construction, CostItem, Investment
from busbar.connections.study.electricity import MODE_NAMES, CostPart, YearlyCost
from busbar.connections.study.parameters import (
    Criterion,
    Parameters,
    default_parameters,
    example_unit_costs,
    parameters_from,
)
from busbar.connections.study.plans import WAY_NAMES, Plan, SourcePlan
from busbar.connections.study.reading import answer, input_schema
from busbar.connections.study.reliability import Reliability
from busbar.connections.study.sizing import CalculatedLoad, Sizing, TransformerPlan, size
from busbar.connections.study.studying import Study, study
from busbar.connections.study.values import (
    GRADE_NAMES,
    Distance,
    Equipment,
    Line,
    LoadDeclaration,
    MainTransformer,
    NetworkPart,
    PriceFacts,
    Station,
    Step,
    TariffFacts,
    Tie,
    UnableToStudy,
    UnitCost,
)
from busbar.connections.study.writing import study_json, study_text

__all__ = [
    "GRADE_NAMES",
    "MODE_NAMES",
    "WAY_NAMES",
    "Alternative",
    "CalculatedLoad",
    "Cell",
    "Check",
    "Comparison",
    "Construction",
    "Contingency",
    "CostItem",
    "CostPart",
    "Criterion",
    "Distance",
    "Equipment",
    "Investment",
    "Line",
    "LoadDeclaration",
    "MainTransformer",
    "NetworkPart",
    "Parameters",
    "Plan",
    "PriceFacts",
    "Reliability",
    "Row",
    "Sizing",
    "SourcePlan",
    "Station",
    "Step",
    "Study",
    "TariffFacts",
    "Tie",
    "TransformerPlan",
    "UnableToStudy",
    "UnitCost",
    "YearlyCost",
    "answer",
    "default_parameters",
    "example_unit_costs",
    "input_schema",
    "parameters_from",
    "size",
    "study",
    "study_json",
    "study_text",
]
