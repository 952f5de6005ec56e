"""Which words an answer depends on: the model answers again without each, wherever the word occurs (occlusion).

Source: Zeiler & Fergus 2014, https://arxiv.org/abs/1311.2901, for patches of pictures; Li, Monroe & Jurafsky 2016,
https://arxiv.org/abs/1612.08220, for words.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Regex, pre_tokenizers

from tasks.encode.unicode_words import describe_tokens
from tasks.evaluate.bundle import Bundle
from tasks.evaluate.calibration import take_logarithm
from tasks.evaluate.facts import WordWeight
from tasks.ingest.word_counts import WITHOUT_SPACES

# So many words are told of each text.
MOST_WORDS: Final = 6
# So many texts are scored at a time, fewer if the text is longer than MOST_CHARACTERS / BREADTH.
BREADTH: Final = 100
LEAST_BREADTH: Final = 10
MOST_CHARACTERS: Final = 4_000_000
# A part of a text whose removal matters is divided into so many.
DIVISION: Final = 5
# Of a weight below this, the answer does not depend.
SMALLEST_WEIGHT: Final = 0.01

# The places of a word in a text: the first character of each, and the one after its last.
Places = list[tuple[int, int]]
# Gives texts the log-odds of an answer: shape (num_texts,).
Score = Callable[[Sequence[str]], NDArray[np.float64]]

# What a weight is, and what it is not.
HONESTY: Final = (
    "A weight is what the log-odds of the answer lose when the model reads the text without the word, wherever it "
    "occurs: +0.7 means that the odds halve, and a negative weight that the word speaks against the answer. Weights "
    "tell what the model's answer to this text depends on, not whether it is right, nor what the model makes of the "
    "word in other texts. Words that say the same hide each other, because one is left when the other is removed. "
    "Leaving out a frequent word also moves the words after it, and may bring others into the part that the model "
    "reads; and a text with a word missing may be unlike any that the model has learned from."
)


def explain_answers(bundle: Bundle, texts: Sequence[str], answers: Sequence[int]) -> list[tuple[WordWeight, ...]]:
    """Find the words that each answer, an index of labels, depends on most; the weightiest come first.

    Texts are cleaned, and not blank. Of a text with at most 100 different words, each is tried; of a longer one, parts
    are tried, then the parts of those that matter most, so that a text of any length is scored a few hundred times at
    most. Raises UserError when the model cannot be used.
    """
    return [
        explain(text, make_score(bundle, answer), pieces=bundle.classifier.find_pieces(text))
        for text, answer in zip(texts, answers, strict=True)
    ]


def make_score(bundle: Bundle, answer: int) -> Score:
    """Make the function that gives texts the calibrated log-odds of an answer."""

    def score(texts: Sequence[str]) -> NDArray[np.float64]:
        probabilities = bundle.decide(pa.array(texts, pa.string())).probabilities
        others = np.delete(probabilities, answer, axis=1).sum(axis=1)
        odds: NDArray[np.float64] = take_logarithm(probabilities[:, answer]) - take_logarithm(others)
        return odds

    return score


def explain(text: str, score: Score, *, pieces: Sequence[tuple[int, int]] = ()) -> tuple[WordWeight, ...]:
    """Find the words without which the score of a text changes most; `pieces` are as in `find_words`."""
    words = find_words(text, pieces)
    breadth = min(BREADTH, max(LEAST_BREADTH, MOST_CHARACTERS // max(len(text), 1)))
    (whole,) = score([text])
    parts = divide(list(words.values()), breadth)
    while True:
        effects = whole - score([remove(text, part) for part in parts]) if parts else np.empty(0)
        order = np.argsort(-np.abs(effects), kind="stable")
        if all(len(part) == 1 for part in parts):
            break
        kept = [parts[index] for index in order[: max(1, breadth // DIVISION)]]
        parts = [smaller for part in kept for smaller in divide(part, DIVISION)]
    return tuple(
        WordWeight(word=text[slice(*parts[index][0][0])], weight=round(float(effects[index]), 4))
        for index in order[:MOST_WORDS]
        if abs(effects[index]) >= SMALLEST_WEIGHT
    )


def find_words(text: str, pieces: Sequence[tuple[int, int]] = ()) -> dict[str, Places]:
    """Find the places of each word, in order of first appearance: "Oh oh" -> {"oh": [(0, 2), (3, 5)]}.

    Words are those of the encoding `unicode-words`, whatever the model reads: punctuation marks and emoji are words.
    In scripts that put no spaces between words, they are the pieces of words that the model reads, and single letters
    if it reads none. Case is ignored.
    """
    found: dict[str, Places] = {}
    places = [place for _, place in find_pattern().pre_tokenize_str(text)]
    for first, last in prefer_pieces(text, places, pieces) if pieces else places:
        found.setdefault(text[first:last].casefold(), []).append((first, last))
    return found


def prefer_pieces(text: str, places: Places, pieces: Sequence[tuple[int, int]]) -> Places:
    """Put pieces of letters that are written without spaces in the place of these letters."""
    taken: Places = []
    for start, last in pieces:
        first = start + len(text[start:last]) - len(text[start:last].lstrip())
        if first < last and (not taken or first >= taken[-1][1]) and all(map(is_unspaced, text[first:last])):
            taken.append((first, last))
    covered = np.zeros(len(text), np.bool_)
    for first, last in taken:
        covered[first:last] = True
    return sorted([*taken, *((first, last) for first, last in places if not covered[first:last].any())])


@lru_cache(maxsize=1)
def find_pattern() -> pre_tokenizers.PreTokenizer:
    """Make what splits a text into words and keeps their places."""
    return pre_tokenizers.Split(Regex(describe_tokens()), "removed", invert=True)


def divide(words: list[Places], count: int) -> list[list[Places]]:
    """Divide words into at most `count` parts of about equal size, in order."""
    borders = np.linspace(0, len(words), min(count, len(words)) + 1).round().astype(int).tolist()
    return [words[first:last] for first, last in pairwise(borders)]


def remove(text: str, words: Sequence[Places]) -> str:
    """Remove words from a text: remove("good, good film", [[(0, 4), (6, 10)]]) -> "  ,   film".

    A space takes the place of a word, so that its neighbours stay apart; not of a letter of a script without spaces.
    """
    pieces, end = [], 0
    for first, last in sorted(place for places in words for place in places):
        pieces += [text[end:first], "" if is_unspaced(text[first]) else " "]
        end = last
    return "".join([*pieces, text[end:]])


def is_unspaced(letter: str) -> bool:
    """Tell whether a letter belongs to a script without spaces between words."""
    return any(first <= ord(letter) <= last for first, last in WITHOUT_SPACES)
