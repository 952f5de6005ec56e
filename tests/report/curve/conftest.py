"""Learning curves that were never measured, summed up as those of trained models are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tasks.curve.draws import bound_accuracy, draw_errors
from tasks.curve.facts import Cell, LearningCurve, Point, Winner
from tasks.curve.growth import describe_growth

BuildCurve = Callable[..., LearningCurve]
SIZES = (50, 100, 200, 500, 1_000)
# Floor, scale and exponent of the error of each model.
LAWS = {"nb-svm": (0.08, 0.12, 0.5), "lstm": (0.05, 0.3, 0.4)}
RUN: dict[str, Any] = {
    "id": "20260102-030405-abcdef12",
    "dataset": "imdb_reviews",
    "is_fallback": False,
    "fallback_reason": "",
    "label_names": ("neg", "pos"),
    "num_reviews": {"train": 1_000, "validation": 100, "test": 2_000},
    "hashes": {"test.parquet": "0123456789abcdef"},
    "sizes": ("5%", "10%", "20%", "50%", "100%"),
    "left_out": (),
    "seeds": 2,
    "failed": (),
    "started": "2026-01-02T03:04:05+00:00",
    "seconds": 61.4,
    "device": "CPU (2 cores), tensorflow",
    "versions": {"keras": "3.15.1"},
}


@pytest.fixture
def build_curve() -> BuildCurve:
    """Builds curves of two models and of the constant answer, at all sizes or at the first few."""

    def build(*, num_sizes: int = 5, num_seeds: int = 2, winners: Any = None, miss: float = 0.0, **run: Any) -> Any:
        sizes = np.array(SIZES[:num_sizes], np.float64)
        points, growths, cells = [], [], []
        for place, (model, (floor, scale, exponent)) in enumerate({"majority": (0.5, 0.0, 1.0), **LAWS}.items()):
            errors = floor + scale * (sizes / sizes[0]) ** -exponent
            errors[-1] += miss
            hard = np.random.default_rng(place).permutation(2_000) / 2_000
            hits = [np.stack([np.roll(hard, seed) for seed in range(num_seeds)]) >= error for error in errors]
            draws = draw_errors(hits, sizes)
            for index, (size, own) in enumerate(zip(SIZES[:num_sizes], hits, strict=True)):
                low, high = bound_accuracy(own, draws[:, index])
                shared = {"model": model, "share": size / 1_000, "num_train": size}
                points.append(Point(**shared, num_seeds=num_seeds, mean=own.mean(), low=low, high=high))
                numbers = {"num_validation": size // 10, "val_accuracy": 0.5, "train_seconds": 1.0}
                cells += [
                    Cell(
                        **shared,
                        **numbers,
                        group="seed",
                        seed=seed,
                        accuracy=hit.mean(),
                        folder=f"models/{model}/{seed}",
                    )
                    for seed, hit in enumerate(own, 1)
                ]
            if model != "majority" and num_sizes > 2:
                growths.append(describe_growth(model, sizes, hits, draws))
        return LearningCurve(
            run={**RUN, "seeds": num_seeds, **run},
            cells=tuple(cells),
            points=tuple(points),
            growths=tuple(growths),
            winners=choose_winners(num_sizes) if winners is None else winners,
            constant_accuracy=0.5,
        )

    return build


def choose_winners(num_sizes: int) -> tuple[Winner, ...]:
    """nb-svm is ahead at all sizes, and level with lstm at the largest."""
    found = []
    for size in SIZES[:num_sizes]:
        tie = {"tied": ("lstm",), "rival": "lstm", "lead": 0.01, "num_test_reviews": 4_200}
        shared = {"share": size / 1_000, "num_train": size, "best": "nb-svm", "beats_chance": size > 50}
        found.append(Winner(**shared, **(tie if size == SIZES[num_sizes - 1] else {"tied": ()})))
    return tuple(found)
