"""Django's registration of the room."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The room `api`."""

    name = "busbar.api"
    default_auto_field = "django.db.models.BigAutoField"
