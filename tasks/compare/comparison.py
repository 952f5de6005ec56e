"""Everything that can be said about the models of a run; all reports are rendered from it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.compare.aimed import compare_aimed
from tasks.compare.chance import find_constant, find_learners
from tasks.compare.claims import Evidence, judge_claims
from tasks.compare.confusions import count_confusions
from tasks.compare.cost import find_pareto_fronts
from tasks.compare.data_card import SplitFacts, describe_data, find_unseen, read_split
from tasks.compare.facts import (
    FILE,
    Calibration,
    ComparedData,
    ComparedEncoding,
    Comparison,
    ComparisonFacts,
    Pair,
    Selection,
    Slices,
    Training,
    Unseen,
)
from tasks.compare.labels import describe_models, find_never_answered
from tasks.compare.languages import find_language, has_negation
from tasks.compare.leaderboard import build_rows
from tasks.compare.leaderboard_facts import LeaderboardRow
from tasks.compare.mistakes import analyse_errors
from tasks.compare.nothing_learned import Circumstances, recommend_nothing
from tasks.compare.overfitting import describe_trainings
from tasks.compare.own_slices import read_slice_columns
from tasks.compare.reasons import explain_mistakes
from tasks.compare.recommendation import recommend
from tasks.compare.recommendation_facts import Recommendation
from tasks.compare.results import TARGET_ACCURACY, Contestant, ModelResult, find_objective, load_contestants
from tasks.compare.selective import area_under_risk_coverage, coverage_at_accuracy, risk_coverage
from tasks.compare.significance import compare_pairs
from tasks.compare.slices import Attributes, Encoded, find_worst, slice_accuracy
from tasks.compare.unsettled import find_unsettled
from tasks.ingest.batches import read_batches
from tasks.objective.facts import Objective
from tasks.store.layout import SLICES_FILE, SPLIT_FILES, SPLITS, TEST_FILE


def write_comparison(
    results: Sequence[ModelResult],
    *,
    dataset: ComparedData,
    reviews_folder: Path,
    encodings: Mapping[str, ComparedEncoding],
    artifacts_dir: Path,
    folder: Path,
) -> ComparisonFacts:
    """Write comparison.json under `folder`; `encodings` are by name, starting with the one that most models use.

    Raises UserError when another run has re-evaluated a model in the meantime.
    """
    contestants = load_contestants(results, artifacts_dir)
    comparison = compare(
        results,
        contestants,
        dataset=dataset,
        reviews_folder=reviews_folder,
        encodings=encodings,
        trainings=describe_trainings(contestants, artifacts_dir),
    )
    if comparison.errors:
        explained = explain_mistakes(
            comparison.errors,
            contestants,
            test_path=reviews_folder / TEST_FILE,
            label_names=dataset.label_names,
            artifacts_dir=artifacts_dir,
        )
        comparison = comparison.model_copy(update={"errors": explained})
    comparison.write(folder / FILE)
    return ComparisonFacts(num_models=sum(len(contestant.results) for contestant in contestants))


def compare(
    results: Sequence[ModelResult],
    contestants: Sequence[Contestant],
    *,
    dataset: ComparedData,
    reviews_folder: Path,
    encodings: Mapping[str, ComparedEncoding],
    trainings: Mapping[str, tuple[Training, ...]],
) -> Comparison:
    """Compare the models by their predictions on the test split; `trainings` are their histories by variant."""
    splits = {split: read_split(reviews_folder / SPLIT_FILES[split]) for split in SPLITS}
    objective = find_objective(results)
    pairs = compare_all(contestants, objective)
    circumstances = Circumstances(
        constant=find_constant(contestants, splits["train"].labels),
        label_names=dataset.label_names,
        labels={name: split.labels for name, split in splits.items()},
        encodings=encodings,
        trainings=trainings,
    )
    rows = tuple(build_rows(results, contestants, pairs, find_learners(contestants, circumstances.constant)))
    recommendation = choose_model(contestants, rows, pairs, circumstances)
    test_path = reviews_folder / TEST_FILE
    shown = choose_shown(contestants, recommendation) if contestants else None
    slices = slice_models(contestants, splits["test"], test_path, encodings, dataset.label_names)
    evidence = Evidence(
        rows={row.name: row for row in rows},
        pairs=pairs,
        trainings=trainings,
        dataset=dataset.name,
        is_whole=dataset.is_whole,
        num_classes=len(dataset.label_names),
    )
    return Comparison(
        variants=rows,
        recommendation=recommendation,
        pairs=tuple(pairs),
        pareto=find_pareto_fronts(rows),
        calibration={it.name: describe_calibration(it) for it in contestants},
        selective={it.name: describe_selection(it) for it in contestants},
        slices=slices,
        worst_slice=find_worst(slices.models[recommendation.name]) if recommendation and recommendation.name else None,
        data=describe_data(splits, dataset=dataset, encodings=encodings, unseen=score_unseen(contestants, splits)),
        errors=analyse_errors(contestants, test_path, dataset.label_names, shown=shown),
        confusions=count_confusions(shown, dataset.label_names) if shown else None,
        labels=describe_models(contestants, shown, dataset.label_names) if shown else {},
        objective=objective,
        trainings=dict(trainings),
        # The claims are about accuracy, and the pairs of another run are not.
        claims=() if objective else judge_claims(evidence),
    )


def compare_all(contestants: Sequence[Contestant], objective: Objective | None) -> list[Pair]:
    """Compare all pairs of models by the metric that decides."""
    if objective is not None:
        return compare_aimed(contestants, objective)
    return compare_pairs({it.name: it.correct for it in contestants}, {it.name: it.shipped for it in contestants})


def choose_model(
    contestants: Sequence[Contestant],
    rows: Sequence[LeaderboardRow],
    pairs: Sequence[Pair],
    circumstances: Circumstances,
) -> Recommendation | None:
    """Recommend one of the models that beat chance, or say that nothing was learned; None when nothing trained."""
    accuracy = {row.name: row.accuracy for row in rows if row.accuracy}
    able = {row.name for row in rows if row.beats_chance}
    learners = [it for it in contestants if it.name in able]
    num_validation = len(circumstances.labels["validation"])
    found = recommend(learners, pairs, accuracy, num_validation=num_validation)
    if found and find_objective([it.shipped_result for it in learners]) is None:
        found = found.model_copy(update={"unsettled": find_unsettled(found, learners, pairs)})
    found = found or recommend_nothing(contestants, accuracy, circumstances)
    return found and describe_further(found, contestants, rows, circumstances.label_names)


def describe_further(
    found: Recommendation,
    contestants: Sequence[Contestant],
    rows: Sequence[LeaderboardRow],
    label_names: Sequence[str],
) -> Recommendation:
    """Add the metric that decides, and which labels the model never answers."""
    name = found.name or found.best_on_validation
    model = next(it for it in contestants if it.name == name)
    score = next(row.score for row in rows if row.name == name)
    return found.model_copy(update={"score": score, "never_answered": find_never_answered(model, label_names)})


def choose_shown(contestants: Sequence[Contestant], recommendation: Recommendation | None) -> Contestant:
    """Choose the model that is looked at more closely: the recommended one, otherwise the most accurate one."""
    name = recommendation.name if recommendation else None
    return next((it for it in contestants if it.name == name), max(contestants, key=lambda it: it.accuracy))


def describe_calibration(contestant: Contestant) -> Calibration:
    """Gather how well the shipped model's probabilities are calibrated, before and after temperature scaling."""
    metrics = contestant.shipped_result.metrics
    return Calibration(temperature=metrics.temperature, threshold=metrics.threshold, **dict(metrics.calibration))


