"""A built-in corpus of film reviews, written by a small grammar, in which word order carries part of the label.

A review's label is the majority of its writer's opinions. Some are plain; others reverse the sense of words by contrast
("although ...", "..., but ..."), by negation ("hardly dull") or by quoting somebody else's opinion.

Accuracy on the test split of these texts, as measured (C = 0.01 for the bag of words, 1 for tf-idf):

| reader | whole review | first 120 words |
|---|---|---|
| majority | 50.0% | 50.0% |
| bag of words, logistic regression | 81.4% | 81.4% |
| tf-idf of words and pairs, logistic regression | 86.6% | 86.3% |
| Embedding 16, Flatten, Dense 6 | | 86.5% |
| Embedding 16, BiLSTM(32), Dense 6; two seeds | | 90.3%, 85.0% |
| Embedding 16, Conv1D(128, 5), maximum, Dense 24 | | 93.4% |
| the grammar's own cues, logistic regression | | 95.4% |
| a reader who knows every opinion: 4.4% of test labels are flipped | 95.6% | |
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tasks.ingest.sources.draws import choose, shuffle, start_random
from tasks.ingest.sources.sample_grammar import LEXICONS, NEUTRAL, OPINIONS, PLAIN, RETELLING

LABEL_NAMES: Final = ("negative", "positive")
NUM_REVIEWS: Final = {"train": 8_000, "test": 2_000}

# Each review has its own seed; a seed that both splits used would put the same review in both.
FIRST_SEED: Final = {"train": 1_000_000, "test": 2_000_000}
LABEL_NOISE: Final = 0.04
DISSENT: Final = 0.08
# The models read 120 words, so nearly everything that decides the label is within this many.
HEAD_WORDS: Final = 118
TAIL_OPINION: Final = 0.2
# A review has three opinions, and two more for each of these lengths that it reaches.
OPINION_BOUNDS: Final = (60, 80, 100)
# Quantiles of the length in words, at equal steps of probability: a long tail, as in real reviews.
LENGTH_QUANTILES: Final = (30, 60, 90, 115, 128, 140, 155, 175, 205, 235, 270)

SLOT: Final = re.compile(r"\{(\w+)\}")


def generate_reviews(split: str) -> Iterator[tuple[str, int]]:
    """Yield each review of a split as (text, label), the same on every machine; half of them have each label."""
    seed = FIRST_SEED[split]
    labels = [number % 2 for number in range(NUM_REVIEWS[split])]
    for number, label in enumerate(shuffle(labels, start_random(seed)), start=1):
        rng = start_random(seed + number)
        opinion = 1 - label if rng.random() < LABEL_NOISE else label
        yield write_review(opinion, rng), label


def write_review(opinion: int, rng: random.Random) -> str:
    """Write the opinions with retelling between them, then mostly retelling until the length is reached."""
    length = draw_length(rng)
    sentences = write_head(draw_polarities(opinion, length, rng), length, rng)
    while count_words(sentences) < length:
        is_opinion = rng.random() < TAIL_OPINION
        sentences.append(write_opinion(opinion, OPINIONS, rng) if is_opinion else write_retelling(rng))
    return " ".join(sentences)


def write_head(polarities: Sequence[int], length: int, rng: random.Random) -> list[str]:
    """Write an opinion per polarity, a plain one first and last, and as much retelling between as HEAD_WORDS allows."""
    kinds = [(PLAIN,), *[OPINIONS] * (len(polarities) - 2), (PLAIN,)]
    sentences = [write_opinion(polarity, kind, rng) for polarity, kind in zip(polarities, kinds, strict=True)]
    while (room := min(length, HEAD_WORDS) - count_words(sentences)) > 0:
        retelling = write_retelling(rng)
        if count_words([retelling]) > room:
            break
        sentences.insert(1 + int(rng.random() * (len(sentences) - 1)), retelling)
    return sentences


def draw_length(rng: random.Random) -> int:
    """Draw the number of words to reach, interpolating linearly between two quantiles."""
    position = rng.random() * (len(LENGTH_QUANTILES) - 1)
    step = int(position)
    low, high = LENGTH_QUANTILES[step : step + 2]
    return low + int((position - step) * (high - low))


def draw_polarities(opinion: int, length: int, rng: random.Random) -> list[int]:
    """Draw the polarity of each opinion in order: an odd number of them, most of them the writer's own."""
    num_opinions = 3 + 2 * sum(length >= bound for bound in OPINION_BOUNDS)
    num_dissenting = min(sum(rng.random() < DISSENT for _ in range(num_opinions)), num_opinions // 2)
    agreeing = [opinion] * (num_opinions - num_dissenting)
    return shuffle(agreeing + [1 - opinion] * num_dissenting, rng)


def write_opinion(polarity: int, kinds: Sequence[Sequence[str]], rng: random.Random) -> str:
    """Write a sentence of one of the kinds by a writer of this polarity; people it quotes may have either one."""
    lexicon = choose(LEXICONS[polarity], rng)
    return fill_slots(choose(choose(kinds, rng), rng), lexicon, rng)


def write_retelling(rng: random.Random) -> str:
    """Write a sentence about the film that says nothing for or against it."""
    return fill_slots(choose(RETELLING, rng), NEUTRAL, rng)


def fill_slots(template: str, lexicon: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    """Fill each {slot} of a template with a drawn word."""
    return SLOT.sub(lambda slot: choose_word(lexicon[slot[1]], rng), template)


def choose_word(words: Sequence[str], rng: random.Random) -> str:
    """Draw a word, early ones often and late ones seldom, as in any language."""
    return words[int(rng.random() ** 2 * len(words))]


def count_words(sentences: Sequence[str]) -> int:
    """Count the words of the sentences, split at spaces."""
    return sum(len(sentence.split()) for sentence in sentences)
