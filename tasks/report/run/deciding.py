"""The metric that decides in words: accuracy, or another that the run aims at."""

from tasks.compare.facts import Estimate, SliceAccuracy
from tasks.compare.leaderboard_facts import RunFacts, Spread
from tasks.objective.facts import Objective


def choose_unit(objective: Objective | None) -> str:
    """Say in what differences are shown: in percentage points, or in what 100 answers cost."""
    return "per 100 answers" if objective and objective.metric == "cost" else "points"


def show_value(value: float, objective: Objective | None) -> str:
    """Format accuracy, or the metric that decides with its title: "88.1%", "macro-F1 0.881"."""
    return f"{value:.1%}" if objective is None else f"{objective.title} {value:.3f}"


def show_interval(accuracy: Spread | SliceAccuracy | Estimate, objective: Objective | None = None) -> str:
    """Format an interval from 0.81 to 0.83 as "81.0-83.0%", or that of another metric as "0.810-0.830"."""
    if objective is not None:
        return f"{accuracy.low:.3f}-{accuracy.high:.3f}"
    return f"{100 * accuracy.low:.1f}-{100 * accuracy.high:.1f}%"


def describe_test(run: RunFacts) -> str:
    """Name the test by which pairs of models are told apart."""
    if run.objective is None:
        return "exact McNemar tests"
    if run.objective.label is not None:
        return f"exact McNemar tests on the reviews that are {run.objective.label!r},"
    return f"randomisation tests of {run.objective.title}"


def describe_best_epoch(run: RunFacts) -> str:
    """Say which epoch's weights a neural model has."""
    if run.objective is None:
        return "lowest validation loss"
    return f"{'lowest' if run.objective.sign < 0 else 'highest'} {run.objective.title} on validation"
