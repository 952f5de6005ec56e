"""Counts in tables of bounded size: exact as long as nothing is lost, and never more than a known number too low."""

from collections import Counter

import numpy as np
import pytest

from tasks.baseline.tally import KeyTally, WordTally, find_least


@pytest.fixture
def batches() -> list[dict[int, int]]:
    """Keys of which few are frequent, as words are, with counts."""
    random = np.random.default_rng(1)
    return [dict(Counter((random.zipf(1.3, 400) % 5_000).tolist())) for _ in range(20)]


def count(tally: KeyTally | WordTally, batches: list[dict[int, int]]) -> dict[int, int]:
    for batch in batches:
        if isinstance(tally, KeyTally):
            tally.add(np.array(list(batch)), np.array(list(batch.values())))
        else:
            tally.add(list(batch), list(batch.values()))
    keys, num_texts = tally.counted()
    return dict(zip(list(keys), num_texts.tolist(), strict=True))


@pytest.mark.parametrize("kind", [KeyTally, WordTally])
def test_counts_are_exact_without_a_loss(kind: type[KeyTally | WordTally], batches: list[dict[int, int]]) -> None:
    tally = kind(10_000)
    assert count(tally, batches) == sum(map(Counter, batches), Counter())
    assert tally.most_missed == 0


@pytest.mark.parametrize("kind", [KeyTally, WordTally])
def test_full_table_loses_the_rarest_and_says_how_much_counts_may_lack(
    kind: type[KeyTally | WordTally], batches: list[dict[int, int]]
) -> None:
    tally = kind(300)
    found, exact = count(tally, batches), sum(map(Counter, batches), Counter())
    assert len(found) <= 300
    assert tally.most_missed > 0
    for key, number in exact.items():
        assert number - tally.most_missed <= found.get(key, 0) <= number
    assert {key for key, _ in exact.most_common(20)} <= found.keys()


def test_words_keep_the_order_of_their_first_appearance() -> None:
    tally = WordTally(10)
    tally.add(["b", "a"], [1, 1])
    tally.add(["c", "b"], [1, 1])
    words, counts = tally.counted()
    assert (words, counts.tolist()) == (["b", "a", "c"], [2, 1, 1])


@pytest.mark.parametrize("kind", [KeyTally, WordTally])
def test_empty_table_has_no_counts(kind: type[KeyTally | WordTally]) -> None:
    words, counts = kind(10).counted()
    assert (len(words), len(counts)) == (0, 0)


@pytest.mark.parametrize(
    ("counts", "num_chosen", "least"), [([5, 3, 3, 1], 2, 4), ([5, 3, 3, 1], 3, 2), ([2, 2], 5, 1), ([2, 2], 1, 3)]
)
def test_least_count_is_reached_by_no_more_than_wanted(counts: list[int], num_chosen: int, least: int) -> None:
    assert find_least(np.array(counts), num_chosen) == least
