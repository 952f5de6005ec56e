"""What the numbers of a run say in sentences: the same in the summary, on the page and in the Prefect UI."""

from collections.abc import Sequence
from typing import Final

from tasks.compare.facts import Confusions
from tasks.compare.leaderboard_facts import LeaderboardRow
from tasks.compare.recommendation_facts import NothingLearned, Recommendation
from tasks.compare.results import BASELINE, CONSTANT, ENSEMBLE, STACKED
from tasks.formatting.texts import join
from tasks.report.run.deciding import choose_unit, show_interval, show_value
from tasks.report.run.facts import RunLeaderboard, RunMetrics
from tasks.report.run.label_sentences import warn_of_labels_never_answered

# A sentence has room for the names of so many slices.
# A share of the test reviews that is not worth a sentence.
LITTLE: Final = 0.01
MOST_WEAK: Final = 5


def describe_verdict(metrics: RunMetrics | RunLeaderboard) -> str:
    """Say in a sentence which model to ship, or that nothing was learned."""
    recommendation = metrics.recommendation
    if recommendation is None:
        return "Nothing to ship: no model trained."
    accuracy, count = recommendation.accuracy, metrics.run.num_reviews.test
    if recommendation.nothing_learned:
        return describe_nothing(recommendation, recommendation.nothing_learned, num_reviews=count)
    warning = warn_of_labels_never_answered(recommendation, num_labels=len(metrics.run.label_names))
    score, objective = recommendation.score, metrics.run.objective
    if score and objective:
        return (
            f"{warning}Ship {recommendation.name}: its {objective.title} is {score.mean:.3f} (95% interval "
            f"{show_interval(score, objective)}), and it gets {accuracy.mean:.1%} of {count:,} test reviews right."
        )
    return (
        f"{warning}Ship {recommendation.name}: it gets {accuracy.mean:.1%} of {count:,} test reviews right "
        f"(95% interval {show_interval(accuracy)})."
    )


def describe_nothing(recommendation: Recommendation, found: NothingLearned, *, num_reviews: int) -> str:
    """Say that no model beats chance, or that the test split is too small to tell."""
    if found.is_too_small:
        return f"No verdict: {num_reviews:,} test reviews are too few to tell any model from a constant answer."
    best, accuracy = recommendation.best_on_validation, recommendation.accuracy.mean
    return (
        f"Nothing was learned: no model beats chance. {best}, the best on validation, gets {accuracy:.1%} of "
        f"{num_reviews:,} test reviews right, and always answering {found.constant!r} gets "
        f"{found.constant_accuracy:.1%}."
    )


def list_advice(metrics: RunMetrics | RunLeaderboard) -> tuple[str, ...]:
    """List what to try if nothing was learned, in sentences."""
    found = metrics.recommendation and metrics.recommendation.nothing_learned
    return found.advice if found else ()


def describe_certainty(metrics: RunMetrics) -> str:
    """Say why this model is recommended and how certain that is, or what to try if nothing was learned."""
    recommendation = metrics.recommendation
    if recommendation is None:
        return "See the reasons below."
    if recommendation.nothing_learned:
        return " ".join(list_advice(metrics))
    sentences = [
        explain_choice(metrics, recommendation),
        describe_unsettled(metrics, recommendation),
        warn_of_accuracy(metrics, recommendation),
    ]
    return " ".join(filter(None, sentences))


def explain_choice(metrics: RunMetrics, recommendation: Recommendation) -> str:
    """Say why this model is recommended, and which models are as good."""
    name, best, tied = recommendation.name, recommendation.best_on_validation, recommendation.tied
    if name != best:
        return (
            f"{best} is ahead on validation, but within a standard error; they do not differ significantly on "
            f"test, and {name} is clearly cheaper to run."
        )
    if len(metrics.pairs) == 0:
        return "It is the only model of this run, so there is nothing to compare it with."
    behind = recommendation.behind
    if not tied and not behind:
        return "It is the best on validation, and it differs significantly from every other model on test."
    cost = "and is the cheapest to run" if recommendation.is_cheapest else "and no other is clearly cheaper to run"
    equal = f"; it does not differ significantly from {join(tied)} on test, {cost}" if tied else ""
    sentence = f"It is the best on validation{equal}."
    if not behind:
        return sentence
    verb = "is" if len(behind) == 1 else "are"
    return (
        f"{sentence} {join(behind)} {verb} behind on validation by more than a standard error, although the test shows "
        "no significant difference."
    )


def describe_unsettled(metrics: RunMetrics, recommendation: Recommendation) -> str:
    """Say how many test reviews would tell the model from its rival; otherwise empty."""
    found = recommendation.unsettled
    if found is None:
        return ""
    points = f"{abs(100 * found.lead):.1f} points {'more' if found.lead < 0 else 'fewer'}"
    needed = (
        f"To tell {recommendation.name} from {found.rival}, which gets {points} right here, takes about "
        f"{found.num_test_reviews:,} test reviews instead of {metrics.run.num_reviews.test:,}."
    )
    if not found.none_told_apart:
        return needed
    return f"The test is too small for a verdict between the models: it tells none from any other. {needed}"


def warn_of_accuracy(metrics: RunMetrics, recommendation: Recommendation) -> str:
    """Warn if the recommended model beats a constant answer only on macro-F1; otherwise empty."""
    row = next(row for row in metrics.variants if row.name == recommendation.name)
    if row.beats_chance_on != "macro-F1":
        return ""
    return "It beats a constant answer on macro-F1, but is not shown to be right more often."


