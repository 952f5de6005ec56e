"""Where a model is weak: accuracy on slices of the test reviews that a person can name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import hypergeom, norm
from statsmodels.stats.proportion import proportion_confint

from tasks.compare.facts import SliceAccuracy
from tasks.compare.own_slices import cut_columns
from tasks.compare.significance import correct_holm
from tasks.evaluate.intervals import CONFIDENCE, bootstrap_accuracy

# Upper bounds are inclusive. With these bounds, and unknown words as in words-10k-120, each slice has 8 to 50% of the
# IMDB test reviews.
WORDS: Final = {"up to 120 words": 120, "121-250 words": 250, "251-500 words": 500, "over 500 words": np.inf}
UNKNOWN: Final = {"up to 2% unknown": 0.02, "2-5% unknown": 0.05, "5-10% unknown": 0.1, "over 10% unknown": 1.0}


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What is known about each test review, in arrays of shape (num_reviews,).

    `has_negation` is None in a language whose negations are not known, and `encoded` when all models read the text
    itself. `columns` are those that the user named, as strings.
    """

    num_words: NDArray[np.integer[Any]]
    label: NDArray[np.integer[Any]]
    has_negation: NDArray[np.bool_] | None
    encoded: "Encoded | None"
    columns: Mapping[str, pa.Array] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """The tokens of each review before truncation to `length`, and the unknown ones among them."""

    num_tokens: NDArray[np.integer[Any]]
    num_oov: NDArray[np.integer[Any]]
    length: int


def slice_accuracy(
    correct: NDArray[np.bool_], attributes: Attributes, label_names: Sequence[str], *, shipped: int = 0
) -> tuple[SliceAccuracy, ...]:
    """Measure each slice that has reviews.

    Hits have shape (num_seeds, num_reviews); accuracy is averaged over the seeds. Each group covers every review
    exactly once. The p-values are those of the model that would be shipped, in the row `shipped`.
    """
    found = [part for part in cut_slices(attributes, label_names) if part[2].any()]
    p_values = correct_holm([compare_with_rest(correct[shipped], inside) for _, _, inside in found])
    return tuple(
        measure_slice(group, name, correct[:, inside]).model_copy(update={"p_holm": p_value})
        for (group, name, inside), p_value in zip(found, p_values, strict=True)
    )


def compare_with_rest(correct: NDArray[np.bool_], inside: NDArray[np.bool_]) -> float:
    """Test whether a model is right less often in a slice than on the other reviews: Fisher's exact one-sided p-value.

    Hits and members have shape (num_reviews,). With 3 of 4 right outside and 1 of 4 inside it is 17/70.
    """
    hits, num_inside = int((correct & inside).sum()), int(inside.sum())
    return float(hypergeom.cdf(hits, len(correct), int(correct.sum()), num_inside))


def cut_slices(attributes: Attributes, label_names: Sequence[str]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Yield the group, name and members (shape (num_reviews,)) of each slice; a group of slices is added here."""
    for name, inside in cut_ranges(attributes.num_words, WORDS):
        yield "length", name, inside
    if encoded := attributes.encoded:
        truncated = encoded.num_tokens > encoded.length
        yield "truncation", "whole", ~truncated
        yield "truncation", "truncated", truncated
        for name, inside in cut_ranges(encoded.num_oov / np.maximum(encoded.num_tokens, 1), UNKNOWN):
            yield "unknown words", name, inside
    if attributes.has_negation is not None:
        yield "negation", "with negation", attributes.has_negation
        yield "negation", "without negation", ~attributes.has_negation
    for index, name in enumerate(label_names):
        yield "label", name, attributes.label == index
    yield from cut_columns(attributes.columns)


def cut_ranges(values: NDArray[Any], bounds: dict[str, float]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Divide values into ranges by their inclusive upper bounds: 120 is in the range up to 120."""
    for name, (low, high) in zip(bounds, pairwise([-np.inf, *bounds.values()]), strict=True):
        yield name, (values > low) & (values <= high)


def measure_slice(group: str, name: str, correct: NDArray[np.bool_]) -> SliceAccuracy:
    """Measure accuracy and its interval: Wilson's (1927) for one seed, otherwise a bootstrap of reviews and seeds."""
    if len(correct) == 1:
        low, high = proportion_confint(correct.sum(), correct.size, alpha=1.0 - CONFIDENCE, method="wilson")
    else:
        low, high = bootstrap_accuracy(correct)
    return SliceAccuracy(
        group=group,
        name=name,
        n=correct.shape[1],
        accuracy=float(correct.mean()),
        low=float(low),
        high=float(high),
    )


def find_worst(slices: Sequence[SliceAccuracy], *, min_reviews: int = 50) -> SliceAccuracy | None:
    """Return the slice that is most clearly below the overall accuracy; None when none is significantly below it.

    Among a dozen slices, the lowest accuracy is often that of a small slice with bad luck. Slices are therefore ranked
    by the upper bound of their accuracy, which is higher for small slices. It is widened for the number of slices
    (Bonferroni; the upper half of the interval is taken as normal). The slice with the lowest bound is returned if this
    bound is below the accuracy of its group, which covers all reviews. Slices with fewer than `min_reviews` are left
    out.
    """
    large = [row for row in slices if row.n >= min_reviews]
    if not large:
        return None
    tail = (1.0 - CONFIDENCE) / 2
    widening = norm.ppf(1.0 - tail / len(large)) / norm.ppf(1.0 - tail)
    bounds = [row.accuracy + widening * (row.high - row.accuracy) for row in large]
    lowest = int(np.argmin(bounds))
    group = [row for row in slices if row.group == large[lowest].group]
    whole = np.average([row.accuracy for row in group], weights=[row.n for row in group])
    return large[lowest] if bounds[lowest] < whole else None
