"""Results of models, as trainings and evaluations leave them, made by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.report.leaderboard import METRICS, TRAINING, ModelResult, build_leaderboard

NUM_REVIEWS = 100
AddResult = Callable[..., ModelResult]
Build = Callable[..., dict[str, Any]]


@pytest.fixture
def run_facts() -> dict[str, Any]:
    return {
        "id": "20260102-030405-abcdef12",
        "dataset": "imdb_reviews",
        "is_fallback": False,
        "fallback_reason": "",
        "label_names": ["neg", "pos"],
        "num_reviews": {"train": 22_500, "validation": 2_500, "test": NUM_REVIEWS},
        "limit": None,
        "seeds": 1,
        "started": "2026-01-02T03:04:05+00:00",
        "seconds": 61.4,
        "device": "CPU (2 cores), tensorflow",
        "versions": {"keras": "3.15.1"},
    }


@pytest.fixture
def add_result(tmp_path: Path) -> AddResult:
    """Writes the files of a model that is right on the first `num_correct` of the reviews, and returns its result."""

    def add(variant: str, num_correct: int, *, seed: int = 1, threshold: float = 0.5, **numbers: Any) -> ModelResult:
        folder = f"models/{variant}/seed-{seed}"
        (tmp_path / folder).mkdir(parents=True)
        labels = np.arange(NUM_REVIEWS) % 2
        is_positive = np.where(np.arange(NUM_REVIEWS) < num_correct, labels, 1 - labels)
        positive = np.where(is_positive, threshold + 0.1, threshold - 0.1)
        columns = {
            "id": [str(index) for index in range(NUM_REVIEWS)],
            "label": pa.array(labels, pa.int32()),
            "p_neg": 1 - positive,
            "p_pos": positive,
        }
        pq.write_table(pa.table(columns), tmp_path / folder / "predictions.parquet")
        (tmp_path / folder / "bundle.json").write_text(json.dumps({"threshold": threshold}))
        return ModelResult(
            variant=variant,
            encoding="words-10k-120",
            seed=seed,
            status="ok",
            folder=folder,
            training={**dict.fromkeys(TRAINING, 2.0), "num_params": 171_533, **numbers},
            metrics={**dict.fromkeys(METRICS, 0.5), **numbers},
        )

    return add


@pytest.fixture
def fail_result() -> AddResult:
    """A result of a model that failed."""

    def fail(variant: str, reason: str = "out of memory", *, seed: int = 1) -> ModelResult:
        return ModelResult(variant=variant, encoding="words-10k-120", seed=seed, status="failed", reason=reason)

    return fail


@pytest.fixture
def build(tmp_path: Path, run_facts: dict[str, Any]) -> Build:
    """Builds a leaderboard of results, with some facts of the run changed."""

    def build_from(*results: ModelResult, **changes: Any) -> dict[str, Any]:
        return build_leaderboard(results, run={**run_facts, **changes}, artifacts_dir=tmp_path)

    return build_from
