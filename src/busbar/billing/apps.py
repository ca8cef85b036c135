"""Django's registration of the room."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The room `billing`."""

    name = "busbar.billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell `pricing` how to ask which versions of a tariff bills stand on."""
        from busbar.billing.tariff_use import list_billed_months
        from busbar.pricing.used import register_use

        register_use(list_billed_months)
