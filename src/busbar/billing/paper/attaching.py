"""The bill as a file of the e-mail that tells of it."""

from __future__ import annotations

from busbar.billing.models import Bill
from busbar.billing.paper import gathering, making
from busbar.kit.paper import PaperError
from busbar.notifications.attachments import Attachment, UnableToAttachError


def attach_bill(bill_id: int) -> list[Attachment]:
    """The PDF of the stored bill, the same at every attempt."""
    bill = Bill.objects.select_related("account__customer", "account__unit").get(pk=bill_id)
    facts = gathering.gather(bill)
    try:
        content = making.render_bill(facts)
    except PaperError as error:
        raise UnableToAttachError(str(error)) from error
    return [Attachment(f"{facts.number}.pdf", "application/pdf", content)]
