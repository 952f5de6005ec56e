"""What the numbers of a run say in sentences: the same in the summary, on the page and in the Prefect UI."""

from collections.abc import Sequence

from tasks.compare.facts import SliceAccuracy
from tasks.compare.leaderboard_facts import LeaderboardRow, Spread
from tasks.compare.results import BASELINE, ENSEMBLE
from tasks.report.run.facts import RunMetrics


def describe_verdict(metrics: RunMetrics) -> str:
    """Say in a sentence which model to ship."""
    recommendation = metrics.recommendation
    if recommendation is None:
        return "Nothing to ship: no model trained."
    accuracy, count = recommendation.accuracy, metrics.run.num_reviews.test
    return (
        f"Ship {recommendation.name}: it gets {accuracy.mean:.1%} of {count:,} test reviews right "
        f"(95% interval {show_interval(accuracy)})."
    )


def describe_certainty(metrics: RunMetrics) -> str:
    """Say why this model is recommended, and how certain that is."""
    recommendation = metrics.recommendation
    if recommendation is None:
        return "See the reasons below."
    name, best, tied = recommendation.name, recommendation.best_on_validation, recommendation.tied
    if name != best:
        return (
            f"{best} is ahead on validation, but within a standard error; they do not differ significantly on "
            f"test, and {name} is cheaper to run."
        )
    if len(metrics.pairs) == 0:
        return "It is the only model of this run, so there is nothing to compare it with."
    behind = recommendation.behind
    if not tied and not behind:
        return "It is the best on validation, and it differs significantly from every other model on test."
    equal = f"; it does not differ significantly from {join(tied)} on test, and is the cheapest to run" if tied else ""
    sentence = f"It is the best on validation{equal}."
    if not behind:
        return sentence
    verb = "is" if len(behind) == 1 else "are"
    return (
        f"{sentence} {join(behind)} {verb} behind on validation by more than a standard error, although the test shows "
        "no significant difference."
    )


def describe_baselines(metrics: RunMetrics) -> str:
    """Say how the neural models compare with the best baseline."""
    rows = [(row, row.accuracy.mean) for row in metrics.variants if row.accuracy]
    neural = [(row, accuracy) for row, accuracy in rows if row.group not in (BASELINE, ENSEMBLE)]
    baselines = [(row, accuracy) for row, accuracy in rows if row.group == BASELINE]
    if not neural or not baselines:
        return ""
    ahead = [(row, accuracy) for row, accuracy in neural if row.beats_baseline]
    (best, best_accuracy), (baseline, baseline_accuracy) = (ahead or neural)[0], baselines[0]
    gap = 100 * (best_accuracy - baseline_accuracy)
    if not ahead:
        place = "behind" if gap < 0 else "ahead, which may be chance"
        gap_in_words = f"{abs(gap):.1f} points {place}" if round(gap, 1) else "level with it"
        return (
            f"No neural model beats the best baseline, {baseline.name} ({baseline_accuracy:.1%}): "
            f"{best.name}, the best of {len(neural)}, is {gap_in_words}."
        )
    return (
        f"{len(ahead)} of {len(neural)} neural models beat{'s' if len(ahead) == 1 else ''} the best baseline, "
        f"{baseline.name} ({baseline_accuracy:.1%}); {best.name} leads it by {gap:.1f} points."
    )


def describe_worst_slice(metrics: RunMetrics) -> str:
    """Name the slice on which the recommended model does worst."""
    worst, recommendation = metrics.worst_slice, metrics.recommendation
    if recommendation is None:
        return ""
    if worst is None:
        return f"{recommendation.name} is not significantly worse on any slice of the test split than on the whole."
    return (
        f"{recommendation.name} does worst on {worst.group}: {worst.name} "
        f"({worst.accuracy:.1%} of {worst.n:,}, 95% interval {show_interval(worst)})."
    )


def describe_errors(metrics: RunMetrics) -> str:
    """Say how much the models' mistakes have in common."""
    errors = metrics.errors
    if errors is None or len(errors.models) == 1:
        return ""
    ensemble = next((row.accuracy.mean for row in metrics.variants if row.group == ENSEMBLE and row.accuracy), None)
    average = "" if ensemble is None else f" The average of all models' probabilities gets {ensemble:.1%} right."
    return (
        f"On {errors.missed_by_all.num_reviews:,} test reviews, all {len(errors.models)} models are wrong; "
        f"on the other {errors.oracle_accuracy:.1%}, at least one model is right.{average}"
    )


def describe_duplicates(metrics: RunMetrics) -> str:
    """Say how duplicates between the splits affect the accuracy."""
    duplicates, unseen = metrics.data.duplicates, metrics.data.without_duplicates
    shared = duplicates.across["train and test"] + duplicates.across["validation and test"]
    recommendation = metrics.recommendation
    found = f"{shared:,} texts occur both in test and in training or validation"
    if not shared or recommendation is None or not unseen.accuracy:
        return f"{found}."
    name, with_them = recommendation.name, recommendation.accuracy.mean
    return f"{found}; without them {name} gets {unseen.accuracy[name]:.2%} right, with them {with_them:.2%}."


def list_ties(rows: Sequence[LeaderboardRow]) -> list[list[str]]:
    """List the groups of models that do not differ significantly from their best, best group first."""
    ranks = sorted({row.tie_group for row in rows if row.tie_group})
    return [[row.name for row in rows if row.tie_group == rank] for rank in ranks]


def describe_ties(metrics: RunMetrics) -> str:
    """Say which models are tied with the best."""
    groups = list_ties(metrics.variants)
    if not groups:
        return ""
    first = groups[0]
    if len(first) == 1:
        return f"{first[0]} alone is at the top: every other model differs from it significantly."
    return f"{join(first)} are tied at the top: the test shows no significant difference from {first[0]}."


def describe_seeds(metrics: RunMetrics) -> str:
    """Warn that one or two seeds of each variant say little about others; empty for more seeds."""
    seeds = metrics.run.seeds
    if seeds > 2 or not metrics.pairs:  # noqa: PLR2004
        return ""
    if seeds == 1:
        return (
            "Each variant was trained once, so the results are about these particular models: another seed may reverse "
            "a small difference. Use --seeds 3 to find out."
        )
    return "Two seeds say little about how much seeds differ, so the intervals are wide. Use --seeds 3 to narrow them."


def show_interval(accuracy: Spread | SliceAccuracy) -> str:
    """Format an interval from 0.81 to 0.83 as "81.0-83.0%"."""
    return f"{100 * accuracy.low:.1f}-{100 * accuracy.high:.1f}%"


def join(names: Sequence[str]) -> str:
    """Join names as in a sentence: join(["a", "b", "c"]) -> "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
