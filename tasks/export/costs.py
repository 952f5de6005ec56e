"""How fast a model scores texts, in the bundle and exported, measured in turns."""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

NUM_ROUNDS: Final = 5
SINGLE_TEXTS: Final = 10
BATCH_TEXTS: Final = 256

Score = Callable[[Sequence[str]], Any]


class Speeds(NamedTuple):
    """Texts per second, one at a time and in batches."""

    single: float
    batch: float


def measure_speeds(own: Score, exported: Score, texts: Sequence[str]) -> tuple[Speeds, Speeds]:
    """Measure two functions that score texts in turns, so that a busy machine slows both; return the medians."""
    scores = (own, exported)
    for score in scores:
        score(texts[:1])
    singles: list[list[float]] = [[], []]
    batches: list[list[float]] = [[], []]
    for _ in range(NUM_ROUNDS):
        for index, score in enumerate(scores):
            singles[index].append(time_texts(score, [[text] for text in texts[:SINGLE_TEXTS]]))
            batches[index].append(time_texts(score, [texts[:BATCH_TEXTS]]))
    found = [Speeds(median(single), median(batch)) for single, batch in zip(singles, batches, strict=True)]
    return found[0], found[1]


def time_texts(score: Score, batches: Sequence[Sequence[str]]) -> float:
    """Return how many texts a second are scored."""
    started = time.perf_counter()
    for batch in batches:
        score(batch)
    return sum(map(len, batches)) / (time.perf_counter() - started)
