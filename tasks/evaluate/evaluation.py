"""Evaluate a trained model: calibrate on the validation split, score the test split once, and complete the bundle."""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.evaluate.calibration import apply_temperature, choose_threshold, fit_temperature, reliability
from tasks.evaluate.classifier import Classifier, load_classifier, measure_files
from tasks.evaluate.ensemble_facts import EnsembleSettings
from tasks.evaluate.facts import (
    BUNDLE_FILE,
    AnyTraining,
    BundleFacts,
    CalibrationFacts,
    CalibrationScores,
    EvaluationFacts,
    Origin,
    Scores,
    TextProfile,
)
from tasks.evaluate.metric_table import compute_metrics
from tasks.evaluate.metrics import Answers, brier, ece, nll
from tasks.evaluate.model_card import write_model_card
from tasks.evaluate.predictions import write_predictions
from tasks.evaluate.profile import (
    count_unfamiliar,
    find_most_unknown,
    find_unfamiliar,
    profile_lengths,
    profile_unknown,
)
from tasks.ingest.batches import read_batches
from tasks.objective.decisions import choose_decision
from tasks.objective.facts import Objective, Rule
from tasks.process.gate import inside
from tasks.store.layout import PREDICTIONS_FILE, TEST_FILE, TRAIN_FILE, VALIDATION_FILE
from tasks.train.facts import TrainingFacts
from tasks.train.kernels.choice import Kernels
from tasks.train.settings import FitSettings

SINGLE_REVIEWS: Final = 30
# A speed has a spread after so many measurements; they take no longer than this.
FEWEST_SPEEDS: Final = 5
MOST_SECONDS: Final = 2.0


class Decision(NamedTuple):
    """How probabilities become decisions, chosen on the validation split alone; `objective` is what they aim at."""

    temperature: float
    threshold: float
    rule: Rule | None = None
    objective: Objective | None = None


class ScoredSplit(NamedTuple):
    """A split's ids and labels, the model's uncalibrated probabilities, and the numbers of tokens and unknown tokens.

    All have shape (num_reviews,), except the probabilities, (num_reviews, num_classes), and `speeds`, the reviews
    scored per second in each batch.
    """

    ids: pa.Array
    labels: NDArray[np.int32]
    speeds: tuple[float, ...]
    probabilities: NDArray[np.float64]
    num_tokens: NDArray[np.int32]
    num_oov: NDArray[np.int32]


class Speed(NamedTuple):
    """The fields of the facts about speed."""

    predict_seconds: float
    predict_reviews_per_second: float
    predict_speeds: tuple[float, ...]
    predict_single_per_second: float


def evaluate_model(
    model_folder: Path,
    reviews_folder: Path,
    folder: Path,
    *,
    label_names: Sequence[str],
    origin: Origin,
    objective: Objective | None = None,
    gate: Path | None = None,
) -> EvaluationFacts:
    """Score validation and test as the model will be used: from text, with the saved files. Return the metrics.

    Writes predictions.parquet (test) and validation_predictions.parquet, both calibrated, bundle.json and
    MODEL_CARD.md under `folder`. Of the evaluations that share a `gate`, one measures its speed while the others wait.
    """
    with inside(gate) as be_alone:
        if isinstance(origin.settings, FitSettings):
            return_to_device(origin.settings)
        classifier = load_classifier(model_folder, origin.encoding, kernels=find_kernels(origin))
        validation = score_split(classifier, reviews_folder / VALIDATION_FILE)
        decision = decide(validation, objective)
        with be_alone():
            test, speed = score_and_time(classifier, reviews_folder)
        metrics = EvaluationFacts(
            **dict(measure(test, decision, is_ordinal=origin.dataset.ordinal)),
            temperature=decision.temperature,
            threshold=decision.threshold,
            rule=decision.rule,
            objective=objective,
            calibration=compare_calibration(test, decision),
            validation=measure(validation, decision, is_ordinal=origin.dataset.ordinal),
            **speed._asdict(),
            file_bytes=measure_files(model_folder),
        )
        for split, name in ((test, PREDICTIONS_FILE), (validation, "validation_predictions.parquet")):
            calibrated = apply_temperature(split.probabilities, decision.temperature)
            write_predictions(
                folder / name, split.ids, split.labels, calibrated, label_names, is_exact=decision.rule is not None
            )
        bundle = BundleFacts(
            **dict(origin),
            label_names=tuple(label_names),
            temperature=decision.temperature,
            threshold=decision.threshold,
            metrics=metrics,
            profile=profile_texts(classifier, validation, reviews_folder / TRAIN_FILE, origin.training),
        )
        bundle.write(folder / BUNDLE_FILE)
        write_model_card(folder / "MODEL_CARD.md", bundle, test_predictions=folder / PREDICTIONS_FILE)
        return metrics


