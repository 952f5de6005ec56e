"""Character tokens: each code point of the folded text, with one space between words.

Every language has characters, and few of them, so that next to nothing is out of vocabulary; but sequences are long.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from tasks.encode.code_points import NUM_CODE_POINTS, SPACE, describe_folding, read_points
from tasks.encode.encodings import Encoding
from tasks.encode.padding import OOV_ID, Tokens
from tasks.encode.words import OOV, PAD

SPACES: Final = r"[\p{Z}\p{Cc}\x{200B}]+"


def split_characters(texts: pa.Array) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """List the characters of texts in one array, and count those of each text: shape (num_texts,).

    split_characters([" A  b", ""]) -> ([ord("a"), ord(" "), ord("b")], [3, 0])
    """
    points, kinds, borders = read_points(texts)
    is_text = kinds != SPACE
    is_kept = is_text.copy()
    # The last space of a run stands for all of it, except before the first character of a text.
    is_kept[:-1] |= is_text[1:]
    places = np.flatnonzero(is_text)
    firsts = np.searchsorted(places, borders[:-1])
    is_kept[places[firsts[firsts < len(places)]] - 1] = False
    characters = np.where(is_text, points, np.uint32(ord(" ")))[is_kept]
    return characters, np.diff(np.searchsorted(np.flatnonzero(is_kept), borders))


def fit_characters(batches: Iterable[pa.Array], encoding: Encoding) -> Tokenizer:
    """Fit on the commonest characters of the training texts, ties by code point; ids 0 and 1 as in `fit_words`."""
    counts = np.zeros(NUM_CODE_POINTS, np.int64)
    for texts in batches:
        counts += np.bincount(split_characters(texts)[0], minlength=NUM_CODE_POINTS)
    ranked = np.argsort(-counts, kind="stable")[: min(encoding.vocab_size - 2, np.count_nonzero(counts))]
    return make_character_tokenizer([PAD, OOV, *map(chr, ranked)])


def make_character_tokenizer(characters: list[str]) -> Tokenizer:
    """Describe the characters in the format of the `tokenizers` library; their ids are their places in the list."""
    vocabulary = {character: index for index, character in enumerate(characters)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=OOV))
    tokenizer.normalizer = normalizers.Sequence(
        [describe_folding(), normalizers.Replace(Regex(SPACES), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    return tokenizer


def encode_characters(texts: pa.Array, tokenizer: Tokenizer) -> Tokens:
    """Turn texts into token ids; characters that are out of vocabulary become OOV_ID."""
    characters, num_tokens = split_characters(texts)
    return Tokens(list_ids(tokenizer)[characters], num_tokens)


@lru_cache(maxsize=8)
def list_ids(tokenizer: Tokenizer) -> NDArray[np.int32]:
    """List the id of every code point: shape (NUM_CODE_POINTS,)."""
    ids = np.full(NUM_CODE_POINTS, OOV_ID, np.int32)
    for token, index in tokenizer.get_vocab().items():
        if token not in (PAD, OOV):
            ids[ord(token)] = index
    return ids
