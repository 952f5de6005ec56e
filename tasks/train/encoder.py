"""A pretrained encoder as the beginning of a model."""

from collections.abc import Sequence
from functools import reduce
from typing import Any, Final

import keras
import numpy as np

from tasks.encoders.facts import Pretrained
from tasks.train.encoder_layers import EncoderBlock, EncoderInput, EncoderPooling

PLACES: Final = "places"


def load_layers(encoder: Pretrained, *, length: int, trainable: bool) -> list[keras.Layer]:
    """Load the layers of an encoder: token ids of shape (batch, length) -> vectors of texts of shape (batch, dim).

    Of the vectors of places, those beyond the length are left out.
    """
    facts = encoder.facts
    first = EncoderInput(facts.vocab_size, facts.dim, epsilon=facts.epsilon, dropout=facts.dropout, name="input")
    blocks = [
        EncoderBlock(
            facts.num_heads,
            facts.inner_dim,
            activation=facts.activation,
            epsilon=facts.epsilon,
            dropout=facts.dropout,
            attention_dropout=facts.attention_dropout,
            name=f"block_{number}",
        )
        for number in range(facts.num_layers)
    ]
    first.build((None, length))
    with np.load(encoder.weights, allow_pickle=False) as arrays:
        named: dict[str, keras.Layer] = {"input": first, **{str(number): block for number, block in enumerate(blocks)}}
        for name, layer in named.items():
            if layer is not first:
                layer.build((None, length, facts.dim))
            layer.trainable = trainable
            for weight in layer.weights:
                array = arrays[f"{name}/{weight.name}"]
                weight.assign(array[:length] if weight.name == PLACES else array)
    return [first, *blocks, EncoderPooling(facts.pooling, name="pooling")]


def connect(layers: Sequence[keras.Layer], inputs: Any) -> Any:
    """Let each layer read the output of the one before; returns that of the last."""
    return reduce(lambda given, layer: layer(given), layers, inputs)


def has_encoder(model: keras.Model) -> bool:
    """Tell whether a model begins with a pretrained encoder."""
    return any(isinstance(layer, EncoderInput) for layer in model.layers)


def cut_head(model: keras.Model) -> keras.Model:
    """Make a compiled model of the layers after the encoder: vectors of texts of shape (batch, dim) -> probabilities.

    It shares these layers, the optimizer and the loss with the whole model, which so learns with it.
    """
    place = next(index for index, layer in enumerate(model.layers) if isinstance(layer, EncoderPooling))
    vectors = keras.Input(model.layers[place].output.shape[1:], dtype="float32")
    head = keras.Model(vectors, connect(model.layers[place + 1 :], vectors), name=model.name)
    head.compile(optimizer=model.optimizer, loss=model.loss, metrics=["accuracy"])
    return head


def cut_length(model: keras.Model, length: int) -> keras.Model:
    """Make a model of the same layers that reads only so many tokens: for texts that have no more."""
    tokens = keras.Input((length,), dtype="int32")
    return keras.Model(tokens, connect(model.layers[1:], tokens), name=model.name)
