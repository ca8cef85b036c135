"""Django's registration of the room."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The room `billing`."""

    name = "busbar.billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell `pricing` which versions bills stand on, and `notifications` what goes with them."""
        from busbar.billing.paper.attaching import attach_bill
        from busbar.billing.tariff_use import list_billed_months
        from busbar.notifications.attachments import register_attachments
        from busbar.pricing.used import register_use

        register_use(list_billed_months)
        for kind in ("billing.bill.released", "billing.bill.corrected"):
            register_attachments(kind, attach_bill)
