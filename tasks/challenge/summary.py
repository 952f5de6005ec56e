"""How accurate the models are on a further test set, and how much less than on test."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.challenge.facts import AnswerFacts, Challenge, ChallengedModel
from tasks.compare.facts import Estimate
from tasks.compare.results import TrainedModel
from tasks.evaluate.intervals import bootstrap_accuracy
from tasks.evaluate.predictions import load_correct
from tasks.ingest.facts import ChallengeManifest
from tasks.store.layout import PREDICTIONS_FILE
from tasks.store.outputs import Manifest


def summarise_challenge(
    reviews: ChallengeManifest, answers: Sequence[tuple[TrainedModel, Manifest[AnswerFacts]]], artifacts_dir: Path
) -> Challenge:
    """Summarise the answers of a run's models, with one or more seeds each, the most accurate first."""
    by_variant: dict[str, list[tuple[TrainedModel, Manifest[AnswerFacts]]]] = {}
    for model, answer in answers:
        by_variant.setdefault(model.variant, []).append((model, answer))
    models = [
        compare_sets(
            name,
            challenged=np.stack([load_hits(artifacts_dir / answer.folder, model) for model, answer in rows]),
            tested=np.stack([load_hits(artifacts_dir / model.folder, model) for model, _ in rows]),
        )
        for name, rows in by_variant.items()
    ]
    return Challenge(
        reviews=reviews.facts, models=tuple(sorted(models, key=lambda it: it.accuracy.value, reverse=True))
    )


def load_hits(folder: Path, model: TrainedModel) -> NDArray[np.bool_]:
    """Load which reviews a model got right: shape (num_reviews,)."""
    metrics = model.metrics
    return load_correct(folder / PREDICTIONS_FILE, threshold=metrics.threshold, rule=metrics.rule)


def compare_sets(name: str, *, challenged: NDArray[np.bool_], tested: NDArray[np.bool_]) -> ChallengedModel:
    """Compare the hits of a variant on two sets, of shapes (num_seeds, num_reviews) each.

    The bounds of the drop follow from those of the two accuracies, which come from independent samples (MOVER, Zou &
    Donner 2008).
    """
    accuracy, on_test = estimate(challenged), estimate(tested)
    drop = on_test.value - accuracy.value
    below = math.hypot(on_test.value - on_test.low, accuracy.high - accuracy.value)
    above = math.hypot(on_test.high - on_test.value, accuracy.value - accuracy.low)
    return ChallengedModel(
        model=name,
        seeds=len(challenged),
        accuracy=accuracy,
        drop=Estimate(value=drop, low=drop - below, high=drop + above),
    )


def estimate(correct: NDArray[np.bool_]) -> Estimate:
    """Estimate an accuracy as the leaderboard does."""
    low, high = bootstrap_accuracy(correct)
    return Estimate(value=float(correct.mean()), low=low, high=high)
