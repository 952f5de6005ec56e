"""The weighted loss is what `model.fit` makes of `class_weight`, whatever computes the updates."""

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest

from tasks.encode.encodings import Encoding
from tasks.train.backend import make_epoch_runner
from tasks.train.build import build_model, forget_training
from tasks.train.losses import WeightedLoss
from tasks.train.predict import negative_log_likelihood
from tasks.train.variants import VARIANTS

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras variables with NumPy 2

ENCODING = Encoding(name="tiny", kind="words", vocab_size=40, length=8, padding="pre", description="for tests")
WEIGHTS = {2: (0.5, 20.0), 4: (0.25, 1.0, 3.0, 10.0)}
RANDOM = np.random.default_rng(1)
TOKENS = RANDOM.integers(1, 40, (45, 8)).astype(np.int32)
LABELS = {num_classes: RANDOM.integers(0, num_classes, 45).astype(np.int32) for num_classes in WEIGHTS}


def build(variant: str, num_classes: int, class_weights: Any = None) -> keras.Model:
    keras.utils.set_random_seed(2)
    return build_model(
        VARIANTS[variant], ENCODING, num_classes=num_classes, learning_rate=0.01, class_weights=class_weights
    )


@cache
def fit_stock(variant: str, num_classes: int) -> tuple[list[np.ndarray], dict[str, list[float]]]:
    """The weights and the history of `model.fit` with weights of the classes, once for all kernels."""
    model = build(variant, num_classes)
    weights = dict(enumerate(WEIGHTS[num_classes]))
    options = {"epochs": 3, "batch_size": 8, "shuffle": False, "verbose": 0, "class_weight": weights}
    history = model.fit(TOKENS, LABELS[num_classes], **options).history
    return model.get_weights(), history


@pytest.mark.parametrize("kernels", ["plain", "tensorflow", "auto"])
@pytest.mark.parametrize("num_classes", [2, 4])
@pytest.mark.parametrize("variant", ["flatten", "conv-max", "lstm"])
def test_updates_are_those_of_keras_with_class_weights(variant: str, num_classes: int, kernels: Any) -> None:
    ours = build(variant, num_classes, WEIGHTS[num_classes])
    run_epoch = make_epoch_runner(ours, batch_size=8, kernels=kernels)
    found = [run_epoch(TOKENS, LABELS[num_classes], lambda _: None) for _ in range(3)]
    weights, history = fit_stock(variant, num_classes)
    for mine, theirs in zip(ours.get_weights(), weights, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-5)
    assert [epoch["accuracy"] for epoch in found] == pytest.approx(history["accuracy"])
    np.testing.assert_allclose([epoch["loss"] for epoch in found], history["loss"], rtol=1e-4)


def test_loss_of_a_review_is_multiplied_by_the_weight_of_its_class() -> None:
    labels, outputs = np.array([0, 1, 1]), np.array([[0.5], [0.5], [0.25]], np.float32)
    losses = WeightedLoss("binary_crossentropy", (1.0, 10.0))(labels[:, None], outputs)
    np.testing.assert_allclose(losses, np.log([2, 2, 4]) * [1, 10, 10], rtol=1e-6)
    probabilities = np.hstack([1 - outputs, outputs]).astype(np.float64)
    assert negative_log_likelihood(probabilities, labels, (1.0, 10.0)) == pytest.approx(np.mean(losses), rel=1e-6)
    assert negative_log_likelihood(probabilities, labels) == pytest.approx(np.log([2, 2, 4]).mean())


def test_soft_labels_have_the_expected_weight_of_their_classes() -> None:
    outputs = np.array([[0.2, 0.3, 0.5]], np.float32)
    labels = np.array([[0.5, 0.25, 0.25]], np.float32)
    loss = WeightedLoss("categorical_crossentropy", (1.0, 2.0, 8.0))(labels, outputs)
    np.testing.assert_allclose(loss, [-(labels * np.log(outputs)).sum() * (0.5 + 0.5 + 2)], rtol=1e-5)
    binary = WeightedLoss("binary_crossentropy", (1.0, 5.0))(np.array([[0.25]], np.float32), outputs[:, :1])
    np.testing.assert_allclose(binary, [-(0.25 * np.log(0.2) + 0.75 * np.log(0.8)) * 2], rtol=1e-5)


def test_weighted_model_is_saved_so_that_plain_keras_loads_it(tmp_path: Any) -> None:
    model = build("flatten", 2, WEIGHTS[2])
    make_epoch_runner(model, batch_size=8, kernels="plain")(TOKENS, LABELS[2], lambda _: None)
    forget_training(model).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded.predict(TOKENS, verbose=0), model.predict(TOKENS, verbose=0))
