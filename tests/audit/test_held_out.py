"""No model judges a review that it was fitted on, and equal texts are held out together."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.audit import held_out
from tasks.audit.held_out import number_folds, predict_held_out
from tasks.baseline.baselines import BASELINES

if TYPE_CHECKING:
    from conftest import Notes

TRUE = {"train": [0, 1, 2] * 8, "validation": [0, 1, 2] * 2, "test": [2, 1, 0] * 3}
NB_SVM, TFIDF = BASELINES["nb-svm"], BASELINES["tfidf-linear"]


def test_reviews_of_all_splits_are_judged_by_their_words(write_reviews: Callable[..., Path], notes: "Notes") -> None:
    found = predict_held_out([TFIDF], write_reviews(TRUE), num_classes=3, folds=3, listener=notes)
    np.testing.assert_array_equal(found.probabilities.argmax(axis=1), found.labels)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    assert found.labels.tolist() == [label for labels in TRUE.values() for label in labels]
    assert found.ids.to_pylist()[:2] == ["train-0", "train-1"]
    assert found.is_test.tolist() == [False] * 30 + [True] * 9


def test_each_fit_is_announced(write_reviews: Callable[..., Path], notes: "Notes") -> None:
    predict_held_out([NB_SVM, TFIDF], write_reviews(TRUE), num_classes=3, folds=2, listener=notes)
    parts = ("part 1 of 2 held out", "part 2 of 2 held out")
    assert notes.fits == [(name, part) for part in parts for name in ("nb-svm", "tfidf-linear")]


def test_no_model_judges_what_it_was_fitted_on(
    write_reviews: Callable[..., Path], notes: "Notes", monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = []

    class Watched:
        """Notes which texts it learned from and which it is asked about."""

        def __init__(self, path: Path) -> None:
            self.learned = set(held_out.pq.read_table(path).column("text").to_pylist())

        def predict_probabilities(self, texts: pa.ChunkedArray) -> "np.ndarray[Any, Any]":
            pairs.append((self.learned, set(texts.to_pylist())))
            return np.full((len(texts), 3), 1 / 3)

    monkeypatch.setattr(held_out, "fit_model", lambda _baseline, path, **_: (Watched(path), None))
    predict_held_out([NB_SVM], write_reviews(TRUE), num_classes=3, folds=3, listener=notes)
    assert [learned & asked for learned, asked in pairs] == [set()] * 3
    assert all(len(learned) == 20 and len(asked) == 19 for learned, asked in pairs)


def test_test_review_with_the_text_of_a_training_review_is_held_out_with_it() -> None:
    texts = pa.chunked_array([["one", "two", "three", "four", "TWO ", "five"]])
    labels, is_learned = np.array([0, 1, 0, 1, 0, 1], np.int32), np.array([True] * 4 + [False] * 2)
    numbers = number_folds(texts, labels, is_learned, folds=2)
    assert numbers[4] == numbers[1]
    assert numbers[5] == -1
    assert sorted(numbers[:4]) == [0, 0, 1, 1]
