"""The outcome of each model of a run, and the predictions of those that trained."""

from collections.abc import Callable, Sequence
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
from tasks.objective.facts import Objective
from tasks.store.facts import Facts
from tasks.store.layout import PREDICTIONS_FILE
from tasks.store.outputs import COMPLETE, read_manifest

BASELINE: Final = "baseline"
ENSEMBLE: Final = "ensemble"
# The group of ensembles that are bundles; the plain average of all models is none.
STACKED: Final = "stacked"
# The accuracy that is asked for when the least confident answers go to a person.
TARGET_ACCURACY: Final = 0.95
# It always gives the same answer, so it says nothing about how far models agree.
CONSTANT: Final = "majority"


class Entrant(Facts):
    """One variant with one seed, to be trained and evaluated."""

    variant: str
    group: str
    encoding: str
    seed: int


class FailedModel(Entrant):
    """An entrant that failed, and why."""

    reason: str


class TrainedModel(Entrant):
    """An entrant that was trained and evaluated.

    `folder` is relative to the artifacts' root; `evaluation` is the fingerprint of this run's evaluation in it.
    """

    folder: str
    evaluation: str
    training: AnyTraining
    metrics: EvaluationFacts


ModelResult = TrainedModel | FailedModel


@dataclass(frozen=True)
class Contestant:
    """A variant with the predictions of its trained models, one per seed, on the test split.

    Shapes: predicted and correct (num_seeds, num_reviews), labels (num_reviews,). `read_probabilities` reads those of a
    row, (num_reviews, num_classes), each time, because those of all models together may not fit into memory. `shipped`
    is the row of the model that would be shipped: the one with the best validation accuracy, or what decides instead of
    accuracy, and with the lowest NLL among equals.
    """

    name: str
    results: Sequence[TrainedModel]
    read_probabilities: Callable[[int], NDArray[np.float64]]
    num_classes: int
    predicted: NDArray[np.int32]
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


def find_objective(results: Sequence[ModelResult]) -> Objective | None:
    """Find what the models of a run were chosen for; None for accuracy."""
    return next((it.metrics.objective for it in results if isinstance(it, TrainedModel)), None)


def rank_on_validation(result: TrainedModel) -> tuple[float, float]:
    """Return the key of a choice on validation, higher is better: accuracy or what decides instead, and negated NLL."""
    return result.metrics.deciding


def load_contestants(results: Sequence[ModelResult], artifacts_dir: Path) -> list[Contestant]:
    """Load the predictions of every variant that trained with at least one seed, in the order of the results.

    Raises UserError when another run has re-evaluated a model in the meantime.
    """
    trained: dict[str, list[TrainedModel]] = {}
    for result in results:
        if isinstance(result, TrainedModel):
            trained.setdefault(result.variant, []).append(result)
    return [load_contestant(name, rows, artifacts_dir) for name, rows in trained.items()]


def check_evaluation(folder: Path, result: TrainedModel) -> None:
    """Raise UserError when another run with the same training data has re-evaluated the model since."""
    if read_manifest(folder / COMPLETE, dict).fingerprint != result.evaluation:
        raise UserError(
            f"{result.variant} with seed {result.seed} was re-evaluated by another run in the meantime, with other "
            "test reviews or another dataset name; expected one run at a time on the same training data. Run the same "
            "command again."
        )


def load_contestant(name: str, results: Sequence[TrainedModel], artifacts_dir: Path) -> Contestant:
    """Load one variant's answers, by each model's own threshold."""
    paths = [artifacts_dir / result.folder / PREDICTIONS_FILE for result in results]
    predicted = []
    for path, result in zip(paths, results, strict=True):
        check_evaluation(path.parent, result)
        found, labels = read_predictions(path)
        answers = predict_labels(found, threshold=result.metrics.threshold, rule=result.metrics.rule)
        predicted.append(answers.astype(np.int32))
    decided = np.stack(predicted)

    def read_probabilities(row: int) -> NDArray[np.float64]:
        return read_predictions(paths[row])[0]

    return Contestant(name, results, read_probabilities, found.shape[1], decided, decided == labels, labels)
