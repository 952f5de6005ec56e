"""Hits of models whose errors follow a known power law."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

SIZES = np.array([50.0, 100.0, 200.0, 500.0, 1_000.0])
Simulate = Callable[..., list[NDArray[np.bool_]]]


@pytest.fixture
def simulate() -> Simulate:
    """Answers test reviews that are hard to all models alike: hits of shape (num_seeds, num_reviews) per size."""

    def draw(
        errors: Sequence[float], *, num_seeds: int = 3, num_reviews: int = 2_000, spread: float = 0.0, seed: int = 0
    ) -> list[NDArray[Any]]:
        random = np.random.default_rng(seed)
        hard = random.random(num_reviews)
        hits = []
        for error in errors:
            own = np.clip(error + spread * random.standard_normal(num_seeds), 0.0, 0.5)
            shuffled = np.where(random.random((num_seeds, num_reviews)) < 0.7, hard, random.random(hard.shape))
            hits.append(shuffled >= own[:, None])
        return hits

    return draw
