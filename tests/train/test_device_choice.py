"""The device of a variant: the faster one, measured once and then kept."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.encode.encodings import Encoding
from tasks.errors import TrainingError
from tasks.process.child import ChildError
from tasks.store.outputs import FileRecord, Manifest, Produced, produce
from tasks.train import output
from tasks.train.facts import DeviceFacts
from tasks.train.output import has_choice, plan_device
from tasks.train.settings import FitSettings
from tasks.train.update_speed import NUM_UPDATES, measure_update
from tasks.train.variants import VARIANTS

SETTINGS = FitSettings(epochs=3, patience=2, batch_size=4, learning_rate=1e-3, seed=1)
LSTM = VARIANTS["lstm"]
# Chooses, with the seconds that a device needs, or what is raised there.
Choose = Callable[..., Produced[DeviceFacts]]


@pytest.fixture(autouse=True)
def gpu(monkeypatch: pytest.MonkeyPatch) -> str:
    """The machine has a GPU."""
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr("tasks.train.output.find_device", lambda: "NVIDIA H100")
    monkeypatch.setattr("tasks.train.identity.find_device", lambda: "NVIDIA H100")
    return "NVIDIA H100"


@pytest.fixture
def choose(encoding: Encoding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Choose:
    sequences = Manifest(
        kind="encoding",
        name=encoding.name,
        fingerprint="f",
        folder="encodings/f",
        decided_by={"encoding": encoding.settings()},
        facts={},
        files={"train.parquet": FileRecord(sha256="1", num_bytes=1)},
        created="today",
    )

    def choose_device(*, cpu: Any = 1.0, gpu: Any = 1.0, variant: Any = LSTM, **changes: Any) -> Any:
        def answer(_: str, *, settings: FitSettings, **__: Any) -> float:
            found = {"cpu": cpu, "gpu": gpu}[settings.device]
            if isinstance(found, Exception):
                raise found
            return float(found)

        monkeypatch.setattr(output, "run_apart", answer)
        settings = replace(SETTINGS, **changes)
        return produce(
            *plan_device(variant, settings, sequences, num_classes=2, data_dir=tmp_path, artifacts_dir=tmp_path)
        )

    return choose_device


@pytest.mark.parametrize(("cpu", "gpu", "faster"), [(0.002, 0.003, "cpu"), (0.003, 0.002, "gpu"), (0.5, 0.5, "gpu")])
def test_device_with_the_faster_updates_is_chosen(cpu: float, gpu: float, faster: str, choose: Choose) -> None:
    facts = choose(cpu=cpu, gpu=gpu).manifest.facts
    assert (facts.device, facts.cpu_seconds, facts.gpu_seconds) == (faster, cpu, gpu)


def test_choice_is_kept_when_later_timings_would_differ(choose: Choose) -> None:
    first = choose(cpu=0.002, gpu=0.003)
    second = choose(cpu=0.003, gpu=0.002)
    assert (first.reused, second.reused) == (False, True)
    assert second.manifest.facts == first.manifest.facts


@pytest.mark.parametrize(
    "change", [{"variant": VARIANTS["flatten"]}, {"batch_size": 64}, {"kernels": "plain"}], ids=["variant", "b", "k"]
)
def test_what_an_update_costs_is_measured_again_when_it_may_have_changed(change: Any, choose: Choose) -> None:
    choose()
    assert not choose(**change).reused


@pytest.mark.parametrize("change", [{"seed": 2}, {"epochs": 9}, {"learning_rate": 0.1}], ids=str)
def test_settings_that_change_no_cost_keep_the_choice(change: Any, choose: Choose) -> None:
    choose()
    assert choose(**change).reused


def test_another_gpu_is_measured(choose: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    choose()
    monkeypatch.setattr("tasks.train.identity.find_device", lambda: "NVIDIA H200")
    assert not choose().reused


@pytest.mark.parametrize("error", [TrainingError("no memory"), ChildError("ValueError: no cuDNN")], ids=str)
def test_device_that_fails_is_not_chosen_and_the_reason_is_kept(error: Exception, choose: Choose) -> None:
    facts = choose(cpu=9.0, gpu=error).manifest.facts
    assert (facts.device, facts.gpu_seconds) == ("cpu", None)
    assert facts.failures == (f"gpu: {error}",)
    assert choose(cpu=error, gpu=9.0, batch_size=8).manifest.facts.device == "gpu"


def test_failure_of_both_devices_is_not_kept(choose: Choose) -> None:
    with pytest.raises(TrainingError, match=r"no device could train it: cpu: full; gpu: too"):
        choose(cpu=TrainingError("full"), gpu=TrainingError("too"))
    assert not choose().reused


def test_choice_is_described_with_both_times() -> None:
    describe = DeviceFacts(device="cpu", cpu_seconds=0.0023, gpu_seconds=0.0034).describe
    assert describe() == "on the CPU: 2.3 ms an update, 3.4 ms on the GPU"
    failed = DeviceFacts(device="gpu", cpu_seconds=None, gpu_seconds=0.1)
    assert failed.describe() == "on the GPU: 100.0 ms an update, failed on the CPU"


@pytest.mark.parametrize(("wanted", "chooses"), [("auto", True), ("cpu", False), ("gpu", False)])
def test_there_is_a_choice_only_where_none_is_wanted_by_name(wanted: Any, chooses: bool) -> None:  # noqa: FBT001
    assert has_choice(LSTM, replace(SETTINGS, device=wanted)) is chooses


def test_there_is_no_choice_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.train.output.find_device", lambda: "CPU")
    assert not has_choice(LSTM, SETTINGS)


def test_there_is_no_choice_where_a_cpu_would_take_hours() -> None:
    assert not has_choice(VARIANTS["onehot-conv"], replace(SETTINGS, kernels="plain"))


def test_update_is_measured_also_with_fewer_reviews_than_a_round_needs(
    encoding: Encoding, sequences_folder: Path, tmp_path: Path
) -> None:
    assert NUM_UPDATES * SETTINGS.batch_size > 10
    seconds = measure_update(
        VARIANTS["flatten"], encoding, SETTINGS, num_classes=2, sequences_folder=sequences_folder, folder=tmp_path
    )
    assert 0 < seconds < 60
