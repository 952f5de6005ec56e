"""The index is the published one; few reviews do not alarm by chance, many do when they shift."""

import numpy as np
import pytest

from tasks.drift.stability import judge, noise_bound, stability_index
from tasks.evaluate.profile import count_in_bins, count_in_quantiles


def test_index_is_the_sum_of_differences_times_log_ratios() -> None:
    expected = (0.4 - 0.5) * np.log(0.4 / 0.5) + (0.6 - 0.5) * np.log(0.6 / 0.5)
    assert stability_index([50_000, 50_000], [40_000, 60_000]) == pytest.approx(expected, rel=1e-3)


def test_index_is_symmetric_and_zero_for_equal_shares() -> None:
    assert stability_index([10, 30], [1_000, 3_000]) == pytest.approx(0, abs=1e-3)
    assert stability_index([5, 9, 40], [10, 2, 7]) == pytest.approx(stability_index([10, 2, 7], [5, 9, 40]))


def test_empty_bins_give_a_finite_index() -> None:
    assert 1 < stability_index([100, 0], [0, 100]) < 100


@pytest.mark.parametrize(
    ("index", "noise", "level"),
    [(0.05, 0.01, "stable"), (0.15, 0.01, "moving"), (0.3, 0.01, "alarm"), (0.3, 0.4, "stable"), (0.2, 0.3, "stable")],
)
def test_level_needs_both_threshold_and_more_than_noise(index: float, noise: float, level: str) -> None:
    assert judge(index, noise) == level


@pytest.mark.parametrize(("n", "m"), [(20, 20), (30, 270), (270, 30), (2_500, 2_500)])
def test_two_samples_of_one_population_hardly_ever_alarm(n: int, m: int) -> None:
    random = np.random.default_rng(20)
    trials = 2_000
    beyond = alarms = 0
    for _ in range(trials):
        profile = count_in_quantiles(random.lognormal(5, 1, n).astype(np.int64))
        current = count_in_bins(random.lognormal(5, 1, m).astype(np.int64), profile.bounds)
        index, noise = stability_index(profile.counts, current), noise_bound(profile.counts, current)
        beyond += index > noise
        alarms += judge(index, noise) != "stable"
    assert beyond <= 0.005 * trials
    assert alarms <= 0.005 * trials


def test_without_the_noise_bound_small_samples_would_alarm() -> None:
    random = np.random.default_rng(21)
    profile = count_in_quantiles(random.lognormal(5, 1, 30).astype(np.int64))
    found = [
        stability_index(profile.counts, count_in_bins(random.lognormal(5, 1, 30), profile.bounds)) for _ in range(200)
    ]
    assert np.mean(np.array(found) > 0.25) > 0.3


def test_real_shift_alarms_with_enough_reviews() -> None:
    random = np.random.default_rng(22)
    profile = count_in_quantiles(random.lognormal(5, 1, 1_000).astype(np.int64))
    current = count_in_bins(random.lognormal(6, 1, 1_000), profile.bounds)
    assert judge(stability_index(profile.counts, current), noise_bound(profile.counts, current)) == "alarm"


def test_values_beyond_a_profile_of_one_value_are_seen() -> None:
    profile = count_in_quantiles(np.zeros(500))
    assert (profile.bounds, profile.counts) == ((0.0,), (500, 0))
    assert stability_index(profile.counts, count_in_bins(np.full(500, 0.2), profile.bounds)) > 1
