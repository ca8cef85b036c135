"""Use cases of the room, a file each; see docs/rooms/workflow.md."""

from busbar.workflow.definition.problems import UnableToAcceptDefinition
from busbar.workflow.operations.attaching import FileUpload, UnableToAttachFile
from busbar.workflow.operations.completing import (
    UnableToCompleteTask,
    UnableToReturnTask,
    complete_task,
    return_task,
)
from busbar.workflow.operations.consulting import (
    UnableToComment,
    UnableToConsult,
    answer_consultation,
    comment_on_process,
    consult_on_task,
)
from busbar.workflow.operations.handling import (
    UnableToClaimTask,
    UnableToHandOverTask,
    UnableToReleaseTask,
    claim_task,
    hand_over_task,
    release_task,
)
from busbar.workflow.operations.migrating import (
    Migration,
    MigrationOutlook,
    UnableToMigrate,
    migrate_instances,
    preview_migration,
)
from busbar.workflow.operations.starting import UnableToStartProcess, start_process
from busbar.workflow.operations.steering import (
    UnableToCancelProcess,
    UnableToReceiveMessage,
    cancel_process,
    note_late_tasks,
    receive_message,
    release_waits,
    sync_due_times,
    take_silence_as_consent,
)
from busbar.workflow.operations.versions import (
    UnableToPublishVersion,
    UnableToUploadVersion,
    load_shipped_processes,
    publish_version,
    retire_version,
    upload_version,
)

__all__ = [
    "FileUpload",
    "Migration",
    "MigrationOutlook",
    "UnableToAcceptDefinition",
    "UnableToAttachFile",
    "UnableToCancelProcess",
    "UnableToClaimTask",
    "UnableToComment",
    "UnableToCompleteTask",
    "UnableToConsult",
    "UnableToHandOverTask",
    "UnableToMigrate",
    "UnableToPublishVersion",
    "UnableToReceiveMessage",
    "UnableToReleaseTask",
    "UnableToReturnTask",
    "UnableToStartProcess",
    "UnableToUploadVersion",
    "answer_consultation",
    "cancel_process",
    "claim_task",
    "comment_on_process",
    "complete_task",
    "consult_on_task",
    "hand_over_task",
    "load_shipped_processes",
    "migrate_instances",
    "note_late_tasks",
    "preview_migration",
    "publish_version",
    "receive_message",
    "release_task",
    "release_waits",
    "retire_version",
    "return_task",
    "start_process",
    "sync_due_times",
    "take_silence_as_consent",
    "upload_version",
]