def return_to_device(settings: FitSettings) -> None:
    """Compute where the model was trained."""
    from tasks.train.backend import restrict_device

    restrict_device(settings.device)


def find_kernels(origin: Origin) -> Kernels:
    """Return the kernels that the model was trained with; a baseline has none to choose."""
    return origin.settings.kernels if isinstance(origin.settings, FitSettings | EnsembleSettings) else "auto"


def profile_texts(classifier: Classifier, validation: ScoredSplit, train: Path, training: AnyTraining) -> TextProfile:
    """Describe the texts that the model was made from, so that later texts can be compared with them."""
    counts = validation.num_tokens, validation.num_oov
    most_unknown = training.most_unknown if isinstance(training, TrainingFacts) else None
    if most_unknown is None:
        most_unknown = find_most_unknown(classifier, train)
    return TextProfile(
        words=profile_lengths(train),
        unknown=profile_unknown(*counts),
        most_unknown=most_unknown,
        unfamiliar=count_unfamiliar(find_unfamiliar(*counts, most_unknown=most_unknown)),
    )


def score_split(classifier: Classifier, path: Path) -> ScoredSplit:
    """Score one file of reviews, batch by batch."""
    ids, labels, speeds, scored = [], [], [], []
    for batch in read_batches(path):
        ids.append(batch.column("id"))
        labels.append(batch.column("label").to_numpy())
        started = time.perf_counter()
        scored.append(classifier.score(batch.column("text")))
        speeds.append(len(batch) / (time.perf_counter() - started))
    arrays = (np.concatenate(column) for column in zip(*scored, strict=True))
    return ScoredSplit(pa.concat_arrays(ids), np.concatenate(labels), tuple(speeds), *arrays)


def score_and_time(classifier: Classifier, reviews_folder: Path) -> tuple[ScoredSplit, Speed]:
    """Score the test split, and measure how fast that was, and how fast single reviews are scored."""
    single_per_second = time_single_reviews(classifier, reviews_folder / VALIDATION_FILE)
    started = time.perf_counter()
    test = score_split(classifier, reviews_folder / TEST_FILE)
    seconds = time.perf_counter() - started
    speeds = measure_speeds(classifier, reviews_folder / TEST_FILE, test.speeds)
    return test, Speed(seconds, len(test.labels) / seconds, speeds, single_per_second)


def measure_speeds(classifier: Classifier, path: Path, speeds: tuple[float, ...]) -> tuple[float, ...]:
    """Add reviews per second to the measured ones until there are enough, as a small file is a single batch."""
    started = time.perf_counter()
    while len(speeds) < FEWEST_SPEEDS and time.perf_counter() - started < MOST_SECONDS:
        speeds += score_split(classifier, path).speeds
    return speeds


def decide(validation: ScoredSplit, objective: Objective | None = None) -> Decision:
    """Choose temperature and threshold, and the rule of more than two labels where accuracy is not the aim."""
    temperature = fit_temperature(validation.probabilities, validation.labels)
    calibrated = apply_temperature(validation.probabilities, temperature)
    if objective is None:
        return Decision(temperature, choose_threshold(calibrated, validation.labels))
    choice = choose_decision(calibrated, validation.labels, objective)
    return Decision(temperature, choice.threshold, choice.rule, objective)


def measure(split: ScoredSplit, decision: Decision, *, is_ordinal: bool = False) -> Scores:
    """Compute the metrics of calibrated probabilities and of the decisions that follow from them."""
    calibrated = apply_temperature(split.probabilities, decision.temperature)
    return compute_metrics(
        calibrated,
        split.labels,
        threshold=decision.threshold,
        is_ordinal=is_ordinal,
        rule=decision.rule,
        objective=decision.objective,
    )


def compare_calibration(split: ScoredSplit, decision: Decision) -> CalibrationFacts:
    """Measure calibration before and after the temperature is applied."""
    return CalibrationFacts(
        before=measure_calibration(split.probabilities, split.labels),
        after=measure_calibration(apply_temperature(split.probabilities, decision.temperature), split.labels),
    )


def measure_calibration(probabilities: NDArray[np.float64], labels: NDArray[np.int32]) -> CalibrationScores:
    """Measure how well probabilities are calibrated."""
    answers = Answers(probabilities, labels)
    return CalibrationScores(
        nll=nll(answers), brier=brier(answers), ece=ece(answers), reliability=reliability(probabilities, labels)
    )


def time_single_reviews(classifier: Classifier, path: Path) -> float:
    """Measure how many reviews a second the model scores one at a time, from the median time of SINGLE_REVIEWS."""
    texts = next(read_batches(path, ["text"])).column("text").slice(0, SINGLE_REVIEWS)
    classifier.score(texts.slice(0, 1))
    seconds = []
    for index in range(len(texts)):
        started = time.perf_counter()
        classifier.score(texts.slice(index, 1))
        seconds.append(time.perf_counter() - started)
    return 1.0 / median(seconds)
