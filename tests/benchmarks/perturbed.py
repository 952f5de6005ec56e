"""Write any number of reviews that look like IMDB's to a CSV file, none of them twice.

Each is a made-up word, the first half of a real review and the second half of another with the same label, with one
word in twenty replaced by another, so that words and n-grams grow with the reviews, as those of real texts do. Needs
imdb_reviews under TFDS_DATA_DIR.
"""

import argparse
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow.csv import CSVWriter

CHUNK: Final = 5_000
REPLACED: Final = 1 / 20
NAMES: Final = ("neg", "pos")
SCHEMA: Final = pa.schema([("text", pa.string()), ("label", pa.string())])


class Corpus(NamedTuple):
    """Real reviews: their words as numbers, one after the other, where each review begins, and their labels."""

    words: NDArray[Any]
    numbers: NDArray[np.int32]
    starts: NDArray[np.int64]
    labels: NDArray[np.int32]


def read_corpus() -> Corpus:
    """Read the labelled IMDB reviews."""
    from tasks.ingest.clean import clean_text
    from tasks.ingest.datasets import open_source

    source = open_source("imdb_reviews", Path("data"))
    places: dict[str, int] = {}
    numbers, lengths, labels = [], [], []
    for reader in source.readers.values():
        for batch in reader():
            for text in batch.texts.to_pylist():
                found = [places.setdefault(word, len(places)) for word in clean_text(text).split()]
                numbers.append(np.array(found, np.int32))
                lengths.append(len(found))
            labels.append(batch.labels)
    starts = np.cumsum([0, *lengths])
    return Corpus(np.array(list(places), object), np.concatenate(numbers), starts, np.concatenate(labels))


def perturb(corpus: Corpus, num_reviews: int, random: np.random.Generator) -> tuple[list[str], list[str]]:
    """Make reviews, in random order: their texts, and the names of their labels."""
    labels = random.integers(2, size=num_reviews)
    first, second = (draw_reviews(corpus, labels, random) for _ in range(2))
    middles = (corpus.starts[:-1] + corpus.starts[1:]) // 2
    starts = np.column_stack([corpus.starts[first], middles[second]]).ravel()
    lengths = np.column_stack([middles[first], corpus.starts[second + 1]]).ravel() - starts
    ends = np.cumsum(lengths)
    numbers = corpus.numbers[np.arange(ends[-1]) + np.repeat(starts - ends + lengths, lengths)]
    places = np.flatnonzero(random.random(len(numbers)) < REPLACED)
    numbers[places] = corpus.numbers[random.integers(len(corpus.numbers), size=len(places))]
    words = corpus.words[numbers]
    beginnings, endings = corpus.words[random.integers(len(corpus.words), size=(2, num_reviews))]
    made_up = [beginning[:5] + ending[-4:] for beginning, ending in zip(beginnings, endings, strict=True)]
    borders = [0, *ends[1::2].tolist()]
    texts = [
        " ".join([word, *words[start + 1 : end]])
        for word, start, end in zip(made_up, borders, borders[1:], strict=False)
    ]
    return texts, [NAMES[label] for label in labels]


def draw_reviews(corpus: Corpus, labels: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Draw a real review of each label."""
    pools = [np.flatnonzero(corpus.labels == label) for label in range(2)]
    drawn = np.stack([random.choice(pool, len(labels)) for pool in pools])
    return drawn[labels, np.arange(len(labels))]


def write_perturbed(path: Path, num_reviews: int, *, seed: int = 1) -> None:
    """Write a table with the columns `text` and `label`, one row per review."""
    corpus, random = read_corpus(), np.random.default_rng(seed)
    with CSVWriter(path, SCHEMA) as writer:
        for start in range(0, num_reviews, CHUNK):
            texts, labels = perturb(corpus, min(CHUNK, num_reviews - start), random)
            writer.write_batch(pa.record_batch([pa.array(texts), pa.array(labels)], schema=SCHEMA))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("num_reviews", type=int)
    options = parser.parse_args()
    write_perturbed(options.path, options.num_reviews)


if __name__ == "__main__":
    main()
