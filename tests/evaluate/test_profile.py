"""Which texts a model does not know, by its unknown tokens."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.evaluate.classifier import Prepared
from tasks.evaluate.profile import count_unfamiliar, find_most_unknown, find_unfamiliar


class KnowsLetters:
    """Knows words of letters."""

    def prepare(self, texts: pa.Array) -> Prepared:
        words = [text.split() for text in texts.to_pylist()]
        counts = [[len(row), sum(not word.isalpha() for word in row)] for row in words]
        return Prepared(words, *np.array(counts, np.int32).T)


def find(*counts: tuple[int, int], most_unknown: float | None) -> list[str]:
    """Name what is found for numbers of tokens and of unknown tokens."""
    found = find_unfamiliar(*np.array(counts, np.int32).T, most_unknown=most_unknown)
    names = np.select([found.nothing_known, found.too_much], ["nothing", "too much"], "")
    assert not (found.nothing_known & found.too_much).any()
    return [str(name) for name in names]


@pytest.mark.parametrize(
    ("most_unknown", "expected"),
    [
        (0.4, ["", "", "too much", "too much", "nothing", "nothing", "nothing", ""]),
        (0.5, ["", "", "", "too much", "nothing", "nothing", "nothing", ""]),
        (1.0, ["", "", "", "", "nothing", "nothing", "nothing", ""]),
        (None, ["", "", "", "", "nothing", "nothing", "nothing", ""]),
    ],
)
def test_texts_are_unfamiliar_without_known_tokens_or_with_more_unknown_ones_than_training_had(
    most_unknown: float | None, expected: list[str]
) -> None:
    counts = [(10, 0), (10, 4), (10, 5), (10, 9), (10, 10), (0, 0), (1, 1), (4, 3)]

    assert find(*counts, most_unknown=most_unknown) == expected


def test_a_few_unknown_tokens_are_no_surprise_to_a_model_that_knows_all_of_its_training() -> None:
    assert find((100, 10), (100, 11), most_unknown=0.0) == ["", "too much"]


def test_unfamiliar_texts_are_counted() -> None:
    found = find_unfamiliar(np.array([9, 9, 9]), np.array([9, 8, 0]), most_unknown=0.5)  # type: ignore[arg-type]

    assert count_unfamiliar(found) == (1, 2)


@pytest.mark.parametrize(
    ("texts", "most"), [(["a b c d 1", "a b c 1 2"], 0.4), (["1 2", "a b c d 1"], 0.2), (["", "1"], 0.0)]
)
def test_most_unknown_is_of_texts_with_some_tokens(texts: list[str], most: float, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": texts}), tmp_path / "train.parquet")
    classifier: Any = KnowsLetters()

    assert find_most_unknown(classifier, tmp_path / "train.parquet") == pytest.approx(most)
