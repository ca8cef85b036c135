"""Django's registration of the room."""

from django.apps import AppConfig


class MeteringConfig(AppConfig):
    """The room `metering`."""

    name = "busbar.metering"
    default_auto_field = "django.db.models.BigAutoField"
