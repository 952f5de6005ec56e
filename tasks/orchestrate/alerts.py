"""Alerts: webhook calls that tell a person about the end of an unattended run, with a link to its page."""

from typing import Any, Final, Literal

from prefect.client.schemas import State
from prefect.settings import get_current_settings

from tasks.formatting.redaction import drop_login
from tasks.orchestrate.registry import find_folder, hold_alert, note_alert
from tasks.orchestrate.webhook import call_webhook

Event = Literal["run-failed", "run-crashed", "run-cancelled", "promotion-refused", "drift-alarm"]
OF_STATES: Final[dict[str, Event]] = {
    "FAILED": "run-failed",
    "CRASHED": "run-crashed",
    # Prefect calls the hook while a run is still being stopped.
    "CANCELLING": "run-cancelled",
    "CANCELLED": "run-cancelled",
}


def alert(event: Event, message: str, *, flow_run: Any, dataset: str | None = None) -> None:
    """Send an event of a flow run to the webhook, if one is configured."""
    call_webhook(
        {
            "event": event,
            "message": message,
            "dataset": dataset or name_dataset(flow_run),
            "run": {"id": str(flow_run.id), "name": flow_run.name},
            "links": {"run": f"{find_ui()}/runs/flow-run/{flow_run.id}"},
        }
    )


def alert_of_end(flow: Any, flow_run: Any, state: State[Any]) -> None:  # noqa: ARG001  Prefect names them
    """Report how a run ended that did not complete; Prefect calls this as a hook."""
    run_id, folder = str(flow_run.id), find_folder()
    # `serve` or a worker calls this for a run whose process is gone, which others may be settling.
    with hold_alert(run_id, folder=folder) as is_due:
        if is_due:
            alert(OF_STATES[state.type.value], state.message or state.name or "", flow_run=flow_run)
            note_alert(run_id, folder=folder)


def name_dataset(flow_run: Any) -> str | None:
    """Return the dataset in a run's parameters, or None if they name none."""
    config = flow_run.parameters.get("config") or {}
    return config.get("dataset") if isinstance(config, dict) else getattr(config, "dataset", None)


def find_ui() -> str:
    """Return the address of the Prefect UI."""
    settings = get_current_settings()
    return drop_login(settings.ui_url or str(settings.api.url or "").removesuffix("/api")).rstrip("/")
