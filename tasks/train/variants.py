"""The table of model variants: to add one, write its function and its row here; everything else follows.

A variant's function is given `keras.layers`, so that reading the table does not import Keras, and returns what stands
between the embedding and the classification head. It stands alone: what else it called in this file would not be part
of a model's fingerprint.
"""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Variant:
    """One model: how its text is encoded, what it is made of and how it is trained.

    `num_params` is what it must have for two classes. `mask` lets the layers skip padding.
    """

    name: str
    group: str
    encoding: str
    body: Callable[[Any], list[Any]]
    num_params: int
    description: str
    _: KW_ONLY
    embedding_dim: int = 16
    mask: bool = False
    batch_size: int = 32
    learning_rate: float = 1e-3


def flatten(layers: Any) -> list[Any]:
    """Weigh each position of the sequence on its own."""
    return [layers.Flatten(), layers.Dense(6, activation="relu")]


def average_pool(layers: Any) -> list[Any]:
    """Average the word vectors: blind to order."""
    return [layers.GlobalAveragePooling1D(), layers.Dense(6, activation="relu")]


def simple_rnn(layers: Any) -> list[Any]:
    """Read word by word with a plain recurrent state (Elman 1990)."""
    return [layers.SimpleRNN(32), layers.Dense(6, activation="relu")]


def lstm(layers: Any) -> list[Any]:
    """Read word by word with a gated cell state (Hochreiter & Schmidhuber 1997)."""
    return [layers.LSTM(32), layers.Dense(6, activation="relu")]


def bilstm(layers: Any) -> list[Any]:
    """Read in both directions (Schuster & Paliwal 1997)."""
    return [layers.Bidirectional(layers.LSTM(32)), layers.Dense(6, activation="relu")]


def bilstm_small(layers: Any) -> list[Any]:
    """Read in both directions, for a vocabulary of a thousand words."""
    return [layers.Bidirectional(layers.LSTM(32)), layers.Dense(24, activation="relu")]


def bigru(layers: Any) -> list[Any]:
    """Read in both directions with gated recurrent units (Cho et al. 2014)."""
    return [layers.Bidirectional(layers.GRU(32)), layers.Dense(6, activation="relu")]


def stacked_bilstm(layers: Any) -> list[Any]:
    """Read the output of one bidirectional LSTM with another."""
    return [
        layers.Bidirectional(layers.LSTM(64, return_sequences=True)),
        layers.Bidirectional(layers.LSTM(32)),
        layers.Dense(64, activation="relu"),
    ]


def conv_max(layers: Any) -> list[Any]:
    """Look for 128 patterns of five words anywhere (Kim 2014)."""
    return [
        layers.Conv1D(128, 5, activation="relu"),
        layers.GlobalMaxPooling1D(),
        layers.Dense(24, activation="relu"),
    ]


def conv_average(layers: Any) -> list[Any]:
    """Average 128 patterns of five words over the review."""
    return [
        layers.Conv1D(128, 5, activation="relu"),
        layers.GlobalAveragePooling1D(),
        layers.Dense(6, activation="relu"),
    ]


SEED: Final = "seed"
LONG: Final = "long"
GROUPS: Final = {
    SEED: "the ten models of the course note that this project grew out of",
    LONG: "five of them on the first 400 words, padding masked where it matters",
}
WORDS: Final = "words-10k-120"
LONG_WORDS: Final = "words-20k-400"

_ROWS: Final = (
    Variant("flatten", SEED, WORDS, flatten, 171_533, "a weight for each word vector at each position"),
    Variant("average-pool", SEED, WORDS, average_pool, 160_109, "the average of the word vectors"),
    Variant("simple-rnn", SEED, WORDS, simple_rnn, 161_773, "a plain recurrent network of 32 units"),
    Variant("lstm", SEED, WORDS, lstm, 166_477, "an LSTM of 32 units"),
    Variant("bilstm", SEED, WORDS, bilstm, 172_941, "a bidirectional LSTM of 32 units each way"),
    Variant(
        "bilstm-small", SEED, "words-1k-120", bilstm_small, 30_129, "a bidirectional LSTM on a vocabulary of 1,000"
    ),
    Variant("bigru", SEED, WORDS, bigru, 169_997, "a bidirectional GRU of 32 units each way"),
    Variant(
        "stacked-bilstm",
        SEED,
        "subwords-8k-120",
        stacked_bilstm,
        635_777,
        "two bidirectional LSTMs, 64 and 32 units, on subwords",
        embedding_dim=64,
    ),
    Variant("conv-max", SEED, WORDS, conv_max, 173_489, "128 five-word filters and their maximum"),
    Variant("conv-average", SEED, WORDS, conv_average, 171_149, "128 five-word filters and their average"),
    Variant(
        "long-average-pool",
        LONG,
        LONG_WORDS,
        average_pool,
        320_109,
        "average-pool on 400 words, padding left out",
        mask=True,
    ),
    Variant("long-lstm", LONG, LONG_WORDS, lstm, 326_477, "lstm on 400 words, padding left out", mask=True),
    Variant("long-bilstm", LONG, LONG_WORDS, bilstm, 332_941, "bilstm on 400 words, padding left out", mask=True),
    Variant("long-bigru", LONG, LONG_WORDS, bigru, 329_997, "bigru on 400 words, padding left out", mask=True),
    Variant("long-conv-max", LONG, LONG_WORDS, conv_max, 333_489, "conv-max on 400 words"),
)

VARIANTS: Final = {row.name: row for row in _ROWS}


def expand_names(names: Sequence[str]) -> list[str]:
    """Replace groups and `all` by their variants, each once, in the table's order."""
    wanted = set(names)
    return [row.name for row in _ROWS if wanted & {row.name, row.group, "all"}]
