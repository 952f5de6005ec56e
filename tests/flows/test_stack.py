"""The training flow makes an ensemble of each seed's models, or says that none helps."""

import logging
from pathlib import Path
from typing import Any

import pytest

from tasks.compare.results import STACKED, FailedModel
from tasks.evaluate.ensemble_facts import STACK
from tasks.settings.run import RunConfig
from tasks.stack.writing import Stack

LOGGER = logging.getLogger("flow")


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The module of the flow, whose tasks are noted instead of run."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    from flows import train_all

    monkeypatch.setattr(train_all, "get_run_logger", lambda: LOGGER)
    return train_all


def test_nothing_is_made_if_no_second_model_helps(
    flow: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flow, "choose_stack", lambda *_, **__: None)
    with caplog.at_level(logging.INFO, logger="flow"):
        assert flow.stack_and_evaluate(RunConfig(), [], 2, None) == []
    assert caplog.messages == ["ensemble-stacked: with seed 2, no second model helps the best on validation"]


def test_ensemble_is_made_and_evaluated_as_a_model_of_its_seed(
    flow: Any, monkeypatch: pytest.MonkeyPatch, add_result: Any
) -> None:
    models = (add_result("nb-svm", 80, group="baseline"), add_result("lstm", 80, seed=3))
    stack = Stack(models, (0.6, 0.4), accuracy=0.9, loss=0.3)
    monkeypatch.setattr(flow, "choose_stack", lambda *_, **__: stack)
    called: list[tuple[Any, ...]] = []

    def run(task: Any, *arguments: Any, **_options: Any) -> Any:
        called.append((task.name, *arguments))
        if task is flow.evaluate_model:
            raise RuntimeError("the end of this test")
        return "the ensemble"

    monkeypatch.setattr(flow, "run", run)
    config = RunConfig(stack=True, epochs=4)
    (result,) = flow.stack_and_evaluate(config, list(models), 3, "the reviews")
    assert called == [
        ("stack-models", stack, config.describe_stack(3)),
        ("evaluate-model", "the ensemble", "the reviews"),
    ]
    assert isinstance(result, FailedModel)
    assert (result.variant, result.group, result.seed) == (STACK, STACKED, 3)
    assert "the end of this test" in result.reason
