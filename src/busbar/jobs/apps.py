"""Django's registration of the room."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The room `jobs`."""

    name = "busbar.jobs"
    default_auto_field = "django.db.models.BigAutoField"
