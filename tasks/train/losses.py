"""The one loss that Keras lacks: a cross-entropy in which each class has a weight."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops


@dataclass(frozen=True)
class WeightedLoss:
    """Cross-entropy, by its name in Keras, times the weight of each review's class.

    The mean over a batch is what `model.fit` makes of `class_weight`: the sum of weighted losses over the number of
    reviews. Where the probabilities of the classes take the place of labels, the weight is the expected one.
    """

    crossentropy: str
    class_weights: tuple[float, ...]

    def __call__(self, labels: Any, outputs: Any) -> Any:
        """Return the weighted loss of each review, (batch,); labels are as the cross-entropy takes them."""
        losses = keras.losses.get(self.crossentropy)(labels, outputs)
        weights = ops.convert_to_tensor(self.class_weights, losses.dtype)
        return losses * self.find_weights(labels, weights)

    def find_weights(self, labels: Any, weights: Any) -> Any:
        """Return the weight of each review: (batch,)."""
        match self.crossentropy:
            case "binary_crossentropy":
                return weights[0] + ops.reshape(ops.cast(labels, weights.dtype), (-1,)) * (weights[1] - weights[0])
            case "categorical_crossentropy":
                return ops.matmul(ops.cast(labels, weights.dtype), weights)
        return ops.take(weights, ops.cast(ops.reshape(labels, (-1,)), "int32"))


def name_loss(loss: Any) -> Any:
    """Return the name of the cross-entropy that a model is compiled with, weighted or not."""
    return loss.crossentropy if isinstance(loss, WeightedLoss) else loss
