"""The number of test reviews: by hand, and in simulations that find the lead as often as promised."""

import numpy as np
import pytest

from tasks.compare.facts import ALPHA
from tasks.compare.power import POWER, count_reviews_between, count_reviews_needed, expect_differing, round_up
from tasks.compare.significance import mcnemar_exact


def test_number_agrees_with_the_hand() -> None:
    """(1.960 * sqrt(0.3) + 0.842 * sqrt(0.29))**2 / 0.1**2 = 233."""
    assert count_reviews_needed(lead=0.1, differing=0.3, num_models=1) == 240


def test_more_models_and_smaller_leads_take_more_reviews() -> None:
    needed = count_reviews_needed(lead=0.1, differing=0.3, num_models=1)
    assert count_reviews_needed(lead=0.1, differing=0.3, num_models=10) > 1.5 * needed
    assert count_reviews_needed(lead=0.05, differing=0.3, num_models=1) > 3 * needed


def test_lead_is_found_as_often_as_promised() -> None:
    num_models, lead, differing = 4, 0.1, 0.3
    num_reviews = count_reviews_needed(lead=lead, differing=differing, num_models=num_models)
    random = np.random.default_rng(0)
    only_model, only_constant = (differing + lead) / 2, (differing - lead) / 2
    found = 0
    for _ in range(500):
        kind = random.choice(3, num_reviews, p=[only_model, only_constant, 1 - differing])
        model, constant = kind != 1, kind != 0
        found += model.sum() > constant.sum() and mcnemar_exact(model, constant) < ALPHA / num_models
    assert found / 500 == pytest.approx(POWER, abs=0.06)


def test_reviews_that_tell_two_models_apart_are_those_of_their_differences() -> None:
    """On 100 reviews, 20 and 10 are right only by one of them: a lead of 10 points, and 30% differ."""
    kind = np.repeat([0, 1, 2], [20, 10, 70])
    first, second = kind != 1, kind != 0
    assert count_reviews_between(first, second, num_pairs=1) == 240
    assert count_reviews_between(second, first, num_pairs=1) == 240
    assert count_reviews_between(first, second, num_pairs=6) == count_reviews_needed(
        lead=0.1, differing=0.3, num_models=6
    )


def test_no_number_of_reviews_is_told_where_more_would_not_help() -> None:
    level = np.repeat([True, False], 10)
    assert count_reviews_between(level, ~level, num_pairs=1) is None
    enough = np.repeat([0, 1, 2], [200, 100, 700])
    assert count_reviews_between(enough != 1, enough != 0, num_pairs=1) is None


def test_expected_share_of_differing_reviews_agrees_with_the_hand() -> None:
    assert expect_differing(0.1, 0.5) == pytest.approx(0.5)
    assert expect_differing(0.05, 0.8) == pytest.approx(0.85 * 0.2 + 0.15 * 0.8)


@pytest.mark.parametrize(("number", "rounded"), [(7.2, 8), (10, 10), (234.5, 240), (1_234.5, 1_300), (100.0, 100)])
def test_numbers_are_rounded_up_to_two_digits(number: float, rounded: int) -> None:
    assert round_up(number) == rounded
