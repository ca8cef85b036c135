"""Django's registration of the room."""

from django.apps import AppConfig


class SupplyConfig(AppConfig):
    """The room `supply`."""

    name = "busbar.supply"
    default_auto_field = "django.db.models.BigAutoField"
