"""Django's registration of the room."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The room `payments`."""

    name = "busbar.payments"
    default_auto_field = "django.db.models.BigAutoField"
