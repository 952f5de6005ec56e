"""Which words are predicted, how often they count, and how often they are drawn."""

import numpy as np
import pytest

from tasks.train.regions.targets import CERTAIN, make_alias_table, make_targets
from tasks.train.regions.views import View

VIEW = View(5, 16, num_targets=6, subsampling=0.01, stride=1, most_targets=3)


def find_probabilities(cuts: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How often each place is drawn."""
    kept = cuts / 2**32
    return (kept + np.bincount(others, 1 - kept, minlength=len(cuts))) / len(cuts)


@pytest.mark.parametrize(
    "weights", [[1.0, 2.0, 3.0], [0.0, 5.0], [7.0], [1e-9, 1.0, 1e9], [1.0, 1.0, 1.0, 1.0], [0.0, 0.3, 0.0, 0.1, 0.2]]
)
def test_places_are_drawn_as_often_as_they_weigh(weights: list[float]) -> None:
    cuts, others = make_alias_table(np.array(weights))
    np.testing.assert_allclose(find_probabilities(cuts, others), np.array(weights) / sum(weights), atol=1e-8)
    assert set(others) <= set(range(len(weights)))


def test_all_places_are_alike_if_none_weighs_anything() -> None:
    cuts, others = make_alias_table(np.zeros(3))
    np.testing.assert_allclose(find_probabilities(cuts, others), 1 / 3, atol=1e-8)


def test_frequent_words_count_more_rarely_and_padding_and_unknown_words_never() -> None:
    counts = np.array([0, 500, 400, 90, 9, 1, 5, 5])
    targets = make_targets(counts, VIEW)
    chances = targets.chances / 2**32
    np.testing.assert_allclose(
        chances[:4], [0, 0, np.sqrt(0.01 / (400 / 1010)), np.sqrt(0.01 / (90 / 1010))], rtol=1e-6
    )
    assert list(targets.chances[4:]) == [CERTAIN] * 2
    drawn = find_probabilities(targets.cuts, targets.others)
    np.testing.assert_allclose(drawn, counts[:6] * chances / (counts[:6] * chances).sum(), atol=1e-8)


@pytest.mark.parametrize("counts", [[0], [0, 0], [0, 3], [0, 0, 7]], ids=str)
def test_small_vocabulary_has_few_targets(counts: list[int]) -> None:
    targets = make_targets(np.array(counts), VIEW)
    assert len(targets.chances) == len(targets.cuts) == len(targets.others) == len(counts)
    assert not targets.chances[:2].any()
