"""Slices of the test reviews: who is in them, how accurate they are, which is worst."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import fisher_exact

from tasks.compare.facts import SliceAccuracy
from tasks.compare.slices import (
    Attributes,
    Encoded,
    compare_with_rest,
    find_worst,
    measure_slice,
    slice_accuracy,
)
from tasks.evaluate.intervals import bootstrap_accuracy

NAMES = ("negative", "positive")
SIX = Attributes(
    num_words=np.array([120, 121, 250, 251, 500, 501]),
    label=np.array([0, 0, 0, 0, 0, 1]),
    has_negation=np.array([True, True, True, True, True, True]),
    encoded=Encoded(
        num_tokens=np.array([120, 121, 250, 251, 500, 0]), num_oov=np.array([0, 0, 5, 6, 50, 0]), length=120
    ),
)
SIX_CORRECT = np.array([[True, False, True, False, True, True]])


def make_attributes(random: np.random.Generator, num_reviews: int) -> Attributes:
    num_words = random.integers(10, 1_000, size=num_reviews)
    return Attributes(
        num_words=num_words,
        label=random.integers(2, size=num_reviews),
        has_negation=random.random(num_reviews) < 0.9,
        encoded=Encoded(
            num_tokens=num_words,
            num_oov=random.binomial(num_words, random.uniform(0, 0.15, size=num_reviews)),
            length=120,
        ),
    )


def make_slice(name: str, n: int, accuracy: float) -> SliceAccuracy:
    return measure_slice("group", name, (np.arange(n) < round(n * accuracy))[None])


def test_slices_of_six_reviews_agree_with_the_hand() -> None:
    rows = slice_accuracy(SIX_CORRECT, SIX, NAMES)
    assert [(row.group, row.name, row.n, row.accuracy) for row in rows] == [
        ("length", "up to 120 words", 1, 1.0),
        ("length", "121-250 words", 2, 0.5),
        ("length", "251-500 words", 2, 0.5),
        ("length", "over 500 words", 1, 1.0),
        ("truncation", "whole", 2, 1.0),
        ("truncation", "truncated", 4, 0.5),
        ("unknown words", "up to 2% unknown", 4, 0.75),
        ("unknown words", "2-5% unknown", 1, 0.0),
        ("unknown words", "5-10% unknown", 1, 1.0),
        ("negation", "with negation", 6, pytest.approx(4 / 6)),
        ("label", "negative", 5, 0.6),
        ("label", "positive", 1, 1.0),
    ]


def test_every_group_parts_all_reviews() -> None:
    random = np.random.default_rng(1)
    correct = random.random((3, 500)) < 0.8
    rows = slice_accuracy(correct, make_attributes(random, 500), NAMES)
    for group in {row.group for row in rows}:
        members = [row for row in rows if row.group == group]
        assert sum(row.n for row in members) == 500
        assert sum(row.n * row.accuracy for row in members) == pytest.approx(500 * correct.mean())


def test_one_seed_has_the_published_wilson_interval() -> None:
    """81 of 263, score method without continuity correction, in Newcombe 1998, table I."""
    row = measure_slice("group", "name", (np.arange(263) < 81)[None])
    assert (row.low, row.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_more_seeds_have_the_interval_of_reviews_and_seeds() -> None:
    correct = np.random.default_rng(2).random((3, 300)) < 0.8
    row = measure_slice("group", "name", correct)
    assert (row.low, row.high) == bootstrap_accuracy(correct)


def test_worst_is_the_slice_that_is_most_surely_bad() -> None:
    rows = [make_slice("good", 9_000, 0.9), make_slice("bad", 1_000, 0.8), make_slice("unlucky", 60, 0.75)]
    assert find_worst(rows) == rows[1]


def test_slices_that_could_all_be_alike_have_no_worst() -> None:
    assert find_worst([make_slice("more", 1_000, 0.85), make_slice("less", 100, 0.8)]) is None


def test_small_slices_do_not_compete() -> None:
    rows = [make_slice("good", 9_000, 0.9), make_slice("small", 40, 0.0)]
    assert find_worst(rows) is None
    assert find_worst(rows, min_reviews=40) == rows[1]
    assert find_worst([]) is None


@pytest.mark.slow
@pytest.mark.parametrize("num_seeds", [1, 3])
def test_worst_is_named_by_chance_in_at_most_five_of_a_hundred(num_seeds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.evaluate.intervals.NUM_RESAMPLES", 2_000)
    random = np.random.default_rng(3)
    named = [
        find_worst(slice_accuracy(random.random((num_seeds, 2_000)) < 0.85, make_attributes(random, 2_000), NAMES))
        for _ in range(300)
    ]
    assert sum(row is not None for row in named) <= 15


def test_weak_slice_is_found_among_all() -> None:
    random = np.random.default_rng(4)
    attributes = make_attributes(random, 2_000)
    assert attributes.has_negation is not None
    correct = random.random((1, 2_000)) < 0.9 - 0.2 * ~attributes.has_negation
    worst = find_worst(slice_accuracy(correct, attributes, NAMES))
    assert worst is not None
    assert worst.name == "without negation"


def test_language_without_known_negations_has_no_slices_of_them() -> None:
    groups = {row.group for row in slice_accuracy(SIX_CORRECT, replace(SIX, has_negation=None), NAMES)}
    assert groups == {"length", "truncation", "unknown words", "label"}


def test_models_that_read_the_text_itself_have_no_slices_of_an_encoding() -> None:
    groups = {row.group for row in slice_accuracy(SIX_CORRECT, replace(SIX, encoded=None), NAMES)}
    assert groups == {"length", "negation", "label"}


def test_slice_is_compared_with_the_rest_by_fishers_exact_test() -> None:
    correct = np.array([True, True, True, False, True, False, False, False])
    inside = np.arange(8) >= 4
    table = [[1, 3], [3, 1]]
    expected = fisher_exact(table, alternative="less").pvalue
    assert compare_with_rest(correct, inside) == pytest.approx(expected) == pytest.approx(17 / 70)


def find_weak(slices: Sequence[SliceAccuracy]) -> list[tuple[str, str]]:
    return [(part.group, part.name) for part in slices if part.is_weak]


def test_p_values_are_those_of_the_shipped_seed() -> None:
    random = np.random.default_rng(5)
    attributes = make_attributes(random, 400)
    hits = np.stack([np.ones(400, np.bool_), attributes.label == 0])
    assert find_weak(slice_accuracy(hits, attributes, NAMES, shipped=0)) == []
    assert find_weak(slice_accuracy(hits, attributes, NAMES, shipped=1)) == [("label", "positive")]


def test_weak_value_of_a_column_is_found_among_many() -> None:
    random = np.random.default_rng(6)
    shops = random.integers(40, size=4_000)
    attributes = replace(make_attributes(random, 4_000), columns={"shop": pa.array(shops.astype(str))})
    correct = random.random((1, 4_000)) < 0.9 - 0.4 * (shops == 7)
    assert find_weak(slice_accuracy(correct, attributes, NAMES)) == [("shop", "7")]


@pytest.mark.slow
def test_slices_that_are_alike_are_called_weak_in_at_most_five_of_a_hundred_runs() -> None:
    random = np.random.default_rng(7)
    named = []
    for _ in range(300):
        shops = pa.array(random.integers(60, size=1_000).astype(str))
        attributes = replace(make_attributes(random, 1_000), columns={"shop": shops})
        named.append(find_weak(slice_accuracy(random.random((1, 1_000)) < 0.85, attributes, NAMES)))
    assert sum(map(bool, named)) <= 15
