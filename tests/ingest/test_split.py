"""Choices keep the labels' shares, keep equal texts together and never change by chance."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.ingest.split import assign_folds, choose_stratified, hash_texts, share_out


def make_rows(*sizes: int) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """As many different texts of label 0, 1, ... as `sizes` says, in mixed order."""
    labels = np.repeat(np.arange(len(sizes)), sizes).astype(np.int32)
    labels = np.random.default_rng(0).permutation(labels)
    return hash_texts(f"review {row}" for row in range(len(labels))), labels


@pytest.mark.parametrize("other", ["GOOD film", "good   film", " good\tfilm\n", "Good\N{NO-BREAK SPACE}Film"])
def test_hash_is_blind_to_case_and_white_space(other: str) -> None:
    first, second = hash_texts(["good film", other])

    assert first == second


@pytest.mark.parametrize("other", ["good films", "goodfilm", "film good", "good film.", ""])
def test_hash_tells_texts_apart(other: str) -> None:
    first, second = hash_texts(["good film", other])

    assert first != second


def test_hash_is_the_same_in_every_process() -> None:
    assert hash_texts(["good film"]).tolist() == [16877464135873016321]


def test_exactly_as_many_rows_are_chosen_when_all_texts_differ() -> None:
    hashes, labels = make_rows(70, 30)

    assert choose_stratified(hashes, labels, num_chosen=37, salt=1).sum() == 37


def test_every_label_keeps_its_share() -> None:
    hashes, labels = make_rows(600, 300, 100)

    chosen = choose_stratified(hashes, labels, num_chosen=50, salt=1)

    assert np.bincount(labels[chosen]).tolist() == [30, 15, 5]


def test_equal_texts_are_chosen_together_or_not_at_all() -> None:
    rng = np.random.default_rng(1)
    texts = [f"review {number}" for number in rng.integers(0, 80, 400)]
    labels = np.array([int(text.split()[1]) % 2 for text in texts], np.int32)

    chosen = choose_stratified(hash_texts(texts), labels, num_chosen=100, salt=1)

    assert 50 <= chosen.sum() <= 100
    assert {text for text, taken in zip(texts, chosen, strict=True) if taken}.isdisjoint(
        {text for text, taken in zip(texts, chosen, strict=True) if not taken}
    )


def test_equal_texts_with_conflicting_labels_stay_together() -> None:
    rng = np.random.default_rng(2)
    hashes = hash_texts(f"review {number}" for number in rng.integers(0, 100, 400))
    labels = rng.integers(0, 2, 400).astype(np.int32)

    chosen = choose_stratified(hashes, labels, num_chosen=100, salt=1)

    assert 50 <= chosen.sum() <= 100
    assert set(hashes[chosen]).isdisjoint(hashes[~chosen])


def test_same_rows_give_the_same_choice() -> None:
    hashes, labels = make_rows(50, 50)

    first, second = (choose_stratified(hashes, labels, num_chosen=20, salt=1) for _ in range(2))

    assert first.tolist() == second.tolist()


def test_choice_does_not_depend_on_the_order_of_rows() -> None:
    hashes, labels = make_rows(50, 50)
    order = np.random.default_rng(3).permutation(100)

    chosen = choose_stratified(hashes, labels, num_chosen=20, salt=1)
    chosen_of_shuffled = choose_stratified(hashes[order], labels[order], num_chosen=20, salt=1)

    assert set(hashes[order][chosen_of_shuffled]) == set(hashes[chosen])


def test_another_salt_gives_an_independent_choice() -> None:
    hashes, labels = make_rows(1_000, 1_000)

    first, second = (choose_stratified(hashes, labels, num_chosen=1_000, salt=salt) for salt in (1, 2))

    # 500 in common are expected; 60 are more than five standard deviations.
    assert abs(int((first & second).sum()) - 500) < 60


@pytest.mark.parametrize("num_chosen", [10, 11, 1_000])
def test_all_rows_are_chosen_when_as_many_are_wanted(num_chosen: int) -> None:
    hashes, labels = make_rows(7, 3)

    assert choose_stratified(hashes, labels, num_chosen=num_chosen, salt=1).all()


def test_no_rows_are_chosen_when_none_are_wanted() -> None:
    hashes, labels = make_rows(7, 3)

    assert not choose_stratified(hashes, labels, num_chosen=0, salt=1).any()


@pytest.mark.parametrize(
    ("sizes", "total", "shares"),
    [([70, 30], 5, [4, 1]), ([1, 1, 1], 2, [1, 1, 0]), ([9, 1], 10, [9, 1]), ([999, 1], 10, [10, 0]), ([5], 3, [3])],
)
def test_shares_are_in_proportion_by_largest_remainder(sizes: list[int], total: int, shares: list[int]) -> None:
    assert share_out(np.array(sizes), total).tolist() == shares


def test_shares_add_up_and_are_off_by_less_than_one() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        sizes = rng.integers(1, 1_000, rng.integers(1, 8))
        total = int(rng.integers(0, sizes.sum() + 1))
        shares = share_out(sizes, total)
        assert shares.sum() == total
        assert (np.abs(shares - sizes * total / sizes.sum()) < 1).all()


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_parts_are_equal_in_size_and_in_labels(folds: int) -> None:
    hashes, labels = make_rows(40, 20)
    numbers = assign_folds(hashes, labels, folds=folds)
    assert set(numbers) == set(range(folds))
    sizes = np.bincount(numbers)
    assert sizes.max() - sizes.min() <= 2
    shares = [labels[numbers == fold].mean() for fold in range(folds)]
    assert max(shares) - min(shares) < 0.15


def test_equal_texts_are_in_the_same_part_of_a_division() -> None:
    hashes, labels = make_rows(20, 10)
    numbers = assign_folds(np.tile(hashes, 2), np.tile(labels, 2), folds=3)
    np.testing.assert_array_equal(numbers[:30], numbers[30:])
