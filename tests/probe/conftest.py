"""Rows as the probe summarises them."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.probe.facts import MeanAccuracy

AddRow = Callable[..., MeanAccuracy]


@pytest.fixture
def make_row() -> AddRow:
    def make(recall_task: str, model: str, distance: int, mean: float = 1.0, **changes: Any) -> MeanAccuracy:
        row = {
            "recall_task": recall_task,
            "upto": False,
            "trained_on": distance,
            "model": model,
            "distance": distance,
            "mean": mean,
            "low": mean,
            "high": mean,
            "num_seeds": 3,
            "num_solved": 3 if mean >= 0.95 else 0,
            "num_params": 22_305,
            "updates": 626.0 if mean >= 0.95 else None,
        }
        return MeanAccuracy.model_validate({**row, **changes})

    return make
