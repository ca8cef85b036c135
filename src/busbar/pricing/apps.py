"""Django's registration of the room."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """The room `pricing`."""

    name = "busbar.pricing"
    default_auto_field = "django.db.models.BigAutoField"
