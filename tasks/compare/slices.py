"""Where a model is weak: accuracy on slices of the test reviews that a person can name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from tasks.compare.facts import SliceAccuracy
from tasks.evaluate.intervals import CONFIDENCE, bootstrap_accuracy

# Bounds belong to the slice below them. On IMDB reviews, in words-10k-120, both groups part the test reviews into
# slices of 8 to 50%.
WORDS: Final = {"up to 120 words": 120, "121-250 words": 250, "251-500 words": 500, "over 500 words": np.inf}
UNKNOWN: Final = {"up to 2% unknown": 0.02, "2-5% unknown": 0.05, "5-10% unknown": 0.1, "over 10% unknown": 1.0}
NEGATION: Final = (
    r"\b(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|cannot|without|hardly|barely|scarcely)\b"
    r"|n['`\x{2019}\x{b4}]t\b"
    r"|\b(?:ai|are|ca|could|did|do|does|had|has|have|is|should|was|were|would)nt\b"
)


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What is known of each test review, in arrays of shape (num_reviews,).

    `encoded` is None where the models read the text itself.
    """

    num_words: NDArray[np.integer[Any]]
    label: NDArray[np.integer[Any]]
    has_negation: NDArray[np.bool_]
    encoded: "Encoded | None"


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """What an encoding of `length` tokens makes of each review: tokens before truncation, and unknown ones of them."""

    num_tokens: NDArray[np.integer[Any]]
    num_oov: NDArray[np.integer[Any]]
    length: int


def has_negation(texts: pa.Array | pa.ChunkedArray | Sequence[str]) -> NDArray[np.bool_]:
    """Find English negation in each text: has_negation(["Don't!", "A notable film"]) -> [True, False]."""
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        texts = pa.array(texts, pa.string())
    found = pc.match_substring_regex(texts, NEGATION, ignore_case=True)
    return np.asarray(found.fill_null(False), dtype=np.bool_)


def slice_accuracy(
    correct: NDArray[np.bool_], attributes: Attributes, label_names: Sequence[str]
) -> tuple[SliceAccuracy, ...]:
    """Measure each slice that has reviews.

    Hits have shape (num_seeds, num_reviews); accuracy is averaged over the seeds. Every group parts all reviews.
    """
    return tuple(
        measure_slice(group, name, correct[:, inside])
        for group, name, inside in cut_slices(attributes, label_names)
        if inside.any()
    )


def cut_slices(attributes: Attributes, label_names: Sequence[str]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Yield group, name and members (shape (num_reviews,)) of each slice: the table of slices, add a group here."""
    for name, inside in cut_ranges(attributes.num_words, WORDS):
        yield "length", name, inside
    if encoded := attributes.encoded:
        truncated = encoded.num_tokens > encoded.length
        yield "truncation", "whole", ~truncated
        yield "truncation", "truncated", truncated
        for name, inside in cut_ranges(encoded.num_oov / np.maximum(encoded.num_tokens, 1), UNKNOWN):
            yield "unknown words", name, inside
    yield "negation", "with negation", attributes.has_negation
    yield "negation", "without negation", ~attributes.has_negation
    for index, name in enumerate(label_names):
        yield "label", name, attributes.label == index


def cut_ranges(values: NDArray[Any], bounds: dict[str, float]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Cut values into ranges by their upper bounds, which belong to them: 120 is up to 120."""
    for name, (low, high) in zip(bounds, pairwise([-np.inf, *bounds.values()]), strict=True):
        yield name, (values > low) & (values <= high)


def measure_slice(group: str, name: str, correct: NDArray[np.bool_]) -> SliceAccuracy:
    """Measure accuracy and its interval: Wilson's for one seed (Wilson 1927), else reviews and seeds together."""
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
    """Return the slice that is most surely worse than the whole; None when none is.

    Among a dozen slices the lowest accuracy is often a small one's bad luck. So slices compete by the upper bound of
    their accuracy, widened for their number (Bonferroni; the interval's upper half taken as normal), which a small
    slice has high; and the lowest bound wins only if it stays under the accuracy over its group, which is that of all
    reviews. Slices under `min_reviews` do not compete.
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
