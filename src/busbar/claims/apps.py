"""Django's registration of the room."""

from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    """The room `claims`."""

    name = "busbar.claims"
    default_auto_field = "django.db.models.BigAutoField"
