"""Latent dimensions: vectors of length one, weights that answer like a regression on them, and always the same bits."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from tasks.baseline.baselines import BASELINES
from tasks.baseline.latent import LatentFeatures, choose_penalty, find_vectors
from tasks.baseline.model import weigh_counts
from tasks.baseline.ngrams import count_ngrams

Fit = Callable[..., Any]
RANDOM = np.random.default_rng(1)
# Three texts of cats and three of dogs, each with words that the others lack.
BLOCKS = np.kron(np.eye(2), np.array([[2.0, 1, 1], [1, 2, 1], [1, 1, 2]]))
LSA = replace(BASELINES["lsa"], min_texts=1, num_dimensions=4, inverse_penalty=1_000.0)


def test_vectors_are_those_of_the_singular_value_decomposition_at_length_one() -> None:
    features = RANDOM.normal(size=(30, 3)) @ RANDOM.normal(size=(3, 9))
    found = find_vectors(csr_array(features), 3)
    expected = np.linalg.svd(features)[2][:3].T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(np.abs((found * expected).sum(axis=0)), (expected**2).sum(axis=0), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_words_of_the_same_texts_are_alike_and_others_are_not() -> None:
    vectors = find_vectors(csr_array(BLOCKS), 2)
    np.testing.assert_allclose(vectors @ vectors.T, np.kron(np.eye(2), np.ones((3, 3))), atol=1e-5)


def test_ngram_that_no_text_has_gets_no_weight() -> None:
    features = csr_array(np.hstack([BLOCKS, np.zeros((6, 1))]))
    assert not find_vectors(features, 2)[6].any()
    weights, _ = LatentFeatures(features, [], num_dimensions=2).fit(np.arange(6) < 3, inverse_penalty=1.0, weights=None)
    assert weights[6] == 0


def test_there_are_no_more_dimensions_than_texts_or_ngrams() -> None:
    assert find_vectors(csr_array(BLOCKS[:, :5]), 100).shape == (5, 5)
    assert find_vectors(csr_array(BLOCKS[:2]), 100).shape == (6, 2)


@pytest.mark.parametrize("own", [None, RANDOM.uniform(0.5, 2, 40)], ids=["alike", "weighted"])
def test_weights_of_ngrams_answer_like_the_regression_on_dimensions(own: Any) -> None:
    features, is_class = csr_array(RANDOM.normal(size=(40, 12))), np.arange(40) % 2 == 0
    latent = LatentFeatures(features, [], num_dimensions=5)
    weights, bias = latent.fit(is_class, inverse_penalty=3.0, weights=own)
    chosen = choose_penalty(latent.values, is_class, largest=3.0, weights=own)
    solver = LogisticRegression(C=chosen, max_iter=1_000).fit(latent.values, is_class, sample_weight=own)
    np.testing.assert_allclose(features @ weights + bias, solver.decision_function(latent.values), atol=1e-9)
    np.testing.assert_allclose(latent.values.mean(axis=0), 0, atol=1e-9)
    assert latent.values.std() == pytest.approx(1)


def test_penalty_is_strong_where_dimensions_are_noise_and_weak_where_they_tell_the_classes() -> None:
    noise, is_class = RANDOM.normal(size=(60, 50)), np.arange(60) % 2 == 0
    assert choose_penalty(noise, is_class, largest=10.0, weights=None) == pytest.approx(0.1)
    clear = np.where(is_class, 1.0, -1.0)[:, None] + RANDOM.normal(scale=0.1, size=(60, 2))
    assert choose_penalty(clear, is_class, largest=10.0, weights=None) == 10.0


@pytest.mark.parametrize("num_members", [1, 11])
def test_penalty_of_a_rare_class_is_the_strongest(num_members: int) -> None:
    is_class = np.arange(60) < num_members
    for mask in (is_class, ~is_class):
        assert choose_penalty(RANDOM.normal(size=(60, 2)), mask, largest=10.0, weights=None) == pytest.approx(0.1)


def test_texts_that_are_all_the_same_are_answered_by_the_classes_shares() -> None:
    features = csr_array(np.ones((8, 3)))
    weights, bias = LatentFeatures(features, [], num_dimensions=2).fit(
        np.arange(8) < 2, inverse_penalty=1.0, weights=None
    )
    assert 1 / (1 + np.exp(-(features @ weights + bias)))[0] == pytest.approx(0.25, abs=1e-3)


def test_number_of_threads_changes_no_bit() -> None:
    features = csr_array(RANDOM.normal(size=(300, 400)) * (RANDOM.random((300, 400)) < 0.2))
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(
                LatentFeatures(features, [], num_dimensions=64).fit(
                    np.arange(300) % 3 == 0, inverse_penalty=10.0, weights=None
                )
            )
    assert found[0][0].tobytes() == found[1][0].tobytes()
    assert found[0][1] == found[1][1]


def test_word_that_only_texts_without_labels_have_is_known_by_its_company(fit: Fit, tmp_path: Path) -> None:
    train = [("good fine", 1), ("good nice", 1), ("bad poor", 0), ("bad dull", 0)] * 3
    texts = ["good superb", "fine superb", "nice superb", "bad awful", "poor awful", "dull awful"] * 3
    path = tmp_path / "texts.parquet"
    pq.write_table(pa.table({"id": [str(number) for number in range(len(texts))], "text": texts}), path)
    alone, both = fit(LSA, train), fit(replace(LSA, uses_unlabelled=True), train, unlabelled=path)
    superb, awful = both.predict(["superb", "awful"])[:, 1]
    assert superb > 0.8
    assert awful < 0.2
    assert np.ptp(alone.predict(["superb", "awful"])[:, 1]) == 0


def test_files_are_those_of_any_baseline_and_predict_with_three_classes(
    fit: Fit, three_classes: Any, unseen: list[str]
) -> None:
    fitted = fit(LSA, three_classes, num_classes=3)
    assert {path.name for path in fitted.folder.iterdir()} == {"model.npz", "vocabulary.json"}
    found = fitted.predict(unseen)
    assert found.shape == (len(unseen), 3)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    parameters = fitted.model.parameters
    features = weigh_counts(count_ngrams(pa.array(unseen), fitted.model.vocabulary), parameters.idf)
    margins = features @ parameters.weights + parameters.bias
    assert (found.argmax(axis=1) == margins.argmax(axis=1)).all()
    assert np.linalg.matrix_rank(parameters.weights) <= LSA.num_dimensions
