"""Telling people: saying it, carrying it, that it was read and received."""

from busbar.notifications.operations.delivering import deliver_due
from busbar.notifications.operations.receipts import UnableToRecordReceipt, record_receipt
from busbar.notifications.operations.sending import (
    About,
    Recipient,
    UnableToSendMessage,
    mark_all_read,
    mark_read,
    send_message,
)
from busbar.notifications.operations.wording import (
    UnableToChangeTemplate,
    change_quiet_hours,
    change_template,
    load_shipped_words,
)

__all__ = [
    "About",
    "Recipient",
    "UnableToChangeTemplate",
    "UnableToRecordReceipt",
    "UnableToSendMessage",
    "change_quiet_hours",
    "change_template",
    "deliver_due",
    "load_shipped_words",
    "mark_all_read",
    "mark_read",
    "record_receipt",
    "send_message",
]
