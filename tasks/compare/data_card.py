"""What the models were trained and tested on: sizes, balance, lengths, truncation, duplicates."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.compare.facts import (
    ComparedData,
    ComparedEncoding,
    DataCard,
    EncodingCard,
    SplitCard,
    Unseen,
    WordCounts,
)
from tasks.ingest.batches import read_batches
from tasks.ingest.split import hash_texts
from tasks.ingest.word_counts import count_words

LENGTH_BOUNDS: Final = (0, 10, 20, 40, 60, 80, 100, 120, 160, 200, 250, 300, 400, 500, 750, 1_000)


class SplitFacts(NamedTuple):
    """The text's hash, the label and the number of words of each review in a split: shape (num_reviews,)."""

    hashes: NDArray[np.uint64]
    labels: NDArray[np.int32]
    num_words: NDArray[np.int64]


def read_split(path: Path) -> SplitFacts:
    """Read a file of reviews in batches, so that its texts are never in memory all at once."""
    parts: list[SplitFacts] = []
    for batch in read_batches(path, ["text", "label"]):
        texts = batch.column("text")
        labels = batch.column("label").to_numpy()
        parts.append(SplitFacts(hash_texts(texts.to_pylist()), labels, count_words(texts)))
    return SplitFacts(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def describe_data(
    splits: Mapping[str, SplitFacts],
    *,
    dataset: ComparedData,
    encodings: Mapping[str, ComparedEncoding],
    unseen: Unseen,
) -> DataCard:
    """Build the data card; `encodings` are by name, `unseen` has the accuracy without duplicates."""
    return DataCard(
        splits={name: describe_split(facts, dataset.label_names) for name, facts in splits.items()},
        length_bounds=LENGTH_BOUNDS,
        encodings={name: describe_encoding(encoding, splits) for name, encoding in encodings.items()},
        duplicates=dataset.duplicates,
        rows=dataset.rows,
        warnings=dataset.warnings,
        hashes=dataset.hashes,
        without_duplicates=unseen,
    )


def describe_split(facts: SplitFacts, label_names: Sequence[str]) -> SplitCard:
    """Summarise one split."""
    words = facts.num_words
    counts = np.bincount(facts.labels, minlength=len(label_names)).tolist()
    return SplitCard(
        num_reviews=len(words),
        labels=dict(zip(label_names, counts, strict=True)),
        words=WordCounts(
            mean=float(words.mean()),
            median=float(np.median(words)),
            p95=float(np.quantile(words, 0.95)),
            max=int(words.max()),
        ),
        length_histogram=np.histogram(words, bins=[*LENGTH_BOUNDS, np.inf])[0].tolist(),
    )


def describe_encoding(encoding: ComparedEncoding, splits: Mapping[str, SplitFacts]) -> EncodingCard:
    """Compute the share of reviews that an encoding truncates and the share of tokens unknown to it."""
    totals = encoding.splits
    return EncodingCard(
        length=encoding.length,
        truncated={name: totals[name].num_truncated / len(splits[name].labels) for name in splits},
        unknown={name: totals[name].num_oov / max(1, totals[name].num_tokens) for name in splits},
    )


def find_unseen(splits: Mapping[str, SplitFacts]) -> NDArray[np.bool_]:
    """Tell which test reviews have a text that occurs in neither training nor validation: shape (num_reviews,)."""
    seen = np.concatenate([splits["train"].hashes, splits["validation"].hashes])
    return ~np.isin(splits["test"].hashes, seen)
