"""What the probe trains: the readers of the table of variants, with nothing between them and the answer.

The note's dense layer of six rectified units is left out: where some of them die, as they do with ten classes, the
answer is lost on its way out and not in the memory. The vocabulary is that of a thousand words.
"""

from dataclasses import replace
from typing import Any, Final

from tasks.train.variants import VARIANTS, Variant


def random_rnn(layers: Any) -> list[Any]:
    """Read word by word with a plain recurrent state whose matrix starts at random, not as a rotation."""
    return [layers.SimpleRNN(32, recurrent_initializer="glorot_uniform")]


def lstm_at_place(layers: Any) -> list[Any]:
    """Read in one direction and answer with what is known at the missing word, the eighth of the text."""
    return [layers.LSTM(32, return_sequences=True), lambda outputs: outputs[:, 7]]


def bilstm_at_place(layers: Any) -> list[Any]:
    """Read in both directions and answer with what is known at the missing word, the eighth of the text."""
    return [layers.Bidirectional(layers.LSTM(32, return_sequences=True)), lambda outputs: outputs[:, 7]]


# How many words of text each encoding has room for.
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
        description="a plain recurrent network of 32 units that starts at random",
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
    """Take a model for texts of so many words."""
    return replace(MODELS[name], encoding=ENCODINGS[num_words])
