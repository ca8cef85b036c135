"""Lending the room's processes and handlers to the engine; called once when Django is ready."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from busbar.connections.steps import choosing, commissioning, intake, scheme, short, works
from busbar.connections.subjects import APPLICATION
from busbar.workflow import registry

PROCESSES = Path(__file__).resolve().parents[1] / "processes"

_HANDLERS: tuple[tuple[ModuleType, tuple[str, ...]], ...] = (
    (
        intake,
        (
            "check_documents", "answer_corrections", "review_application", "hand_over",
            "plan_survey", "conclude_survey",
        ),
    ),
    (scheme, ("submit_scheme", "countersign", "approve_scheme", "reply_to_customer")),
    (
        works,
        (
            "confirm_contractors", "submit_design", "review_design", "report_work_start",
            "request_interim", "hold_interim", "hold_completion", "report_completion",
            "rectify_findings", "recheck_findings", "recheck_completion",
        ),
    ),
    (
        commissioning,
        (
            "sign_agreement", "plan_metering", "fit_meter", "energize", "register_supply",
            "record_training", "close_application",
        ),
    ),
    (
        short,
        (
            "approve_change", "carry_out_change", "do_metering_order", "do_service_order",
            "publish_answer", "decide_refund",
        ),
    ),
)  # fmt: skip

_CHOICES = (
    "colleagues", "inspectors", "departments", "feeders", "charge_items", "designers", "builders",
    "completion_tests", "tariffs", "account_points", "change_transformers", "standing_meters",
)  # fmt: skip


def register_all() -> None:
    """Every handler and every list to choose from under `connections.<function>`."""
    registry.register_processes(PROCESSES)
    for module, names in _HANDLERS:
        for name in names:
            registry.register_task_handler(f"connections.{name}", getattr(module, name))
    for name in _CHOICES:
        registry.register_choices(f"connections.{name}", getattr(choosing, name))
    registry.register_invitation(APPLICATION, intake.invite)
