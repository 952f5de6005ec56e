"""Divide each different word of many texts into subwords once, however often it occurs.

The `tokenizers` library spends most of its time on words that it has met before. A tokenizer of bytes never looks
across the last space before a word: it divides "a film" into the tokens of "a" and those of " film", and "a   film"
into those of "a", two spaces and " film".
"""

from functools import lru_cache
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tasks.encode.padding import Tokens

SPACE: Final = ord(" ")
# How a tokenizer of bytes spells it.
SPELLED_SPACE: Final = "\u0120"
# White space that a tokenizer may join with the spaces around it.
OTHER_SPACES: Final = (
    r"[\t-\r\x1c-\x1f\x{85}\x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
)
# So many words are divided as one text; several such texts are divided side by side.
WORDS_AT_A_TIME: Final = 1_024


def divide_whole_texts(texts: pa.Array, tokenizer: Tokenizer) -> Tokens:
    """Divide each text as a whole, on all cores."""
    found = [encoded.ids for encoded in tokenizer.encode_batch_fast(texts.to_pylist(), add_special_tokens=False)]
    num_tokens = np.array([len(ids) for ids in found], dtype=np.int64)
    ids = np.fromiter(chain.from_iterable(found), dtype=np.int32, count=int(num_tokens.sum()))
    return Tokens(ids, num_tokens)


def divide_repeated_words(texts: pa.Array, tokenizer: Tokenizer) -> Tokens:
    """Divide texts into the same tokens as `divide_whole_texts`, but each different word once."""
    is_whole = pc.match_substring_regex(texts, OTHER_SPACES)
    words, num_words = split_words(texts.filter(pc.invert(is_whole)))
    repeated = words.dictionary_encode()
    whole = divide_whole_texts(texts.filter(is_whole), tokenizer)
    parts = join(divide_words(repeated.dictionary, tokenizer), whole)

    # A text consists of its words, or of itself.
    is_whole = is_whole.to_numpy(zero_copy_only=False)
    num_parts = np.ones(len(texts), np.int64)
    num_parts[~is_whole] = num_words
    belongs_to_whole = np.repeat(is_whole, num_parts)
    order = np.empty(len(belongs_to_whole), np.int64)
    order[~belongs_to_whole] = repeated.indices.to_numpy()
    order[belongs_to_whole] = len(repeated.dictionary) + np.arange(len(whole.num_tokens))
    return gather(parts, order, num_parts)


def split_words(texts: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Split texts before the last space of each run of spaces, and before the run; returns the words of all texts.

    The second result is the number of words of each text: ["a  b c"] -> ["a", " ", " b", " c"], [4].
    """
    texts = texts.cast(pa.large_string())
    _, offsets, content = texts.buffers()
    bounds = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1] if offsets else np.zeros(1)
    first, end = int(bounds[0]), int(bounds[-1])
    is_space = np.frombuffer(content or b"", np.uint8)[first:end] == SPACE
    bounds = bounds - first
    # Neither the byte before a text nor the one after it belongs to a run in the text.
    begins_text, ends_text = np.zeros((2, end - first + 1), np.bool_)
    begins_text[bounds[:-1]] = True
    ends_text[bounds[1:] - 1] = True
    begins_text, ends_text = begins_text[:-1], ends_text[:-1]
    begins_run = is_space & ~np.concatenate([[False], is_space[:-1]])
    precedes_word = is_space & ~np.concatenate([is_space[1:], [False]]) & ~ends_text
    starts = np.flatnonzero(begins_text | begins_run | precedes_word)
    words = pa.Array.from_buffers(
        pa.large_string(),
        len(starts),
        [None, pa.py_buffer(np.append(starts, end - first)), pa.py_buffer((content or pa.py_buffer(b""))[first:end])],
    )
    return words, np.diff(np.searchsorted(starts, bounds))


def divide_words(words: pa.Array, tokenizer: Tokenizer) -> Tokens:
    """Divide different words, most of which begin with a space; the first of a text is divided as if it did, too."""
    spelled = words.to_pylist()
    is_run = np.array([not word.strip(" ") for word in spelled], np.bool_)
    named = [
        word if word.startswith(" ") else f" {word}"
        for word, is_empty in zip(spelled, is_run, strict=True)
        if not is_empty
    ]
    lines = ["".join(named[first : first + WORDS_AT_A_TIME]) for first in range(0, len(named), WORDS_AT_A_TIME)]
    ids = divide_whole_texts(pa.array(lines, pa.string()), tokenizer).ids
    found = Tokens(ids, np.diff(np.flatnonzero(find_beginnings(tokenizer)[ids]), append=len(ids)))
    runs = divide_whole_texts(words.filter(pa.array(is_run)), tokenizer)
    order = np.where(is_run, len(named) + np.cumsum(is_run) - 1, np.cumsum(~is_run) - 1)
    return gather(join(found, runs), order, np.ones(len(order), np.int64))


@lru_cache(maxsize=8)
def find_beginnings(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    """Tell which tokens begin with a space: shape (vocabulary size,)."""
    begins = np.zeros(tokenizer.get_vocab_size(), np.bool_)
    for token, index in tokenizer.get_vocab().items():
        begins[index] = token.startswith(SPELLED_SPACE)
    return begins


def join(first: Tokens, second: Tokens) -> Tokens:
    """Put the tokens of some texts after those of others."""
    return Tokens(
        np.concatenate([first.ids, second.ids]),
        np.concatenate([first.num_tokens, second.num_tokens]),
    )


def gather(parts: Tokens, order: NDArray[np.int64], num_parts: NDArray[np.int64]) -> Tokens:
    """Return the tokens of texts that consist of parts in an order.

    gather(Tokens([7, 8, 9], [2, 1]), order=[1, 0, 1], num_parts=[2, 1]) -> Tokens([9, 7, 8, 9], [3, 1]).
    """
    counts = parts.num_tokens[order]
    ends = np.cumsum(counts)
    shift = (np.cumsum(parts.num_tokens) - parts.num_tokens)[order] - (ends - counts)
    ids = parts.ids[np.arange(len(shift) and ends[-1]) + np.repeat(shift, counts)]
    last = np.concatenate([[0], ends])[np.cumsum(num_parts)]
    return Tokens(ids, np.diff(last, prepend=0))
