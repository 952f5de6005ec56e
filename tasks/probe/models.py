"""The models that the probe trains: those of the table of variants without their dense layer, and three others.

The dense layer of six rectified units is left out because, with ten classes, some of the units die: the answer would
be lost in that layer and not in the memory. The vocabulary has a thousand words.
"""

from dataclasses import replace
from typing import Any, Final

from tasks.train.variants import VARIANTS, Variant


def random_rnn(layers: Any) -> list[Any]:
    """Read word by word with a plain recurrent layer whose matrix is initialised at random, not as a rotation."""
    return [layers.SimpleRNN(32, recurrent_initializer="glorot_uniform")]


def lstm_at_place(layers: Any) -> list[Any]:
    """Read in one direction and answer from the state at the missing word, the eighth word of the text."""
    return [layers.LSTM(32, return_sequences=True), lambda outputs: outputs[:, 7]]


def bilstm_at_place(layers: Any) -> list[Any]:
    """Read in both directions and answer from the states at the missing word, the eighth word of the text."""
    return [layers.Bidirectional(layers.LSTM(32, return_sequences=True)), lambda outputs: outputs[:, 7]]


# The encoding for texts of each length in words.
ENCODINGS: Final = {120: "words-1k-120", 400: "words-1k-400"}
_FROM_TABLE: Final = (
    "average-pool",
    "flatten",
    "conv-max",
    "simple-rnn",
    "gru",
    "lstm",
    "chrono-lstm",
    "bigru",
    "bilstm",
    "attention",
)
_OTHERS: Final = (
    replace(
        VARIANTS["simple-rnn"],
        name="random-rnn",
        body=random_rnn,
        description="a plain recurrent network of 32 units with a random initialisation",
    ),
    replace(
        VARIANTS["lstm"],
        name="lstm-at-place",
        body=lstm_at_place,
        description="an LSTM of 32 units that answers at the missing word",
    ),
    replace(
        VARIANTS["bilstm"],
        name="bilstm-at-place",
        body=bilstm_at_place,
        description="a bidirectional LSTM of 32 units each way that answers at the missing word",
    ),
)
MODELS: Final = {row.name: replace(row, hidden=0) for row in (*(VARIANTS[name] for name in _FROM_TABLE), *_OTHERS)}


def choose_model(name: str, *, num_words: int) -> Variant:
    """Look up a model and give it the encoding for texts of this number of words."""
    return replace(MODELS[name], encoding=ENCODINGS[num_words])
