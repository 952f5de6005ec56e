"""Draws of errors: as wide as the test reviews and the seeds make them, and the same reviews at all sizes."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tasks.curve.draws import NUM_DRAWS, bound_accuracy, draw_errors, estimate_seed_errors

if TYPE_CHECKING:
    from tests.curve.conftest import Simulate

SIZES = np.array([50.0, 100.0, 200.0, 500.0, 1_000.0])
ERRORS = [0.3, 0.25, 0.2, 0.15, 0.12]


def test_one_seed_has_the_spread_of_the_test_reviews(simulate: "Simulate") -> None:
    hits = simulate(ERRORS, num_seeds=1)
    draws = draw_errors(hits, SIZES)
    assert draws.shape == (NUM_DRAWS, 5)
    for own, hit in zip(draws.T, hits, strict=True):
        rate = 1 - hit.mean()
        assert own.mean() == pytest.approx(rate, abs=0.002)
        assert own.std() == pytest.approx((rate * (1 - rate) / hit.size) ** 0.5, rel=0.1)


def test_same_reviews_are_drawn_at_all_sizes(simulate: "Simulate") -> None:
    hits = simulate([0.2], num_seeds=1) * 2
    draws = draw_errors(hits, SIZES[:2])
    np.testing.assert_array_equal(draws[:, 0], draws[:, 1])


def test_seeds_that_differ_widen_the_draws(simulate: "Simulate") -> None:
    equal, different = (simulate(ERRORS, num_reviews=5_000, spread=spread) for spread in (0.0, 0.04))
    spreads = [draw_errors(hits, SIZES).std(axis=0) for hits in (equal, different)]
    assert (spreads[1] > 2 * spreads[0]).all()


def test_spread_of_seeds_is_pooled_over_the_sizes() -> None:
    """Two seeds each at five sizes give five degrees of freedom, and the true standard error on average."""
    found = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        units = np.sqrt(np.array(ERRORS) * (1 - np.array(ERRORS)) / SIZES)
        errors = np.clip(np.array(ERRORS)[:, None] + units[:, None] * random.standard_normal((5, 2)), 0.001, 0.6)
        hits = [random.random((2, 4_000)) >= own[:, None] for own in errors]
        standard_errors, degrees = estimate_seed_errors(hits, SIZES)
        assert degrees == 5
        found.append(standard_errors / (units / np.sqrt(2)))
    assert np.sqrt((np.array(found) ** 2).mean(axis=0)) == pytest.approx(np.ones(5), rel=0.15)


def test_size_with_one_seed_gets_the_spread_of_the_others(simulate: "Simulate") -> None:
    hits: list[Any] = simulate(ERRORS, spread=0.04)
    hits[-1] = hits[-1][:1]
    standard_errors, degrees = estimate_seed_errors(hits, SIZES)
    assert degrees == 8
    assert standard_errors[-1] > 0


def test_model_without_mistakes_has_an_interval() -> None:
    hits = np.ones((1, 100), np.bool_)
    draws = draw_errors([hits, hits], SIZES[:2])
    assert bound_accuracy(hits, draws[:, 0]) == pytest.approx((0.963, 1.0), abs=0.001)
