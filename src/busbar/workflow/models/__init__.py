"""Definitions by version, running processes, tasks and what supervision finds of them."""

from busbar.workflow.models.definitions import ProcessDefinition, ProcessVersion, VersionState
from busbar.workflow.models.instances import (
    InstanceState,
    ProcessComment,
    ProcessInstance,
    ProcessWait,
)
from busbar.workflow.models.supervision import SupervisionFinding, SupervisionKind
from busbar.workflow.models.tasks import (
    OPEN_STATES,
    Consultation,
    TaskAttachment,
    TaskState,
    TaskTransfer,
    TransferKind,
    UserTask,
)

__all__ = [
    "OPEN_STATES",
    "Consultation",
    "InstanceState",
    "ProcessComment",
    "ProcessDefinition",
    "ProcessInstance",
    "ProcessVersion",
    "ProcessWait",
    "SupervisionFinding",
    "SupervisionKind",
    "TaskAttachment",
    "TaskState",
    "TaskTransfer",
    "TransferKind",
    "UserTask",
    "VersionState",
]
