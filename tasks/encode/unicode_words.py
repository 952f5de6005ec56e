r"""Word tokens of any language, punctuation and emoji included: Unicode's default word boundaries, on columns.

A word is a run of letters, marks and digits. Apostrophes between letters and full stops and commas between digits
belong to it; any other character is a token of its own, together with the marks and joiners that follow it. So is each
letter of Chinese, Hiragana, Thai, Lao, Khmer and Myanmar, which put no spaces between words; Katakana stays in runs.
split_unicode_words(["Don\u2019t\u00a0go\u2026 \u597d\u770b\U0001f600"]) ->
(["don't", "go", "\u2026", "\u597d", "\u770b", "\U0001f600"], [6]).

Source: https://www.unicode.org/reports/tr29/#Word_Boundaries. Unlike there, underscores, and full stops and colons
between letters, do separate: in reviews they are emphasis and missing spaces more often than parts of a word.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from tasks.encode.code_points import (
    DIGIT,
    EXTENDING,
    FLAG,
    FLAG_LETTERS,
    JOINER,
    JOINS_DIGITS,
    JOINS_LETTERS,
    KATAKANA,
    LETTER,
    MARKS_IN_NUMBERS,
    MARKS_IN_WORDS,
    OTHER,
    SKIN_TONES,
    SPACE,
    Points,
    describe_folding,
    read_points,
    spell_points,
)
from tasks.encode.encodings import Encoding
from tasks.encode.padding import Tokens
from tasks.encode.words import OOV, PAD, escape_class, look_up_tokens, rank_tokens
from tasks.ingest.word_counts import KATAKANA as KATAKANA_LETTERS
from tasks.ingest.word_counts import WITHOUT_SPACES, spell_ranges

IN_WORDS: Final = (LETTER, DIGIT)
ALONE: Final = (JOINS_LETTERS, JOINS_DIGITS, FLAG, OTHER)


def split_unicode_words(texts: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Split texts into one flat array of tokens, and count the tokens of each text: shape (num_texts,)."""
    found = read_points(texts)
    is_text = found.kinds != SPACE
    is_start = find_starts(found)
    starts = np.flatnonzero(is_start)
    tokens = spell_points(found.points[is_text], np.flatnonzero(is_start[is_text]))
    return tokens, np.diff(np.searchsorted(starts, found.borders))


def find_starts(found: Points) -> NDArray[np.bool_]:
    """Tell which code points begin a token: shape (num_points,)."""
    points, kinds, _ = found
    before, base = shift(kinds), shift(find_bases(kinds))
    is_start = kinds != SPACE
    is_start &= ~((kinds == EXTENDING) & (before != SPACE))
    is_start &= ~(np.isin(kinds, IN_WORDS) & np.isin(base, IN_WORDS))
    is_start &= ~((kinds == KATAKANA) & (base == KATAKANA))
    is_start &= ~(
        (shift(points) == JOINER) & np.isin(kinds, (JOINS_LETTERS, JOINS_DIGITS, OTHER)) & np.isin(base, ALONE)
    )
    is_joint = find_joints(kinds, before, base)
    is_start &= ~(is_joint | shift(is_joint))
    if (kinds == FLAG).any():
        is_start &= ~find_second_flag_letters(kinds == FLAG)
    return np.asarray(is_start)


def shift(values: NDArray[Any]) -> NDArray[Any]:
    """Move values one place on: shift([1, 2]) -> [0, 1]; as a kind, 0 is a space."""
    return np.concatenate([np.zeros(1, values.dtype), values[:-1]])


def find_bases(kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give marks the kind of what they belong to."""
    is_base = kinds != EXTENDING
    if is_base.all():
        return kinds
    return kinds[np.maximum.accumulate(np.where(is_base, np.arange(len(kinds)), 0))]


def find_joints(kinds: NDArray[np.uint8], before: NDArray[np.uint8], base: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which code points are marks inside a word or a number."""
    after = np.append(kinds[1:], np.uint8(SPACE))
    in_word = (kinds == JOINS_LETTERS) & np.isin(base, IN_WORDS) & (after == LETTER)
    in_number = (kinds == JOINS_DIGITS) & (before == DIGIT) & (after == DIGIT)
    return np.asarray(in_word | in_number)


def find_second_flag_letters(is_flag: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which letters are the second ones of flags, which have two."""
    places = np.arange(len(is_flag))
    run_starts = np.maximum.accumulate(np.where(is_flag & ~shift(is_flag), places, 0))
    return np.asarray(is_flag & ((places - run_starts) % 2 == 1))


def fit_unicode_words(batches: Iterable[pa.Array], encoding: Encoding) -> Tokenizer:
    """Fit on the commonest tokens of the training texts; ids 0 and 1 are padding and out-of-vocabulary."""
    ranked = rank_tokens(batches, split_unicode_words)
    vocabulary = {token: index for index, token in enumerate([PAD, OOV, *ranked[: encoding.vocab_size - 2]])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=OOV))
    tokenizer.normalizer = describe_folding()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(describe_tokens()), "removed", invert=True)
    return tokenizer


def describe_tokens() -> str:
    """Write `find_starts` as a regular expression for the `tokenizers` library."""
    extending = rf"[\p{{M}}\x{{200C}}\x{{200D}}{spell_ranges(SKIN_TONES)}]"
    katakana, spread, flag = map(spell_ranges, (KATAKANA_LETTERS, WITHOUT_SPACES, FLAG_LETTERS))
    letter = rf"[\p{{L}}&&[^{katakana}{spread}]]"
    in_word = rf"(?:{letter}|\p{{N}}){extending}*"
    joint = rf"[{escape_class(MARKS_IN_WORDS)}](?={letter})|(?<=\p{{N}})[{escape_class(MARKS_IN_NUMBERS)}](?=\p{{N}})"
    other = rf"[^\p{{L}}\p{{N}}\p{{M}}\p{{Z}}\p{{Cc}}\x{{200B}}-\x{{200D}}{spell_ranges(SKIN_TONES)}{flag}]"
    return "|".join(
        [
            rf"{in_word}(?:{in_word}|{joint})*",
            rf"(?:[\p{{L}}&&[{katakana}]]{extending}*)+",
            rf"[\p{{L}}&&[{spread}]]{extending}*",
            rf"(?:[{flag}]{{1,2}}|{other}){extending}*(?:(?<=\x{{200D}}){other}{extending}*)*",
            rf"{extending}+",
        ]
    )


def encode_unicode_words(texts: pa.Array, tokenizer: Tokenizer) -> Tokens:
    """Turn texts into token ids; tokens that are out of vocabulary become OOV_ID."""
    return look_up_tokens(*split_unicode_words(texts), tokenizer)
