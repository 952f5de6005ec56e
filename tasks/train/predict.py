"""Class probabilities from any trained model."""

import math
from collections.abc import Sequence
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

BATCH_SIZE: Final = 512
# Half a gigabyte for the largest array of a batch.
BATCH_VALUES: Final = 2**27


def predict_probabilities(model: keras.Model, tokens: NDArray[Any]) -> NDArray[np.float64]:
    """Predict: tokens of shape (num_reviews, length) -> probabilities of shape (num_reviews, num_classes).

    `predict_on_batch` avoids the setup that `predict` does at each call, which takes as long as 2,000 reviews.
    """
    tokens = tokens.astype(np.int32)
    size = choose_batch_size(model)
    batches = [tokens[start : start + size] for start in range(0, len(tokens), size)]
    outputs = np.concatenate([np.asarray(model.predict_on_batch(batch), dtype=np.float64) for batch in batches])
    return np.hstack([1.0 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def choose_batch_size(model: keras.Model) -> int:
    """Return how many reviews to predict at once: fewer if a layer's output is so large that they would fill memory."""
    outputs = [layer.output.shape[1:] for layer in model.layers]
    largest: int = max(math.prod(size or 1 for size in shape) for shape in outputs)
    return max(1, min(BATCH_SIZE, BATCH_VALUES // largest))


def negative_log_likelihood(
    probabilities: NDArray[np.float64], labels: NDArray[Any], class_weights: Sequence[float] | None = None
) -> float:
    """Return the mean negative log-likelihood of the labels in nats; probabilities are clipped at 1e-7 as in Keras.

    That of each review is multiplied by the weight of its class.
    """
    losses = -np.log(np.clip(probabilities[np.arange(len(labels)), labels], 1e-7, 1.0))
    return float((losses if class_weights is None else losses * np.array(class_weights)[labels]).mean())
