"""The settings of baselines that tuning tries."""

from typing import Final

from tasks.baseline.baselines import Baseline
from tasks.space.ranges import Range, Space, Value, include

# The inverse penalty of a baseline is tried up to this factor below and above.
FACTOR: Final = 30.0


def list_usual_of_baseline(row: Baseline) -> dict[str, Value]:
    """List the fields of a baseline that may be varied, with its values."""
    return {
        "weighting": row.weighting,
        "unit": row.unit,
        "max_order": row.max_order,
        "min_texts": row.min_texts,
        "inverse_penalty": row.inverse_penalty,
        "smoothing": row.smoothing,
        **({"num_dimensions": row.num_dimensions} if row.num_dimensions else {}),
    }


def list_baseline_space(row: Baseline) -> Space:
    """List what is tried for a baseline: its own space, or the usual one; none for one that ignores the text."""
    if row.max_order == 0:
        return {}
    space = make_space(row) if row.space is None else row.space
    return include(space, list_usual_of_baseline(row))


def make_space(row: Baseline) -> Space:
    """Make the usual space of a baseline: penalty, n-grams, latent dimensions, and smoothing of naive Bayes ratios."""
    space: dict[str, tuple[Value, ...] | Range] = {
        "inverse_penalty": Range(low=row.inverse_penalty / FACTOR, high=row.inverse_penalty * FACTOR, log=True),
        "max_order": (1, 2, 3) if row.unit == "words" else (3, 4, 5),
        "min_texts": (2, 3, 5),
    }
    if row.num_dimensions:
        space["num_dimensions"] = (128, 256, 512)
    if row.weighting == "log-count-ratio":
        space["smoothing"] = Range(low=0.1, high=10, log=True)
    return space
