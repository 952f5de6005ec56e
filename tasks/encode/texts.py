"""What texts are like, as far as it decides how to encode them: scripts, spaces and unknown words."""

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.encode.code_points import (
    DIGIT,
    EXTENDING,
    KATAKANA,
    LETTER,
    NUM_CODE_POINTS,
    SPACE,
    SPREAD,
    classify_code_points,
    read_points,
)
from tasks.encode.facts import TextFacts
from tasks.encode.unicode_words import split_unicode_words
from tasks.encode.words import Split, rank_tokens, split_words
from tasks.ingest.batches import read_batches
from tasks.store.layout import TRAIN_FILE, VALIDATION_FILE

# So many texts, evenly spaced, tell the language; more would only take longer.
NUM_TEXTS: Final = 20_000
MOST_SCRIPTS: Final = 3
# Single letters are named after other things, such as the masculine ordinal sign.
SMALLEST_SHARE: Final = 0.01


def describe_texts(reviews_folder: Path, *, vocab_size: int) -> TextFacts:
    """Describe the training texts, and the share of the validation split's words that they do not make known.

    Known are the `vocab_size` commonest words of the training texts, by the course notebook's rules and by Unicode's.
    """
    train = list(read_sample(reviews_folder / TRAIN_FILE))
    validation = list(read_sample(reviews_folder / VALIDATION_FILE))
    counts, num_texts = count_points(train), sum(map(len, train))
    num_reviews = pq.read_metadata(reviews_folder / TRAIN_FILE).num_rows
    kinds = classify_code_points()
    letters = np.where(np.isin(kinds, (LETTER, KATAKANA, SPREAD)), counts, 0)
    is_text = np.isin(kinds, (LETTER, KATAKANA, SPREAD, DIGIT, EXTENDING))
    return TextFacts(
        num_texts=num_texts,
        num_characters=round(counts.sum() * num_reviews / max(1, num_texts)),
        spaces_per_character=float(counts[kinds == SPACE].sum() / max(1, counts[is_text].sum())),
        scripts=find_scripts(letters),
        without_spaces=float(letters[np.isin(kinds, (KATAKANA, SPREAD))].sum() / max(1, letters.sum())),
        unknown_words=measure_unknown(train, validation, split_words, vocab_size=vocab_size),
        unknown_unicode_words=measure_unknown(train, validation, split_unicode_words, vocab_size=vocab_size),
    )


def read_sample(path: Path) -> Iterator[pa.Array]:
    """Read evenly spaced texts of a file of reviews, in batches."""
    step = 1 + pq.read_metadata(path).num_rows // NUM_TEXTS
    first = 0
    for batch in read_batches(path, ["text"]):
        yield batch.column("text").take(pa.array(np.arange(-first % step, len(batch), step)))
        first += len(batch)


def count_points(texts: Sequence[pa.Array]) -> NDArray[np.int64]:
    """Count each code point: shape (NUM_CODE_POINTS,)."""
    counts = np.zeros(NUM_CODE_POINTS, np.int64)
    for batch in texts:
        counts += np.bincount(read_points(batch).points, minlength=NUM_CODE_POINTS)
    return counts


def find_scripts(letters: NDArray[np.int64]) -> dict[str, float]:
    """Find the commonest scripts and their shares of the letters; the first words of the letters' names are theirs.

    For the counts of "a", "b" and "ж": {"Latin": 0.67, "Cyrillic": 0.33}.
    """
    totals: dict[str, int] = {}
    for point in np.flatnonzero(letters).tolist():
        name = unicodedata.name(chr(point), "other").split()[0].capitalize()
        script = "Chinese" if name == "Cjk" else name
        totals[script] = totals.get(script, 0) + int(letters[point])
    shares = {script: total / sum(totals.values()) for script, total in totals.items()}
    ranked = sorted(shares, key=shares.__getitem__, reverse=True)[:MOST_SCRIPTS]
    return {script: shares[script] for script in ranked if shares[script] >= SMALLEST_SHARE}


def measure_unknown(
    train: Sequence[pa.Array], validation: Sequence[pa.Array], split: Split, *, vocab_size: int
) -> float:
    """Measure the share of words of the validation texts that are not among the commonest of the training texts."""
    known = pa.array(rank_tokens(train, split)[:vocab_size], pa.string())
    words = [keep_words(split(batch)[0]) for batch in validation]
    num_words = sum(map(len, words))
    num_known = sum(pc.sum(pc.is_in(batch, value_set=known)).as_py() or 0 for batch in words)
    return 1 - num_known / num_words if num_words else 0.0


def keep_words(tokens: pa.Array) -> pa.Array:
    """Leave out tokens without a letter, digit or emoji: only Unicode's rules make tokens of punctuation."""
    return tokens.filter(pc.match_substring_regex(tokens, r"[\p{L}\p{N}\p{So}]"))
