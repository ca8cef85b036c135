"""Papers that follow from a step: gathered from what is recorded, so that nobody types them (N13).

Each operation gathers the facts of one paper, makes the PDF and issues it under the next number.
A paper may be issued again; each issue is a paper of its own.
"""

from busbar.connections.operations.issuing.decisions import (
    UnableToIssueChangePaper,
    UnableToIssueRefundPaper,
    issue_change_paper,
    issue_refund_paper,
)
from busbar.connections.operations.issuing.ground import UnableToCompilePaper
from busbar.connections.operations.issuing.intake import (
    issue_acceptance_paper,
    issue_application_paper,
    issue_correction_paper,
    issue_refusal_paper,
    issue_survey_paper,
)
from busbar.connections.operations.issuing.payment import issue_payment_paper
from busbar.connections.operations.issuing.supply import (
    issue_agreement_paper,
    issue_energization_paper,
)
from busbar.connections.operations.issuing.works import (
    issue_design_review_paper,
    issue_inspection_paper,
)

__all__ = [
    "UnableToCompilePaper",
    "UnableToIssueChangePaper",
    "UnableToIssueRefundPaper",
    "issue_acceptance_paper",
    "issue_agreement_paper",
    "issue_application_paper",
    "issue_change_paper",
    "issue_correction_paper",
    "issue_design_review_paper",
    "issue_energization_paper",
    "issue_inspection_paper",
    "issue_payment_paper",
    "issue_refund_paper",
    "issue_refusal_paper",
    "issue_survey_paper",
]
