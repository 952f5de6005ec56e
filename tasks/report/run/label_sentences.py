"""What a run's numbers say about single labels, in sentences: those that are never answered, and the rarest one."""

from typing import Final

from tasks.compare.facts import LabelScores
from tasks.compare.recommendation_facts import Recommendation
from tasks.formatting.texts import join
from tasks.report.run.facts import RunMetrics

# A sentence has room for the names of so many labels.
MOST_MISSED: Final = 5
# Labels are unequal where the commonest has so many times as many reviews as the rarest.
UNEQUAL: Final = 2


def warn_of_labels_never_answered(recommendation: Recommendation, *, num_labels: int) -> str:
    """Warn of labels that the recommended model gives to no test review, although some have them; otherwise empty."""
    missed = recommendation.never_answered
    if not missed:
        return ""
    named = [
        f"{label!r} ({count:,} test review{'s'[: count > 1]})" for label, count in list(missed.items())[:MOST_MISSED]
    ]
    more = [f"{len(missed) - MOST_MISSED:,} more"] if len(missed) > MOST_MISSED else []
    of_all = f"{len(missed):,} of the {num_labels:,} labels: " if len(missed) > 1 else ""
    return f"Mind that {recommendation.name} never answers {of_all}{join([*named, *more])}. "


def describe_labels(metrics: RunMetrics) -> str:
    """Say how well the model that is looked at finds the rarest label; empty where labels are about equally common."""
    present = [it for it in find_shown_labels(metrics) if it.recall]
    sizes = [it.num_reviews for it in present]
    if len(present) < 2 or UNEQUAL * min(sizes) > max(sizes):  # noqa: PLR2004
        return ""
    rarest = min(present, key=lambda it: it.num_reviews)
    recall, model = rarest.recall.value if rarest.recall else 0.0, name_shown(metrics)
    named = f"{rarest.num_named:,} answers {rarest.label!r}"
    precision = f"is right in {rarest.precision.value:.1%} of its {named}" if rarest.precision else "never answers it"
    return (
        f"{model} finds {recall:.1%} of the {rarest.num_reviews:,} test reviews with the rarest label, "
        f"{rarest.label!r}, and {precision}."
    )


def name_shown(metrics: RunMetrics) -> str:
    """Name the model that is looked at more closely; empty in an older document."""
    return metrics.confusions.model if metrics.confusions else ""


def find_shown_labels(metrics: RunMetrics) -> tuple[LabelScores, ...]:
    """Return the labels of the model that is looked at more closely; none in an older document."""
    return metrics.labels.get(name_shown(metrics), ())
