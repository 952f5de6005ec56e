"""What the C library learns, written again with NumPy, one region and one word after the other."""

from collections.abc import Iterator

import numpy as np

from tasks.train.regions import views
from tasks.train.regions.state import ViewState
from tasks.train.regions.targets import CERTAIN, Targets
from tasks.train.regions.views import View


class Draws:
    """SplitMix64."""

    def __init__(self, state: int) -> None:
        self.state = state

    def draw(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)


def choose_right(view: View, targets: Targets, draws: Draws, words: list[int], begin: int) -> list[int]:
    """The words around a region that are predicted."""
    before, end = range(begin - 1, begin - view.size - 1, -1), begin + view.size
    places = [it for it in (*before, *range(end, end + view.size)) if 0 <= it < len(words)]
    chosen = []
    for word in (words[place] for place in places):
        if 2 <= word < len(targets.chances):
            chance = int(targets.chances[word])
            if chance == CERTAIN or draws.draw() >> 32 < chance:
                chosen.append(word)
    while len(chosen) > view.most_targets:
        place, last = draws.draw() % len(chosen), chosen.pop()
        if place < len(chosen):
            chosen[place] = last
    return chosen


def draw_wrong(targets: Targets, draws: Draws, right: list[int]) -> Iterator[int]:
    """Words that are drawn, without those that are right."""
    for _ in range(views.NEGATIVES * len(right)):
        z = draws.draw()
        place = (z % 2**32) * len(targets.cuts) >> 32
        word = place if z >> 32 < int(targets.cuts[place]) else int(targets.others[place])
        if word not in right:
            yield word


def update(row: np.ndarray, sums: np.ndarray, at: int, gradient: np.ndarray, rate: float) -> None:
    sums[at] += (gradient**2).mean()
    row += rate / np.sqrt(sums[at]) * gradient


def learn_text(view: View, state: ViewState, targets: Targets, draws: Draws, words: list[int], *, left: float) -> None:
    """Learn from the words of one text without padding at its ends; `state` has float64 arrays."""
    weights = np.where(np.array(words, int)[:, None] > 0, state.weights[words], 0)
    d_bias, d_words = np.zeros(view.units), np.zeros_like(weights)
    for begin in range(draws.draw() % view.stride, len(words), view.stride):
        region = slice(begin, begin + view.size)
        units = np.maximum(state.bias + weights[region].sum(axis=0), 0)
        right = choose_right(view, targets, draws, words, begin)
        chosen = [*right, *draw_wrong(targets, draws, right)]
        scores, d_units = state.targets[chosen] @ units, np.zeros(view.units)
        for index, (word, score) in enumerate(zip(chosen, scores, strict=True)):
            gradient = (index < len(right)) - 1 / (1 + np.exp(-score))
            d_units += gradient * state.targets[word]
            update(state.targets[word], state.target_sums, word, gradient * units, left * views.TARGET_RATE)
        d_units *= units > 0
        d_bias += d_units
        d_words[region] += d_units
    for word, gradient in zip(words, d_words, strict=True):
        if word:
            update(state.weights[word], state.weight_sums, word, gradient, left * views.RATE)
    update(state.bias, state.bias_sum, 0, d_bias, left * views.BIAS_RATE)


def learn(view: View, state: ViewState, targets: Targets, tokens: np.ndarray, *, num_all: int, seed: int) -> ViewState:
    """Learn from the first of `num_all` texts; returns the new state."""
    new = ViewState(*(array.astype(float) for array in vars(state).values()))
    draws = Draws(seed)
    for number, row in enumerate(tokens):
        is_word = np.flatnonzero(row)
        words = row[is_word[0] : is_word[-1] + 1].tolist() if len(is_word) else []
        learn_text(view, new, targets, draws, words, left=1 - number / num_all)
    return new
