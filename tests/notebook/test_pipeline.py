"""In a notebook, too, the device of a variant is settled before the first training."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.errors import TrainingError
from tasks.notebook import pipeline
from tasks.notebook.pipeline import settle_device
from tasks.notebook.settings import NotebookConfig
from tasks.train.facts import DeviceFacts
from tasks.train.variants import VARIANTS

REVIEWS: Any = SimpleNamespace(facts=SimpleNamespace(label_names=["bad", "good"]))


@pytest.mark.parametrize(
    ("answer", "device", "told"),
    [
        (DeviceFacts(device="cpu", cpu_seconds=0.1, gpu_seconds=0.2), "cpu", "lstm: on the CPU: 100.0 ms an update"),
        (TrainingError("no device could train it"), "auto", "lstm: no device could train it"),
    ],
    ids=["measured", "failed"],
)
def test_device_is_settled_by_the_kept_choice(
    answer: Any, device: str, told: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def make(_: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(facts=answer)

    monkeypatch.setattr(pipeline, "has_choice", lambda *_: True)
    monkeypatch.setattr(pipeline, "plan_device", lambda *_, **__: None)
    monkeypatch.setattr(pipeline, "make", make)
    sequences: Any = None
    with caplog.at_level(logging.INFO):
        assert settle_device(NotebookConfig(), VARIANTS["lstm"], REVIEWS, sequences) == device
    assert caplog.messages[0].startswith(told)
