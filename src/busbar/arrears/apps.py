"""Django's registration of the room."""

from pathlib import Path

from django.apps import AppConfig


class ArrearsConfig(AppConfig):
    """The room `arrears`."""

    name = "busbar.arrears"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lend the process and what carries its steps out to the engine."""
        from busbar.arrears import steps
        from busbar.workflow import registry

        registry.register_processes(Path(__file__).resolve().parent / "processes")
        for name in steps.HANDLERS:
            registry.register_task_handler(f"arrears.{name}", getattr(steps, name))
