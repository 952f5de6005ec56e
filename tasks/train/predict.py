"""Class probabilities from any trained model."""

import math
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import keras
import numpy as np
from numpy.typing import NDArray

from tasks.encode.padding import PAD_ID
from tasks.train.encoder import cut_length, has_encoder
from tasks.train.rows import as_inputs

BATCH_SIZE: Final = 512
# Half a gigabyte for the largest array of a batch.
BATCH_VALUES: Final = 2**27
# An encoder takes as long for padding as for words; each length that is read takes a second to prepare.
LENGTH_STEP: Final = 64
# The models of fewer tokens that share the layers of one.
CUT: Final[WeakKeyDictionary[keras.Model, dict[int, keras.Model]]] = WeakKeyDictionary()


def predict_probabilities(model: keras.Model, tokens: NDArray[Any]) -> NDArray[np.float64]:
    """Predict: tokens of shape (num_reviews, length) -> probabilities of shape (num_reviews, num_classes).

    `predict_on_batch` avoids the setup that `predict` does at each call, which takes as long as 2,000 reviews.
    """
    predict = predict_by_length if has_encoder(model) else predict_in_batches
    outputs = predict(model, tokens)
    return np.hstack([1.0 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def predict_in_batches(model: keras.Model, tokens: NDArray[Any]) -> NDArray[np.float64]:
    """Return what a model gives for tokens, batch by batch: shape (num_reviews, num_outputs)."""
    size = choose_batch_size(model)
    batches = [as_inputs(tokens[start : start + size]) for start in range(0, len(tokens), size)]
    return np.concatenate([np.asarray(model.predict_on_batch(batch), dtype=np.float64) for batch in batches])


def predict_by_length(model: keras.Model, tokens: NDArray[Any]) -> NDArray[np.float64]:
    """Return the same of a model with an encoder, which reads short texts without most of their padding.

    Each review is read by a model of the smallest multiple of LENGTH_STEP tokens that it fits in.
    """
    longest = tokens.shape[1]
    lengths = longest - np.argmax(tokens[:, ::-1] != PAD_ID, axis=1)
    wanted = np.minimum(-(-lengths // LENGTH_STEP) * LENGTH_STEP, longest)
    # A model that was kept here itself would never be forgotten.
    cut = CUT.setdefault(model, {})
    outputs = None
    for length in np.unique(wanted).tolist():
        if length not in cut and length < longest:
            cut[length] = cut_length(model, length)
        rows = wanted == length
        found = predict_in_batches(cut.get(length, model), tokens[rows, :length])
        if outputs is None:
            outputs = np.empty((len(tokens), *found.shape[1:]))
        outputs[rows] = found
    return np.empty((0, 1)) if outputs is None else outputs


def choose_batch_size(model: keras.Model) -> int:
    """Return how many reviews to predict at once: fewer if a layer's output is so large that they would fill memory.

    A layer may say that it needs more values than its output has: `num_values`.
    """
    outputs = [layer.output.shape[1:] for layer in model.layers]
    largest: int = max(math.prod(size or 1 for size in shape) for shape in outputs)
    largest = max(largest, *(getattr(layer, "num_values", 0) for layer in model.layers))
    return max(1, min(BATCH_SIZE, BATCH_VALUES // largest))


def negative_log_likelihood(
    probabilities: NDArray[np.float64], labels: NDArray[Any], class_weights: Sequence[float] | None = None
) -> float:
    """Return the mean negative log-likelihood of the labels in nats; probabilities are clipped at 1e-7 as in Keras.

    That of each review is multiplied by the weight of its class.
    """
    losses = -np.log(np.clip(probabilities[np.arange(len(labels)), labels], 1e-7, 1.0))
    return float((losses if class_weights is None else losses * np.array(class_weights)[labels]).mean())
