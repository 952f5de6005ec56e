"""Write any number of reviews that look like IMDB's to a CSV file, none of them twice.

Each is put together from the first half of a real review and the second half of another with the same label. One word
in twenty is replaced by another of all words, and one word by a made-up one, so that words and n-grams grow with the
number of reviews, as those of real texts do. Needs imdb_reviews under TFDS_DATA_DIR.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow.csv import CSVWriter

CHUNK: Final = 5_000
REPLACED: Final = 1 / 20
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


def perturb(corpus: Corpus, num_reviews: int, random: np.random.Generator) -> Iterator[tuple[str, int]]:
    """Yield reviews and their labels, in random order."""
    pools = [np.flatnonzero(corpus.labels == label) for label in range(2)]
    labels = random.integers(2, size=num_reviews)
    for label in labels.tolist():
        first, second = random.choice(pools[label], 2)
        middle, end = (corpus.starts[[it, it + 1]].sum() // 2 for it in (first, second))
        numbers = np.concatenate(
            [corpus.numbers[corpus.starts[first] : middle], corpus.numbers[end : corpus.starts[second + 1]]]
        )
        places = random.integers(len(numbers), size=1 + int(len(numbers) * REPLACED))
        numbers[places] = corpus.numbers[random.integers(len(corpus.numbers), size=len(places))]
        words = corpus.words[numbers].tolist()
        beginning, ending = corpus.words[random.integers(len(corpus.words), size=2)]
        words[places[0]] = beginning[:5] + ending[-4:]
        yield " ".join(words), label


def write_perturbed(path: Path, num_reviews: int, *, seed: int = 1) -> None:
    """Write a table with the columns `text` and `label`, one row per review."""
    corpus, random = read_corpus(), np.random.default_rng(seed)
    with CSVWriter(path, SCHEMA) as writer:
        for start in range(0, num_reviews, CHUNK):
            texts, labels = zip(*perturb(corpus, min(CHUNK, num_reviews - start), random), strict=True)
            names = ["pos" if label else "neg" for label in labels]
            writer.write_batch(pa.record_batch([pa.array(texts), pa.array(names)], schema=SCHEMA))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("num_reviews", type=int)
    options = parser.parse_args()
    write_perturbed(options.path, options.num_reviews)


if __name__ == "__main__":
    main()
