"""The leaderboard: a row per variant, each number a mean over the seeds that trained."""

import statistics
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.baseline.facts import BaselineFacts
from tasks.compare.aimed import measure_seeds, summarise_hits, summarise_score
from tasks.compare.facts import Pair
from tasks.compare.leaderboard_facts import ChanceMetric, LeaderboardRow, Spread
from tasks.compare.results import BASELINE, ENSEMBLE, STACKED, Contestant, FailedModel, ModelResult, find_objective
from tasks.compare.significance import group_ties
from tasks.evaluate.intervals import bootstrap_accuracy
from tasks.evaluate.metric_table import compute_metrics, list_averaged


def build_rows(
    results: Sequence[ModelResult],
    contestants: Sequence[Contestant],
    pairs: Sequence[Pair],
    learners: Mapping[str, ChanceMetric | None],
) -> list[LeaderboardRow]:
    """Build the rows, the ensemble's included: best mean accuracy first, failures last.

    If the run aims at another metric, the rows are in the order of that, and there is no row of the ensemble, because
    nothing has chosen how its probabilities become answers. `learners` says on which metric each model
    beats chance, None if on neither.
    """
    known = {contestant.name: contestant for contestant in contestants}
    names = list(dict.fromkeys(result.variant for result in results))
    rows = [build_row([it for it in results if it.variant == name], known.get(name)) for name in names]
    objective = find_objective(results)
    if objective is None:
        rows += build_ensemble([it for it in contestants if learners[it.name] and it.group != STACKED])
    sign = objective.sign if objective else 1
    rows.sort(
        key=lambda row: (row.status == "failed", -sign * found.mean if (found := row.score or row.accuracy) else 0)
    )
    ranked = [row.name for row in rows if row.name in known]
    ties = {name: rank for rank, group in enumerate(group_ties(ranked, pairs), start=1) for name in group}
    baseline = find_best_baseline(contestants)
    placed = [place_row(row, ties.get(row.name), baseline, pairs) for row in rows]
    return [add_chance(row, learners) for row in placed]


def place_row(
    row: LeaderboardRow, tie_group: int | None, baseline: str | None, pairs: Sequence[Pair]
) -> LeaderboardRow:
    """Add a row's tie group and whether it beats the best baseline, which is left out for baselines."""
    return LeaderboardRow(
        **row.model_dump(exclude={"tie_group", "beats_baseline"}),
        tie_group=tie_group,
        beats_baseline=beats(row.name, baseline, pairs) if row.group != BASELINE and baseline else None,
    )


def add_chance(row: LeaderboardRow, learners: Mapping[str, ChanceMetric | None]) -> LeaderboardRow:
    """Add whether a row's model beats chance; nothing is known of failures and of the ensemble."""
    if row.name not in learners:
        return row
    metric = learners[row.name]
    return row.model_copy(update={"beats_chance": metric is not None, "beats_chance_on": metric})


