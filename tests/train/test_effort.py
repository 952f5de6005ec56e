"""The longest trainings start first, and those that would take hours are named before they start."""

import pytest

from tasks.encoders.facts import EncoderFacts
from tasks.train import effort
from tasks.train.effort import estimate_effort, find_slowness
from tasks.train.kernels.choice import Kernels
from tasks.train.sources import fit_variant
from tasks.train.variants import VARIANTS


def test_longer_trainings_take_more_effort() -> None:
    order = ["average-pool", "lstm", "bilstm", "stacked-bilstm"]
    assert sorted(order, key=lambda name: estimate_effort(VARIANTS[name])) == order


def test_frozen_encoder_takes_a_tenth_of_the_effort_of_one_that_is_trained() -> None:
    facts = EncoderFacts.model_construct(dim=384, num_params=22_564_608, vocab_size=30_522)
    rows = [fit_variant(VARIANTS[name], None, facts) for name in ("encoder-frozen", "encoder-fine-tuned")]
    frozen, trained = (estimate_effort(row, facts) for row in rows)
    assert 9 < trained / frozen < 11
    assert estimate_effort(VARIANTS["lstm"]) < frozen


@pytest.mark.parametrize(
    ("name", "kernels", "device", "is_slow"),
    [
        ("onehot-conv", "tensorflow", "CPU", True),
        ("onehot-conv", "plain", "CPU", True),
        ("onehot-conv", "native", "CPU", False),
        ("onehot-conv", "tensorflow", "NVIDIA H100", False),
        ("lstm", "plain", "CPU", False),
    ],
)
def test_model_that_would_take_hours_is_named(
    name: str,
    kernels: Kernels,
    device: str,
    is_slow: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(effort, "describe_computing", lambda chosen, _, **__: {"kernels": chosen, "device": device})
    found = find_slowness([VARIANTS["flatten"], VARIANTS[name]], kernels)
    assert (found is not None) is is_slow
    assert found is None or found.startswith("onehot-conv: without the package's C library")


@pytest.mark.parametrize(("kernels", "device"), [("plain", "CPU"), ("jax", "NVIDIA H100")])
def test_model_whose_embeddings_cannot_be_learned_is_named(
    kernels: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "describe_computing", lambda *_, **__: {"kernels": kernels, "device": device})
    rows = [VARIANTS["flatten"], VARIANTS["region-conv"]]
    monkeypatch.setattr(effort, "find_library", lambda: None)
    found = find_slowness(rows, "auto")
    assert found
    assert found.startswith("region-conv: without the package's C library, no embeddings of regions can be learned. ")
    monkeypatch.setattr(effort, "find_library", lambda: "_native.so")
    slow = find_slowness(rows, "auto")
    assert (slow is None) is (device != "CPU")