def describe_chance(metrics: RunMetrics) -> str:
    """Name the models that do not beat chance beside others that do; the constant one goes without saying."""
    names = [row.name for row in metrics.variants if row.beats_chance is False and row.name != CONSTANT]
    if not names or not any(row.beats_chance for row in metrics.variants):
        return ""
    verb = "does" if len(names) == 1 else "do"
    return f"{join(names)} {verb} not beat chance: the test shows no lead over a constant answer."


def describe_baselines(metrics: RunMetrics) -> str:
    """Say how the neural models compare with the best baseline."""
    objective = metrics.run.objective
    rows = [(row, deciding.mean) for row in metrics.variants if (deciding := row.score or row.accuracy)]
    neural = [(row, accuracy) for row, accuracy in rows if row.group not in (BASELINE, ENSEMBLE, STACKED)]
    baselines = [(row, accuracy) for row, accuracy in rows if row.group == BASELINE]
    if not neural or not baselines:
        return ""
    ahead = [(row, accuracy) for row, accuracy in neural if row.beats_baseline]
    (best, best_accuracy), (baseline, baseline_accuracy) = (ahead or neural)[0], baselines[0]
    gap = 100 * (objective.sign if objective else 1) * (best_accuracy - baseline_accuracy)
    unit, value = choose_unit(objective), show_value(baseline_accuracy, objective)
    if not ahead:
        place = "behind" if gap < 0 else "ahead, which may be chance"
        gap_in_words = f"{abs(gap):.1f} {unit} {place}" if round(gap, 1) else "level with it"
        return (
            f"No neural model beats the best baseline, {baseline.name} ({value}): "
            f"{best.name}, the best of {len(neural)}, is {gap_in_words}."
        )
    return (
        f"{len(ahead)} of {len(neural)} neural models beat{'s' if len(ahead) == 1 else ''} the best baseline, "
        f"{baseline.name} ({value}); {best.name} leads it by {gap:.1f} {unit}."
    )


def describe_reading(metrics: RunMetrics) -> str:
    """Say how much of a review the best neural model misses, if that is not little; baselines read all of it."""
    rows = [row for row in metrics.variants if row.accuracy and row.group not in (BASELINE, ENSEMBLE, STACKED)]
    card = metrics.data.encodings.get(rows[0].encoding) if rows else None
    if card is None or card.truncated["test"] < LITTLE or not any(row.group == BASELINE for row in metrics.variants):
        return ""
    return (
        f"{rows[0].name} reads the first {card.length:,} tokens of each review, which cuts off the end of "
        f"{card.truncated['test']:.0%} of the test reviews; the baselines read whole reviews."
    )


def describe_worst_slice(metrics: RunMetrics) -> str:
    """Name the slice on which the recommended model does worst."""
    worst, recommendation = metrics.worst_slice, metrics.recommendation
    if recommendation is None or recommendation.name is None:
        return ""
    if worst is None:
        return f"{recommendation.name} is not significantly worse on any slice of the test split than on the whole."
    return (
        f"{recommendation.name} does worst on {worst.group}: {worst.name} "
        f"({worst.accuracy:.1%} of {worst.n:,}, 95% interval {show_interval(worst)})."
    )


def describe_weak_slices(metrics: RunMetrics) -> str:
    """List the slices in which the recommended model is significantly weaker than elsewhere; empty without any."""
    name = metrics.recommendation.name if metrics.recommendation else None
    slices = metrics.slices.models.get(name or "", ())
    weak = sorted((part for part in slices if part.is_weak), key=lambda part: (part.p_holm, part.accuracy))
    if not weak:
        return ""
    named = [f"{part.group}: {part.name} ({part.accuracy:.1%} of {part.n:,})" for part in weak[:MOST_WEAK]]
    more = f" and {len(weak) - MOST_WEAK:,} more" if len(weak) > MOST_WEAK else ""
    return (
        f"In {len(weak)} of {len(slices):,} slices it is right significantly less often than on the other reviews, "
        f"after Holm's correction: {'; '.join(named)}{more}."
    )


def describe_confusions(found: Confusions) -> str:
    """Say how many answers are wrong and how many pairs of labels they confuse."""
    if not found.pairs:
        return f"All answers of {found.model} on test are right."
    first, shown = found.pairs[0], len(found.pairs)
    more = f" The table has the {shown} most frequent of {found.num_pairs:,} pairs." if found.num_pairs > shown else ""
    return (
        f"{found.model} gives {found.num_wrong:,} test reviews another label than their own, most often "
        f"{first.predicted} to {first.count:,} reviews that are {first.label}.{more}"
    )


def describe_errors(metrics: RunMetrics) -> str:
    """Say how much the models' mistakes have in common."""
    errors = metrics.errors
    if errors is None or len(errors.models) == 1:
        return ""
    ensemble = next((row.accuracy.mean for row in metrics.variants if row.group == ENSEMBLE and row.accuracy), None)
    of_whom = (
        "the probabilities of the models that beat chance" if describe_chance(metrics) else "all models' probabilities"
    )
    average = "" if ensemble is None else f" The average of {of_whom} gets {ensemble:.1%} right."
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
    if not shared or recommendation is None or recommendation.name is None or not unseen.accuracy:
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
