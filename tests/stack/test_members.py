"""Which models become members of an ensemble."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit

from tasks.stack import members
from tasks.stack.members import choose_members
from tasks.stack.weights import Answers, gather_answers

NUM_REVIEWS = 600
random = np.random.default_rng(1)
LABELS = (np.arange(NUM_REVIEWS) % 2).astype(np.int32)
SIGNS = 2.0 * LABELS - 1


def say(logits: np.ndarray) -> np.ndarray:
    positive = expit(logits)
    return np.column_stack([1 - positive, positive])


def see(noise: float, seed: int) -> np.ndarray:
    """The probabilities of a model that sees the labels through a noise of its own."""
    return say(2 * (SIGNS + np.random.default_rng(seed).normal(0, noise, NUM_REVIEWS)))


GOOD, OTHER, POOR, BLIND = see(0.7, 1), see(0.8, 2), see(3.0, 3), np.full((NUM_REVIEWS, 2), 0.5)


def choose(*models: np.ndarray) -> list[int]:
    return [model for model, _ in choose_members(gather_answers(models, LABELS)).members]


def test_models_with_mistakes_of_their_own_are_combined() -> None:
    choice = choose_members(gather_answers([OTHER, GOOD], LABELS))
    assert [model for model, _ in choice.members] == [1, 0]
    alone = choose_members(gather_answers([GOOD], LABELS))
    assert choice.loss < alone.loss
    assert choice.accuracy > alone.accuracy


def test_heaviest_member_comes_first() -> None:
    choice = choose_members(gather_answers([POOR, OTHER, GOOD], LABELS))
    assert all(before > after for (_, before), (_, after) in pairwise(choice.members))
    assert all(weight == round(weight, 4) > 0 for _, weight in choice.members)


def test_copy_of_a_model_adds_nothing() -> None:
    assert choose(GOOD, GOOD) == [0]


def test_model_that_says_nothing_is_no_member() -> None:
    assert choose(GOOD, BLIND) == [0]
    assert sorted(choose(BLIND, GOOD, OTHER)) == [1, 2]


def test_gain_by_chance_alone_is_rare() -> None:
    """Among 10 models that only add noise to the best one, hardly any is taken."""
    chosen = [
        len(choose(GOOD, say(np.log(GOOD[:, 1] / GOOD[:, 0]) + np.random.default_rng(seed).normal(0, 1, NUM_REVIEWS))))
        for seed in range(10)
    ]
    assert chosen.count(2) <= 4


def test_one_model_stays_alone() -> None:
    assert choose(POOR) == [0]


def test_one_review_is_enough_to_choose_something() -> None:
    answers = gather_answers([GOOD[:1], OTHER[:1]], LABELS[:1])
    assert len(choose_members(answers).members) == 1


def test_members_are_chosen_by_the_first_reviews_and_weighed_by_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST_REVIEWS", NUM_REVIEWS // 2)
    seen: list[int] = []
    measure = members.measure_losses
    monkeypatch.setattr(members, "measure_losses", lambda it: seen.append(len(it.labels)) or measure(it))
    weighed: list[int] = []
    fit = members.fit_weights

    def fit_and_note(answers: Answers) -> np.ndarray:
        weighed.append(len(answers.labels))
        return fit(answers)

    monkeypatch.setattr(members, "fit_weights", fit_and_note)
    choose(GOOD, OTHER)
    assert set(seen) == {NUM_REVIEWS // 2}
    assert weighed == [NUM_REVIEWS]
