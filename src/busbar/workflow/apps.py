"""Django's registration of the room."""

from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    """The room `workflow`."""

    name = "busbar.workflow"
    default_auto_field = "django.db.models.BigAutoField"
