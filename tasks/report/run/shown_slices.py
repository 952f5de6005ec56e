"""Which slices the page has room for: all but those of labels, and of these the ones that go worst."""

from typing import Final

from tasks.compare.facts import SliceAccuracy
from tasks.report.run.facts import RunMetrics

LABEL: Final = "label"
MOST_LABELS: Final = 30


def choose_slices(metrics: RunMetrics, name: str) -> list[SliceAccuracy]:
    """Choose the slices of a model that are shown; the labels are the same for all models.

    Of more than MOST_LABELS labels, those are shown of which the recommended model, or the first one, gets least right.
    """
    models = metrics.slices.models
    wanted = metrics.recommendation.name if metrics.recommendation else None
    judge = models[wanted] if wanted in models else next(iter(models.values()))
    labels = [part for part in judge if part.group == LABEL]
    shown = {part.name for part in sorted(labels, key=lambda part: part.accuracy)[:MOST_LABELS]}
    return [part for part in models[name] if part.group != LABEL or part.name in shown]


def describe_hidden(metrics: RunMetrics) -> str:
    """Say that only some labels are shown: "; of 300 labels, the 30 with the lowest accuracy"; "" if all are."""
    num_labels = len(metrics.run.label_names)
    return f"; of {num_labels:,} labels, the {MOST_LABELS} with the lowest accuracy" if num_labels > MOST_LABELS else ""
