"""Find the vectors of a vocabulary's words in a file, which is read once and never as a whole.

Tokenizers fold case, files often do not. A word of the vocabulary gets the vector of the same word in the file,
otherwise that of the first word that is the same without regard to case: files begin with the commonest words.
"""

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tasks.encode.padding import OOV_ID, PAD_ID
from tasks.errors import UserError
from tasks.ingest.batches import read_batches
from tasks.store.layout import TRAIN_FILE, VECTORS_FILE
from tasks.vectors.facts import VectorFacts
from tasks.vectors.formats import open_vectors
from tasks.vectors.rows import ANOTHER, Row

# word2vec cuts long words in the middle of a letter; a file with many such words is of another character set.
MOST_UNDECODABLE: Final = 0.01
APOSTROPHE: Final = "\u2019"
# How alike a word of the file and one of the vocabulary are.
FOLDED, SAME = 1, 2


class Matches(NamedTuple):
    """The ids of words that have a vector, (num_found,), in ascending order, and the vectors, (num_found, dim)."""

    ids: NDArray[np.int32]
    vectors: NDArray[np.float32]
    num_rows: int


def write_vectors(path: Path, sequences_folder: Path, folder: Path, *, sha256: str) -> VectorFacts:
    """Write vectors.parquet under `folder`: the ids of words (`token`) and their vectors, as far as the file has them.

    The words are those of the encoding whose sequences are given. Raises UserError for a file that cannot be used, and
    for one that has none of the words.
    """
    vocabulary = read_vocabulary(sequences_folder / "tokenizer.json")
    found = match_words(path, vocabulary)
    if not len(found.ids):
        raise UserError(
            f"{path.name} has a vector for none of the {len(vocabulary):,} words of the vocabulary; expected vectors "
            f"of words in the language of the texts. {ANOTHER}"
        )
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(found.vectors.ravel()), found.vectors.shape[1])
    pq.write_table(pa.table({"token": pa.array(found.ids), "vector": vectors}), folder / VECTORS_FILE)
    return VectorFacts(
        name=path.name,
        sha256=sha256,
        dim=found.vectors.shape[1],
        num_rows=found.num_rows,
        num_words=len(vocabulary),
        num_found=len(found.ids),
        known_words=measure_known(sequences_folder / TRAIN_FILE, found.ids),
    )


def read_vocabulary(path: Path) -> dict[str, int]:
    """Read the words of a tokenizer with their ids, without those that stand for padding and unknown words."""
    vocabulary = Tokenizer.from_file(str(path)).get_vocab()
    return {word: index for word, index in vocabulary.items() if index not in (PAD_ID, OOV_ID)}


def match_words(path: Path, vocabulary: Mapping[str, int]) -> Matches:
    """Find the vectors of words; of several for the same word, the first one that is written as it is."""
    spelled = {word.encode(): index for word, index in vocabulary.items()}
    num_rows = num_undecodable = 0
    with open_vectors(path) as file:
        vectors = np.empty((max(vocabulary.values(), default=0) + 1, file.dim), np.float32)
        likeness = np.zeros(len(vectors), np.uint8)
        for row in file.rows:
            num_rows += 1
            if (index := spelled.get(row.word)) is not None:
                found, indices = SAME, {index}
            elif (forms := fold_word(row)) is not None:
                found, indices = FOLDED, {vocabulary[form] for form in forms if form in vocabulary}
            else:
                num_undecodable += 1
                continue
            for index in indices:
                if likeness[index] < found:
                    vectors[index], likeness[index] = file.read_vector(row, path.name), found
    check_charset(path, num_undecodable, num_rows)
    is_found = likeness > 0
    return Matches(np.flatnonzero(is_found).astype(np.int32), vectors[is_found], num_rows)


def fold_word(row: Row) -> tuple[str, ...] | None:
    """Fold a word's case as the tokenizers of words do, each in its way; None if the word is not UTF-8."""
    try:
        word = row.word.decode()
    except UnicodeDecodeError:
        return None
    if word.isascii():
        return (word.lower(),)
    return word.lower(), unicodedata.normalize("NFC", word.casefold()).replace(APOSTROPHE, "'")


def check_charset(path: Path, num_undecodable: int, num_rows: int) -> None:
    """Raise UserError if too many words are not UTF-8."""
    if num_undecodable > MOST_UNDECODABLE * num_rows:
        raise UserError(
            f"{path.name}: {num_undecodable:,} of {num_rows:,} words are not UTF-8; expected UTF-8. Convert the file, "
            "with iconv for example."
        )


def measure_known(path: Path, ids: NDArray[np.int32]) -> float:
    """Measure the share of the tokens of some sequences, padding aside, that are among the given ones."""
    num_tokens = num_known = 0
    for batch in read_batches(path, ["tokens"]):
        tokens = batch.column("tokens").flatten().to_numpy()
        num_tokens += int((tokens != PAD_ID).sum())
        num_known += int(np.isin(tokens, ids).sum())
    return num_known / max(1, num_tokens)
