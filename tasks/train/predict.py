"""Class probabilities from any trained model."""

from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

BATCH_SIZE: Final = 512


def predict_probabilities(model: keras.Model, tokens: NDArray[Any]) -> NDArray[np.float64]:
    """Predict: tokens of shape (num_reviews, length) -> probabilities of shape (num_reviews, num_classes).

    `predict_on_batch` avoids the setup that `predict` does at each call, which takes as long as 2,000 reviews.
    """
    tokens = tokens.astype(np.int32)
    batches = [tokens[start : start + BATCH_SIZE] for start in range(0, len(tokens), BATCH_SIZE)]
    outputs = np.concatenate([np.asarray(model.predict_on_batch(batch), dtype=np.float64) for batch in batches])
    return np.hstack([1.0 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def negative_log_likelihood(probabilities: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """Return the mean negative log-likelihood of the labels in nats; probabilities are clipped at 1e-7 as in Keras."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(chosen, 1e-7, 1.0)).mean())
