"""Pairs of models: tests against textbook cases, intervals and error rates against simulations."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binomtest, norm
from statsmodels.stats.contingency_tables import mcnemar

from tasks.compare.significance import (
    Pair,
    bootstrap_difference,
    compare_pairs,
    correct_holm,
    group_ties,
    mcnemar_exact,
)


def make_table(both: int, only_first: int, only_second: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """Hits of two models from their 2 x 2 table."""
    counts = (both, only_first, only_second, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


def simulate_hits(
    random: np.random.Generator, *, rates: Sequence[float], num_seeds: int = 1, sd: float = 0.0, num_reviews: int
) -> list[np.ndarray]:
    """Hits of models, each (num_seeds, num_reviews), that find the same reviews hard; seeds differ by this sd."""
    ease = math.sqrt(0.8) * random.normal(size=num_reviews)
    return [
        norm.ppf(rate + sd * random.normal(size=(num_seeds, 1)))
        + ease
        + math.sqrt(0.2) * random.normal(size=(num_seeds, num_reviews))
        > 0
        for rate in rates
    ]


@pytest.fixture
def fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.evaluate.intervals.NUM_RESAMPLES", 2_000)


def make_pair(first: str, second: str, *, differs: bool) -> Pair:
    return Pair(
        first=first,
        second=second,
        difference=0.0,
        low=0.0,
        high=0.0,
        only_first=0,
        only_second=0,
        p_value=0.001 if differs else 1.0,
        p_holm=0.01 if differs else 1.0,
        differs=differs,
    )


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [(5, 0, 2 / 2**5), (10, 2, 2 * (1 + 12 + 66) / 2**12), (1, 11, 2 * (1 + 12) / 2**12), (3, 3, 1.0), (0, 0, 1.0)],
)
def test_mcnemar_agrees_with_the_hand(only_first: int, only_second: int, p_value: float) -> None:
    assert mcnemar_exact(*make_table(20, only_first, only_second, 7)) == pytest.approx(p_value)


def test_mcnemar_agrees_with_libraries_on_a_textbook_table() -> None:
    """Approval of the prime minister in two surveys of the same 1,600 voters (Agresti 2002, table 10.1)."""
    p_value = mcnemar_exact(*make_table(794, 150, 86, 570))
    assert p_value == pytest.approx(mcnemar([[794, 150], [86, 570]], exact=True).pvalue)
    assert p_value == pytest.approx(binomtest(150, 236).pvalue)


def test_holm_agrees_with_the_hand() -> None:
    assert correct_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert correct_holm([]) == []


def test_pairs_are_described_in_order() -> None:
    first, second = make_table(700, 100, 40, 160)
    pairs = compare_pairs({"a": first[None], "b": second[None], "c": first[None]}, {"a": 0, "b": 0, "c": 0})
    assert [(pair.first, pair.second) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [pair.difference for pair in pairs] == pytest.approx([0.06, 0.0, -0.06])
    assert [(pair.only_first, pair.only_second) for pair in pairs] == [(100, 40), (0, 0), (40, 100)]
    assert [pair.differs for pair in pairs] == [True, False, True]
    assert pairs[0].p_holm == pytest.approx(3 * pairs[0].p_value)
    assert (pairs[1].low, pairs[1].high, pairs[1].p_holm) == (0.0, 0.0, 1.0)


def test_one_model_has_no_pairs() -> None:
    assert compare_pairs({"a": np.ones((1, 3), np.bool_)}, {"a": 0}) == []


def test_shipped_models_are_tested_and_all_seeds_measured() -> None:
    first, second = make_table(700, 100, 40, 160)
    pair = compare_pairs({"a": np.stack([second, first]), "b": second[None]}, {"a": 1, "b": 0})[0]
    assert (pair.only_first, pair.only_second) == (100, 40)
    assert pair.difference == pytest.approx(0.03)


def test_lucky_seed_is_no_better_recipe() -> None:
    """The shipped seed of `a` is surely better than `b`, but its other seeds are not."""
    first, second = make_table(700, 100, 40, 160)
    pair = compare_pairs({"a": np.stack([first, second, second]), "b": np.stack([second] * 3)}, {"a": 0, "b": 0})[0]
    assert pair.p_holm < 0.001
    assert pair.low < 0 < pair.high
    assert not pair.differs


def test_better_recipe_is_no_better_model_where_the_shipped_ones_tie() -> None:
    first, second = make_table(700, 100, 40, 160)
    seeds = np.stack([second, *[first] * 30])
    pair = compare_pairs({"a": seeds, "b": second[None]}, {"a": 0, "b": 0})[0]
    assert pair.low > 0
    assert not pair.differs


def test_interval_agrees_with_the_normal_approximation() -> None:
    """Paired differences of +1, -1 and 0 (100, 40 and 860 of 1,000)."""
    margin = 1.96 * math.sqrt((0.14 - 0.06**2) / 1_000)
    assert bootstrap_difference(*(hits[None] for hits in make_table(700, 100, 40, 160))) == pytest.approx(
        (0.06 - margin, 0.06 + margin), abs=0.1 * margin
    )


def test_interval_turns_with_the_order_of_the_models() -> None:
    first, second = simulate_hits(np.random.default_rng(1), rates=(0.85, 0.8), num_reviews=2_000)
    low, high = bootstrap_difference(first, second)
    assert bootstrap_difference(second, first) == pytest.approx((-high, -low), abs=0.002)


def test_same_hits_give_the_same_interval() -> None:
    first, second = simulate_hits(np.random.default_rng(1), rates=(0.85, 0.8), num_seeds=3, num_reviews=500)
    assert bootstrap_difference(first, second) == bootstrap_difference(first, second)


@pytest.mark.slow
# As in the tests of one model's interval, 0.016 over 2,500 reviews stands for half a point over 25,000. Where seeds do
# not differ, their estimated variance can only err upwards, and 98.0% are covered (four simulations: 97.4 to 98.5%).
@pytest.mark.parametrize(
    ("num_seeds", "sd", "at_most"),
    [(1, 0.0, 980), (3, 0.0, 990), (3, 0.016, 980), (5, 0.016, 980), (3, 0.03, 980)],
)
@pytest.mark.usefixtures("fewer_resamples")
def test_interval_covers_the_difference_of_the_recipes(num_seeds: int, sd: float, at_most: int) -> None:
    random = np.random.default_rng(5)
    covered = 0
    for seed in range(1_000):
        hits = simulate_hits(random, rates=(0.85, 0.84), num_seeds=num_seeds, sd=sd, num_reviews=2_500)
        low, high = bootstrap_difference(*hits, seed=seed)
        covered += low <= 0.01 <= high
    assert 930 <= covered <= at_most


def test_equal_models_rarely_differ() -> None:
    """Any of the ten pairs of five models that are equal: at most about 5 of 100 replications."""
    random = np.random.default_rng(6)
    called = 0
    for _ in range(500):
        hits = [model[0] for model in simulate_hits(random, rates=[0.85] * 5, num_reviews=2_000)]
        p_values = [mcnemar_exact(hits[i], hits[j]) for i in range(5) for j in range(i)]
        called += min(correct_holm(p_values)) < 0.05
    assert called <= 30


@pytest.mark.usefixtures("fewer_resamples")
def test_pairs_of_equal_recipes_rarely_differ() -> None:
    """The seeds make the shipped models differ in truth, which the test finds and the interval puts right."""
    random = np.random.default_rng(8)
    differing, rejected = 0, 0
    for _ in range(200):
        hits = simulate_hits(random, rates=[0.85] * 4, num_seeds=3, sd=0.016, num_reviews=2_500)
        pairs = compare_pairs(dict(zip("abcd", hits, strict=True)), dict.fromkeys("abcd", 0))
        differing += sum(pair.differs for pair in pairs)
        rejected += sum(pair.p_holm < 0.05 for pair in pairs)
    assert rejected > 0.3 * 6 * 200
    assert differing <= 0.05 * 6 * 200


def test_ties_are_groups_around_their_best() -> None:
    pairs = [
        make_pair("a", "b", differs=False),
        make_pair("c", "a", differs=True),
        make_pair("a", "d", differs=False),
        make_pair("b", "c", differs=True),
        make_pair("b", "d", differs=True),
        make_pair("c", "d", differs=True),
    ]
    assert group_ties(["a", "b", "c", "d"], pairs) == [["a", "b", "d"], ["c"]]


def test_ties_speak_of_the_models_at_hand() -> None:
    # One seed of the first learned nothing: its recipe may be anything, its shipped model is clearly worse.
    numbers = np.arange(1_000)
    unstable = np.stack([numbers < 800, numbers < 500, numbers < 810])
    (pair,) = compare_pairs({"unstable": unstable, "stable": (numbers < 900)[None, :]}, {"unstable": 0, "stable": 0})
    assert not pair.differs
    assert pair.told_apart
    assert group_ties(["stable", "unstable"], [pair]) == [["stable"], ["unstable"]]


def test_no_names_have_no_groups() -> None:
    assert group_ties([], []) == []
