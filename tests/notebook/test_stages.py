"""In a notebook, too, the device of a variant is settled before the first training."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.errors import TrainingError
from tasks.notebook import stages
from tasks.notebook.stages import DirectStages
from tasks.settings.run import RunConfig
from tasks.train.facts import DeviceFacts
from tasks.train.variants import VARIANTS


@pytest.mark.parametrize(
    ("answer", "device", "told"),
    [
        (DeviceFacts(device="cpu", cpu_seconds=0.1, gpu_seconds=0.2), "cpu", "lstm: on the CPU: 100.0 ms an update"),
        (TrainingError("no device could train it"), "auto", "lstm: no device could train it"),
    ],
    ids=["measured", "failed"],
)
def test_device_is_settled_by_the_kept_choice(
    answer: Any,
    device: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def make(_: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(facts=answer)

    monkeypatch.setattr(stages, "has_choice", lambda *_: True)
    monkeypatch.setattr(stages, "plan_device", lambda *_, **__: None)
    monkeypatch.setattr(stages, "make", make)
    sequences: Any = None
    settings = RunConfig().choose_fit(VARIANTS["lstm"], seed=1)
    direct = DirectStages(Path(), Path())
    with caplog.at_level(logging.INFO):
        assert direct.settle_device(VARIANTS["lstm"], settings, sequences, num_classes=2) == device
    assert caplog.messages[0].startswith(told)
