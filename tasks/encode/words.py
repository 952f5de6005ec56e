"""Word tokens with the semantics of Keras's `Tokenizer(num_words, oov_token)`, computed on columns.

Text is lower-cased, the characters in FILTERS become spaces, and text is split into words at spaces. Word ids are in
descending order of frequency, ties in order of first appearance. A worked case: after fitting "a b b", `b` is 2 and
`a` is 3.
Source: https://github.com/keras-team/keras/blob/v3.15.1/keras/src/legacy/preprocessing/text.py
"""

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from operator import itemgetter
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from tasks.encode.encodings import Encoding
from tasks.encode.padding import OOV_ID, Tokens
from tasks.process.threads import map_ahead

FILTERS: Final = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
PAD, OOV = "<PAD>", "<OOV>"
SPACE: Final = ord(" ")
# Sigma is the one letter whose lower case depends on its neighbours, which Python respects and the library's Lowercase
# does not. Marks may separate it from them; a look-behind needs a fixed number of marks, and real text has few.
CASED_BEFORE: Final = "|".join(rf"(?<=\p{{Cased}}\p{{Case_Ignorable}}{{{count}}})" for count in range(9))
FINAL_SIGMA: Final = rf"(?:{CASED_BEFORE})Σ(?!\p{{Case_Ignorable}}*\p{{Cased}})"
# Splits texts into one flat array of tokens, and counts the tokens of each text.
Split = Callable[[pa.Array], tuple[pa.Array, NDArray[np.int64]]]
FILTER_TABLE: Final = bytes(SPACE if chr(byte) in FILTERS else byte for byte in range(256))


def split_words(texts: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Split texts into one flat array of words, and count the words of each text: shape (num_texts,).

    split_words(["It's bad!", ""]) -> (["it's", "bad"], [2, 0])
    """
    documents = [text.lower().encode() for text in texts.to_pylist()]
    joined = b" ".join([b"", *documents, b""]).translate(FILTER_TABLE)
    spaces = np.flatnonzero(np.frombuffer(joined, dtype=np.uint8) == SPACE)
    gaps = np.diff(spaces)
    is_word = gaps > 1
    starts = spaces[:-1][is_word]
    offsets = np.zeros(len(starts) + 1, dtype=np.int32)
    np.cumsum(gaps[is_word] - 1, out=offsets[1:])
    letters = joined.translate(None, b" ")
    words = pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(letters))
    borders = np.cumsum([0, *(len(document) + 1 for document in documents)])
    return words, np.diff(np.searchsorted(starts, borders))


def fit_words(batches: Iterable[pa.Array], encoding: Encoding) -> Tokenizer:
    """Fit on the commonest words of the training texts; ids 0 and 1 are padding and out-of-vocabulary, as in Keras."""
    ranked = rank_tokens(batches, split_words)
    return make_tokenizer([PAD, OOV, *ranked[: encoding.vocab_size - 2]])


def rank_tokens(batches: Iterable[pa.Array], split: Split) -> list[str]:
    """List the tokens of texts by descending frequency, ties in order of first appearance."""
    counts: dict[str, int] = {}
    for tokens, totals in map_ahead(partial(count_tokens, split=split), batches):
        for token, total in zip(tokens, totals, strict=True):
            counts[token] = counts.get(token, 0) + total
    return sorted(counts, key=counts.__getitem__, reverse=True)


def count_tokens(texts: pa.Array, *, split: Split) -> tuple[list[str], list[int]]:
    """Count each token of some texts, in order of first appearance.

    count_tokens(["b a b"], split=split_words) -> (["b", "a"], [2, 1])
    """
    tokens, _ = split(texts)
    column = tokens.dictionary_encode()
    totals = np.bincount(column.indices.to_numpy(), minlength=len(column.dictionary))
    return column.dictionary.to_pylist(), totals.tolist()


def make_tokenizer(words: list[str]) -> Tokenizer:
    """Describe the words in the format of the `tokenizers` library, which its ports to other languages can load."""
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=OOV))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(FINAL_SIGMA), "ς"),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(f"[{escape_class(FILTERS)}]"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    return tokenizer


def escape_class(characters: str) -> str:
    """Escape characters for use inside a bracketed character class."""
    names = {"\t": r"\t", "\n": r"\n"}
    return "".join(names.get(character, "\\" + character) for character in characters)


def encode_words(texts: pa.Array, tokenizer: Tokenizer) -> Tokens:
    """Turn texts into token ids; words that are out of vocabulary become OOV_ID."""
    return look_up_tokens(*split_words(texts), tokenizer)


def look_up_tokens(tokens: pa.Array, num_tokens: NDArray[np.int64], tokenizer: Tokenizer) -> Tokens:
    """Turn split texts into token ids; tokens that are out of vocabulary become OOV_ID."""
    column = tokens.dictionary_encode()
    known = pc.index_in(column.dictionary, value_set=list_words(tokenizer))
    return Tokens(known.fill_null(OOV_ID).to_numpy()[column.indices.to_numpy()], num_tokens)


@lru_cache(maxsize=8)
def list_words(tokenizer: Tokenizer) -> pa.Array:
    """List a tokenizer's words in the order of their ids; cached, because this is slower than encoding a short text."""
    ranked = sorted(tokenizer.get_vocab().items(), key=itemgetter(1))
    return pa.array([word for word, _ in ranked], pa.string())
