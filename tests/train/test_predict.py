"""Class probabilities and their negative log-likelihood."""

import math

import keras
import numpy as np
import pytest

from tasks.train import predict
from tasks.train.predict import negative_log_likelihood, predict_probabilities

VOCAB_SIZE, LENGTH = 300, 4


def make_model(num_outputs: int) -> keras.Model:
    keras.utils.set_random_seed(1)
    head = keras.layers.Dense(num_outputs, activation="sigmoid" if num_outputs == 1 else "softmax")
    layers = [keras.layers.Embedding(VOCAB_SIZE, 3), keras.layers.Flatten(), head]
    return keras.Sequential([keras.Input((LENGTH,), dtype="int32"), *layers])


def make_tokens(num_reviews: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, VOCAB_SIZE, (num_reviews, LENGTH)).astype(np.uint16)


def test_one_output_becomes_the_probabilities_of_two_classes() -> None:
    model, tokens = make_model(1), make_tokens(5)
    probabilities = predict_probabilities(model, tokens)
    assert probabilities.shape == (5, 2)
    np.testing.assert_allclose(probabilities[:, [1]], np.asarray(model(tokens.astype(np.int32))), atol=1e-6)
    np.testing.assert_allclose(probabilities[:, 0], 1 - probabilities[:, 1])


def test_several_outputs_are_the_probabilities_as_they_are() -> None:
    model, tokens = make_model(3), make_tokens(5)
    probabilities = predict_probabilities(model, tokens)
    np.testing.assert_allclose(probabilities, np.asarray(model(tokens.astype(np.int32))), atol=1e-6)


def test_batches_do_not_change_the_predictions_or_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokens = make_model(1), make_tokens(10)
    at_once = predict_probabilities(model, tokens)
    monkeypatch.setattr(predict, "BATCH_SIZE", 4)
    np.testing.assert_allclose(predict_probabilities(model, tokens), at_once, atol=1e-6)


def test_large_outputs_are_made_for_few_reviews_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(1)
    assert predict.choose_batch_size(model) == 512
    monkeypatch.setattr(predict, "BATCH_VALUES", 30)
    assert predict.choose_batch_size(model) == 30 // (LENGTH * 3)
    monkeypatch.setattr(predict, "BATCH_VALUES", 5)
    assert predict.choose_batch_size(model) == 1


def test_negative_log_likelihood_is_the_mean_surprise_in_nats() -> None:
    probabilities = np.array([[0.9, 0.1], [0.25, 0.75], [0.5, 0.5]])
    expected = -(math.log(0.9) + math.log(0.75) + math.log(0.5)) / 3
    assert negative_log_likelihood(probabilities, np.array([0, 1, 0])) == pytest.approx(expected)


def test_negative_log_likelihood_of_a_confident_mistake_is_finite() -> None:
    assert negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-math.log(1e-7))
