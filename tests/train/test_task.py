"""The tasks of training: the device of a variant is settled before the first training."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.errors import TrainingError
from tasks.train import task
from tasks.train.facts import DeviceFacts
from tasks.train.settings import FitSettings
from tasks.train.task import settle_device
from tasks.train.variants import VARIANTS

SETTINGS = FitSettings(epochs=3, patience=2, batch_size=32, learning_rate=1e-3, seed=1)


@pytest.fixture(autouse=True)
def choices(monkeypatch: pytest.MonkeyPatch) -> Any:
    """There is a choice between two devices, and it is made without Prefect."""
    made: dict[str, Any] = {"answer": None, "asked": 0}

    def choose(*_: Any, **__: Any) -> Any:
        made["asked"] += 1
        if isinstance(made["answer"], Exception):
            raise made["answer"]
        return SimpleNamespace(facts=made["answer"])

    monkeypatch.setattr(task, "has_choice", lambda _, settings: settings.device == "auto")
    monkeypatch.setattr(task, "get_run_logger", lambda: logging.getLogger("test"))
    monkeypatch.setattr(task, "run", choose)
    return made


def settle(settings: FitSettings = SETTINGS) -> str:
    folders = {"data_dir": Path("data"), "artifacts_dir": Path("artifacts")}
    sequences: Any = None
    return settle_device(VARIANTS["lstm"], settings, sequences, num_classes=2, **folders)


def test_faster_device_is_chosen_and_told(choices: Any, caplog: pytest.LogCaptureFixture) -> None:
    choices["answer"] = DeviceFacts(device="cpu", cpu_seconds=0.0023, gpu_seconds=0.0034)
    with caplog.at_level(logging.INFO):
        assert settle() == "cpu"
    assert caplog.messages == ["lstm: on the CPU: 2.3 ms an update, 3.4 ms on the GPU"]


@pytest.mark.parametrize("wanted", ["cpu", "gpu"])
def test_wanted_device_is_not_measured(wanted: Any, choices: Any) -> None:
    settings = FitSettings(epochs=3, patience=2, batch_size=32, learning_rate=1e-3, seed=1, device=wanted)
    assert settle(settings) == wanted
    assert choices["asked"] == 0


def test_what_cannot_be_measured_is_left_to_the_training(choices: Any, caplog: pytest.LogCaptureFixture) -> None:
    choices["answer"] = TrainingError("no device could train it: cpu: full; gpu: full")
    assert settle() == "auto"
    assert caplog.messages == ["lstm: no device could train it: cpu: full; gpu: full"]