def describe_selection(contestant: Contestant) -> Selection:
    """Measure how accurate the shipped model is when it may leave its least confident reviews to a person."""
    confidence = contestant.read_probabilities(contestant.shipped).max(axis=1)
    correct = contestant.correct[contestant.shipped]
    return Selection(
        curve=risk_coverage(confidence, correct),
        coverage_at_target=coverage_at_accuracy(confidence, correct, accuracy=TARGET_ACCURACY),
        aurc=area_under_risk_coverage(confidence, correct),
    )


def slice_models(
    contestants: Sequence[Contestant],
    test: SplitFacts,
    test_path: Path,
    encodings: Mapping[str, ComparedEncoding],
    label_names: Sequence[str],
) -> Slices:
    """Measure every model on the same slices; truncation and unknown words are those of the first encoding."""
    attributes = gather_attributes(test, test_path, encodings)
    return Slices(
        encoding=next(iter(encodings), None),
        models={it.name: slice_accuracy(it.correct, attributes, label_names, shipped=it.shipped) for it in contestants},
    )


def gather_attributes(test: SplitFacts, test_path: Path, encodings: Mapping[str, ComparedEncoding]) -> Attributes:
    """Gather what the test reviews are sliced by; tokens are those of the first encoding."""
    name = next(iter(encodings), None)
    return Attributes(
        num_words=test.num_words,
        label=test.labels,
        has_negation=read_negation(test_path),
        encoded=read_encoded(encodings[name]) if name else None,
        columns=read_slice_columns(test_path.with_name(SLICES_FILE)),
    )


def read_encoded(encoding: ComparedEncoding) -> Encoded:
    """Read the number of tokens and of unknown tokens in each test review."""
    table = pq.read_table(encoding.folder / TEST_FILE, columns=["num_tokens", "num_oov"])
    counts = {name: table.column(name).to_numpy() for name in table.column_names}
    return Encoded(length=encoding.length, **counts)


def read_negation(path: Path) -> NDArray[np.bool_] | None:
    """Tell which reviews of a file contain a negation: shape (num_reviews,); None in a language without known ones."""
    language = find_language(batch.column(0) for batch in read_batches(path, ["text"]))
    if language is None:
        return None
    return np.concatenate([has_negation(batch.column(0), language) for batch in read_batches(path, ["text"])])


def score_unseen(contestants: Sequence[Contestant], splits: Mapping[str, SplitFacts]) -> Unseen:
    """Measure accuracy on the test reviews whose text is in neither training nor validation."""
    unseen = find_unseen(splits)
    accuracy = {it.name: float(it.correct[:, unseen].mean()) for it in contestants} if unseen.any() else {}
    return Unseen(num_reviews=int(unseen.sum()), accuracy=accuracy)
