"""Which slices the page has room for: of a group of many, such as labels, the ones that go worst."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from tasks.compare.facts import SliceAccuracy
from tasks.report.run.facts import RunMetrics

LABEL: Final = "label"
MOST_OF_GROUP: Final = 30


def choose_slices(metrics: RunMetrics, name: str) -> list[SliceAccuracy]:
    """Choose the slices of a model that are shown; they are the same for all models.

    Of a group with more than MOST_OF_GROUP slices, those are shown of which the recommended model, or the first one,
    gets least right.
    """
    judge = find_judge(metrics)
    shown = {(part.group, part.name) for group in count_groups(judge) for part in choose_worst(judge, group)}
    return [part for part in metrics.slices.models[name] if (part.group, part.name) in shown]


def choose_worst(slices: Sequence[SliceAccuracy], group: str) -> list[SliceAccuracy]:
    """Choose the slices of a group with the lowest accuracy, at most MOST_OF_GROUP."""
    return sorted((part for part in slices if part.group == group), key=lambda part: part.accuracy)[:MOST_OF_GROUP]


def find_judge(metrics: RunMetrics) -> tuple[SliceAccuracy, ...]:
    """Return the slices of the recommended model, or of the first one."""
    models = metrics.slices.models
    wanted = metrics.recommendation.name if metrics.recommendation else None
    return models[wanted] if wanted in models else next(iter(models.values()), ())


def count_groups(slices: Sequence[SliceAccuracy]) -> Counter[str]:
    """Count the slices of each group."""
    return Counter(part.group for part in slices)


def describe_hidden(metrics: RunMetrics) -> str:
    """Say of which groups only some are shown: "; of 300 labels, the 30 with the lowest accuracy"; "" if all are."""
    sizes = {**count_groups(find_judge(metrics)), LABEL: len(metrics.run.label_names)}
    parts = [
        f"; of {size:,} {'labels' if group == LABEL else f'values of {group}'}, the {MOST_OF_GROUP} with the lowest "
        "accuracy"
        for group, size in sizes.items()
        if size > MOST_OF_GROUP
    ]
    return "".join(parts)
