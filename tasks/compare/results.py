"""What became of each model of a run, and what those that trained predicted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.evaluate.facts import AnyTraining, EvaluationFacts
from tasks.evaluate.metrics import predict_labels
from tasks.evaluate.predictions import read_predictions
from tasks.store.facts import Facts
from tasks.store.layout import PREDICTIONS_FILE
from tasks.store.outputs import COMPLETE, read_manifest

BASELINE: Final = "baseline"
ENSEMBLE: Final = "ensemble"
# How often an answer has to be right where the least confident ones go to a person.
TARGET_ACCURACY: Final = 0.95
# It always gives the same answer, so it says nothing about what models agree on.
CONSTANT: Final = "majority"


class Entrant(Facts):
    """One variant with one seed, to be trained and evaluated."""

    variant: str
    group: str
    encoding: str
    seed: int


class FailedModel(Entrant):
    """One that failed, and why."""

    reason: str


class TrainedModel(Entrant):
    """One that was trained and evaluated.

    `folder` is relative to the artifacts' root, `evaluation` the fingerprint of what this run's evaluation left there.
    """

    folder: str
    evaluation: str
    training: AnyTraining
    metrics: EvaluationFacts


ModelResult = TrainedModel | FailedModel


@dataclass(frozen=True)
class Contestant:
    """A variant with what its trained models, one per seed, predicted of the test split.

    probabilities (num_seeds, num_reviews, num_classes), predicted and correct (num_seeds, num_reviews). `shipped` is
    the row of the model that would be shipped: the one with the best accuracy on validation, the lower NLL of equals.
    """

    name: str
    results: Sequence[TrainedModel]
    probabilities: NDArray[np.float64]
    predicted: NDArray[np.intp]
    correct: NDArray[np.bool_]
    labels: NDArray[np.int32]

    @property
    def group(self) -> str:
        """The group of the variant."""
        return self.results[0].group

    @cached_property
    def shipped(self) -> int:
        """The row of the model that would be shipped."""
        return max(range(len(self.results)), key=lambda row: rank_on_validation(self.results[row]))

    @property
    def shipped_result(self) -> TrainedModel:
        """The result of the model that would be shipped."""
        return self.results[self.shipped]

    @property
    def accuracy(self) -> float:
        """Mean accuracy on test over the seeds."""
        return float(self.correct.mean())


def rank_on_validation(result: TrainedModel) -> tuple[float, float]:
    """Return what a choice on validation goes by, higher is better: accuracy, then NLL."""
    validation = result.metrics.validation
    return validation.accuracy, -validation.nll


def load_contestants(results: Sequence[ModelResult], artifacts_dir: Path) -> list[Contestant]:
    """Load the predictions of every variant that trained with at least one seed, in the order of the results."""
    trained: dict[str, list[TrainedModel]] = {}
    for result in results:
        if isinstance(result, TrainedModel):
            trained.setdefault(result.variant, []).append(result)
    return [load_contestant(name, rows, artifacts_dir) for name, rows in trained.items()]


def check_evaluation(folder: Path, result: TrainedModel) -> None:
    """Raise UserError when another run, of another dataset with the same training data, has evaluated it since."""
    if read_manifest(folder / COMPLETE, dict).fingerprint != result.evaluation:
        raise UserError(
            f"{result.variant} with seed {result.seed} was evaluated anew by another run meanwhile, whose test reviews "
            "or name differ; expected one run at a time on the same training data. Run again."
        )


def load_contestant(name: str, results: Sequence[TrainedModel], artifacts_dir: Path) -> Contestant:
    """Load one variant's predictions and decide them at each model's own threshold."""
    probabilities, predicted = [], []
    for result in results:
        folder = artifacts_dir / result.folder
        check_evaluation(folder, result)
        found, labels = read_predictions(folder / PREDICTIONS_FILE)
        probabilities.append(found)
        predicted.append(predict_labels(found, threshold=result.metrics.threshold))
    decided = np.stack(predicted)
    return Contestant(name, results, np.stack(probabilities), decided, decided == labels, labels)