def build_row(results: Sequence[ModelResult], contestant: Contestant | None) -> LeaderboardRow:
    """Summarise one variant; `accuracy` and the other numbers are None when no seed trained."""
    trained = contestant.results if contestant else []
    failures = [f"seed {result.seed}: {result.reason}" for result in results if isinstance(result, FailedModel)]
    metrics = [result.metrics for result in trained]
    objective = find_objective(results)
    trainings = [result.training for result in trained]
    return LeaderboardRow(
        name=results[0].variant,
        group=results[0].group,
        encoding=results[0].encoding,
        seeds=len(trained),
        status="failed" if failures else "ok",
        reason="; ".join(failures) or None,
        accuracy=summarise_hits(contestant.correct) if contestant else None,
        score=summarise_score(contestant, objective) if contestant and objective else None,
        validation_accuracy=average([it.validation.accuracy for it in metrics]),
        **{metric.name: average([it.metric(metric.name) for it in metrics]) for metric in list_averaged()},
        predict_seconds=average([it.predict_seconds for it in metrics]),
        predict_reviews_per_second=average([it.predict_reviews_per_second for it in metrics]),
        predict_single_per_second=average([it.predict_single_per_second for it in metrics]),
        file_bytes=average([it.file_bytes for it in metrics]),
        num_params=average([it.num_params for it in trainings]),
        batch_size=average([it.batch_size for it in trainings]),
        epochs=average([it.epochs for it in trainings]),
        best_epoch=average([it.best_epoch for it in trainings]),
        epoch_seconds=average([it.epoch_seconds for it in trainings]),
        train_seconds=average([it.train_seconds for it in trainings]),
        reviews_per_second=average([it.reviews_per_second for it in trainings]),
        val_accuracy=average([it.val_accuracy for it in trainings]),
        val_loss=average([it.val_loss for it in trainings]),
        peak_memory_mb=average([it.peak_memory_mb for it in trainings]),
        jobs=max((it.jobs for it in trainings), default=None),
        device="; ".join(sorted({it.device for it in trainings})) or None,
        models=tuple(result.folder for result in trained),
        shipped=contestant.shipped_result.folder if contestant else None,
        bounds=next((it.bounds for it in trainings if isinstance(it, BaselineFacts)), None),
    )


def average(values: Sequence[float | None]) -> float | None:
    """Average over seeds; equal integers stay an integer. None when a value is missing."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return known[0] if len(set(known)) == 1 else statistics.fmean(known)


def build_ensemble(members: Sequence[Contestant]) -> list[LeaderboardRow]:
    """Build the row of the unweighted average of all members' probabilities, each a mean over its seeds.

    Members are the models that beat chance and are no ensembles themselves; with fewer than two there is no row. The
    average has no costs of its own.
    """
    if len(members) < 2:  # noqa: PLR2004
        return []
    mean = average_probabilities(members)
    labels = members[0].labels
    is_ordinal = members[0].shipped_result.metrics.metric("mae") is not None
    scores = compute_metrics(mean, labels, is_ordinal=is_ordinal)
    low, high = bootstrap_accuracy((mean.argmax(axis=1) == labels)[None, :])
    return [
        LeaderboardRow(
            name=ENSEMBLE,
            group=ENSEMBLE,
            encoding="",
            seeds=1,
            status="ok",
            accuracy=Spread(mean=scores.accuracy, sd=None, low=low, high=high),
            **{metric.name: scores.metric(metric.name) for metric in list_averaged()},
            models=tuple(result.folder for member in members for result in member.results),
        )
    ]


def average_probabilities(members: Sequence[Contestant]) -> NDArray[np.float64]:
    """Average those of all members, each a mean over its seeds: shape (num_reviews, num_classes).

    Only those of two models are in memory at a time.
    """
    total = np.zeros((len(members[0].labels), members[0].num_classes))
    for member in members:
        of_member = np.zeros_like(total)
        for row in range(len(member.results)):
            of_member += member.read_probabilities(row)
        total += of_member / len(member.results)
    return total / len(members)


def find_best_baseline(contestants: Sequence[Contestant]) -> str | None:
    """Name the baseline that does best on test; None without baselines."""
    baselines = [contestant for contestant in contestants if contestant.group == BASELINE]
    return max(baselines, key=measure_on_test).name if baselines else None


def measure_on_test(contestant: Contestant) -> float:
    """Measure the mean accuracy over the seeds, or the metric that decides instead; more is better."""
    objective = contestant.shipped_result.metrics.objective
    return contestant.accuracy if objective is None else statistics.fmean(measure_seeds(contestant, objective))


def beats(name: str, other: str, pairs: Sequence[Pair]) -> bool | None:
    """Tell whether one model is significantly better than another; None when the two were not compared."""
    for pair in pairs:
        if {pair.first, pair.second} == {name, other}:
            return pair.differs and (pair.difference > 0) == (pair.first == name)
    return None
