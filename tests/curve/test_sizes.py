"""Sizes: shares and numbers of the training reviews; those that a split does not have are left out, with the reason."""

import pytest

from tasks.curve.sizes import DEFAULT_SIZES, check_size, settle_sizes
from tasks.errors import UserError
from tasks.ingest.facts import Duplicates, ReviewsFacts, RowCounts


def describe(num_train: int, num_labels: int = 2) -> ReviewsFacts:
    return ReviewsFacts(
        dataset="any",
        label_names=[f"label {number}" for number in range(num_labels)],
        num_reviews={"train": num_train, "validation": 10, "test": 10},
        counts={},
        duplicates=Duplicates(within={}, across={}, conflicting=0),
        warnings=[],
        rows=RowCounts(num_read=0, num_used=0, num_left_out=0, dropped={}),
    )


@pytest.mark.parametrize("text", ["5%", "0.5%", "100%", "1", "20000"])
def test_shares_and_numbers_are_sizes(text: str) -> None:
    check_size(text)


@pytest.mark.parametrize("text", ["0%", "101%", "0", "-5", "5 %", "half", "", "%", "1e3", "5%5", "\u0665%"])
def test_other_texts_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no size; expected a share"):
        check_size(text)


def test_sizes_are_shares_of_the_training_split_smallest_first() -> None:
    sizes, left_out = settle_sizes(["100%", "200", "5%"], describe(1_000))
    assert [(size.text, size.share) for size in sizes] == [("5%", 0.05), ("200", 0.2), ("100%", 1.0)]
    assert left_out == []


def test_equal_sizes_count_once() -> None:
    sizes, _ = settle_sizes(["50%", "500", "100%", "1000"], describe(1_000))
    assert [size.text for size in sizes] == ["50%", "100%"]


def test_sizes_that_are_too_small_or_too_large_are_left_out_with_the_reason() -> None:
    sizes, left_out = settle_sizes([*DEFAULT_SIZES, "500"], describe(120))
    assert [size.text for size in sizes] == ["10%", "20%", "50%", "100%"]
    assert left_out == [
        "5% was left out: it is 6 of 120 training reviews, and at least 10 are needed for 2 labels.",
        "500 was left out: the training split has 120 reviews.",
    ]


def test_many_labels_need_more_reviews() -> None:
    sizes, _ = settle_sizes(DEFAULT_SIZES, describe(1_000, num_labels=50))
    assert [size.text for size in sizes] == ["10%", "20%", "50%", "100%"]


def test_fewer_than_two_sizes_are_refused_and_the_remedy_works() -> None:
    with pytest.raises(UserError, match=r"expected at least 2 between 10 and 100 reviews.*--sizes 50%,100%"):
        settle_sizes(["5%", "200"], describe(100))
    assert len(settle_sizes(["50%", "100%"], describe(100))[0]) == 2
