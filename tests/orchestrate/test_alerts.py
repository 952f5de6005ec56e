"""How a run ended, told with what its parameters say."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from prefect.states import Failed

from flows.predict import predict
from tasks.orchestrate.alerts import alert_of_end
from tasks.settings.predict import PredictConfig

if TYPE_CHECKING:
    from conftest import WebhookReceiver


def test_failed_scoring_is_told(receiver: "WebhookReceiver", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    config = PredictConfig(input=Path("in.csv"), output=Path("out.csv"))
    for parameters in ({"config": config}, {"config": {"input": "in.csv"}}):
        flow_run = SimpleNamespace(id="1", name="in.csv → out.csv", parameters=parameters)
        alert_of_end(predict, flow_run, Failed(message="no model"))
        body = receiver.events()["run-failed"]
        receiver.received.clear()
        assert (body["message"], body["dataset"], body["run"]["name"]) == ("no model", None, "in.csv → out.csv")


def test_scoring_that_nobody_watches_raises_the_alarm() -> None:
    for hooks in (predict.on_failure_hooks, predict.on_crashed_hooks, predict.on_cancellation_hooks):
        assert alert_of_end in hooks
