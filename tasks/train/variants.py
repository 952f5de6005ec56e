"""The table of model variants: to add one, write its function and its row here; everything else follows.

A variant's function is given `keras.layers`, so that reading the table does not import Keras. It returns the layers
that read the word vectors, or functions that take the output of the one before. It calls no other function of this
file, because a change of a shared one would change the fingerprints of all variants that call it. A dense layer of
`hidden` rectified units and the head follow.
"""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final, Literal


@dataclass(frozen=True)
class Variant:
    """One model: how its text is encoded, what it is made of and how it is trained.

    `num_params` is the number of parameters that it must have for two classes. `hidden` is the number of units of the
    dense layer before the head, 0 for none. `mask` lets the layers skip padding. `initialise`, if given, is called with
    the built model and the length of its sequences. `quantize` says how the word vectors of the finished model are
    stored; None keeps their 32 bits. One that `needs_library` takes hours on a CPU without the C library.
    """

    name: str
    group: str
    encoding: str
    body: Callable[[Any], list[Any]]
    num_params: int
    description: str
    _: KW_ONLY
    embedding_dim: int = 16
    hidden: int = 6
    initialise: Callable[[Any, int], None] | None = None
    mask: bool = False
    batch_size: int = 32
    learning_rate: float = 1e-3
    optimizer: Literal["adam", "adagrad"] = "adam"
    quantize: Literal["int8"] | None = None
    needs_library: bool = False


def flatten(layers: Any) -> list[Any]:
    """Weigh each position of the sequence on its own."""
    return [layers.Flatten()]


def average_pool(layers: Any) -> list[Any]:
    """Average the word vectors: blind to order."""
    return [layers.GlobalAveragePooling1D()]


def simple_rnn(layers: Any) -> list[Any]:
    """Read word by word with a plain recurrent state (Elman 1990)."""
    return [layers.SimpleRNN(32)]


def lstm(layers: Any) -> list[Any]:
    """Read word by word with a gated cell state (Hochreiter & Schmidhuber 1997)."""
    return [layers.LSTM(32)]


def bilstm(layers: Any) -> list[Any]:
    """Read in both directions (Schuster & Paliwal 1997)."""
    return [layers.Bidirectional(layers.LSTM(32))]


def bigru(layers: Any) -> list[Any]:
    """Read in both directions with gated recurrent units (Cho et al. 2014)."""
    return [layers.Bidirectional(layers.GRU(32))]


def stacked_bilstm(layers: Any) -> list[Any]:
    """Read the output of one bidirectional LSTM with another."""
    return [layers.Bidirectional(layers.LSTM(64, return_sequences=True)), layers.Bidirectional(layers.LSTM(32))]


def conv_max(layers: Any) -> list[Any]:
    """Look for 128 patterns of five words anywhere (Kim 2014)."""
    return [layers.Conv1D(128, 5, activation="relu"), layers.GlobalMaxPooling1D()]


def conv_average(layers: Any) -> list[Any]:
    """Average 128 patterns of five words over the review."""
    return [layers.Conv1D(128, 5, activation="relu"), layers.GlobalAveragePooling1D()]


def gru(layers: Any) -> list[Any]:
    """Read word by word with gated recurrent units."""
    return [layers.GRU(32)]


def attention(layers: Any) -> list[Any]:
    """Let every word look at every other, by what and where they are: one encoder block (Vaswani et al. 2017)."""
    from keras import ops

    def add_places(words: Any) -> Any:
        places = ops.cumsum(ops.ones_like(words[..., 0], dtype="int32"), axis=1) - 1
        return words + layers.Embedding(words.shape[1], words.shape[2])(places)

    def attend(words: Any) -> Any:
        looked = layers.MultiHeadAttention(num_heads=2, key_dim=16)(words, words)
        return layers.LayerNormalization()(words + looked)

    def transform(words: Any) -> Any:
        inner = layers.Dense(64, activation="relu")(words)
        return layers.LayerNormalization()(words + layers.Dense(words.shape[2])(inner))

    return [add_places, attend, transform, layers.GlobalMaxPooling1D()]


def onehot_conv(layers: Any) -> list[Any]:
    """Look anywhere for 1,008 patterns of up to three words, with a weight for each word (Johnson & Zhang 2015)."""
    from tasks.train.layers import RegionMaximum, ResponseNormalization

    return [RegionMaximum((1, 2, 3), (208, 400, 400)), ResponseNormalization(), layers.Dropout(0.5)]


def initialise_chrono(model: Any, length: int) -> None:
    """Give each LSTM cell a memory span drawn up to the sequence's length (Tallec & Ollivier 2018).

    The forget gate's bias is log(u) with u uniform in [1, length - 1], and the input gate's is the negative of that; in
    Keras they are 1 and 0.
    """
    from keras import layers, ops, random

    for layer in model.layers:
        if isinstance(layer, layers.LSTM):
            _, _, *others = ops.split(layer.cell.bias, 4)
            forget = ops.log(random.uniform((layer.units,), 1.0, length - 1.0))
            layer.cell.bias.assign(ops.concatenate([-forget, forget, *others]))


SEED_GROUP: Final = "seed"
LONG_GROUP: Final = "long"
MORE_GROUP: Final = "more"
CONTENDERS_GROUP: Final = "contenders"
GROUPS: Final = {
    SEED_GROUP: "the ten models of the course notebook that this project grew out of",
    LONG_GROUP: "five of them on the first 400 words, padding masked where it matters",
    MORE_GROUP: "a GRU of one direction, an LSTM that starts with a long memory, an attention encoder",
    CONTENDERS_GROUP: "models that one would ship: they read whole texts, and some come close to the best baseline",
}
WORDS: Final = "words-10k-120"
LONG_WORDS: Final = "words-20k-400"
WHOLE_TEXTS: Final = "unicode-words-30k-1024"

_ROWS: Final = (
    Variant("flatten", SEED_GROUP, WORDS, flatten, 171_533, "a weight for each word vector at each position"),
    Variant("average-pool", SEED_GROUP, WORDS, average_pool, 160_109, "the average of the word vectors"),
    Variant("simple-rnn", SEED_GROUP, WORDS, simple_rnn, 161_773, "a plain recurrent network of 32 units"),
    Variant("lstm", SEED_GROUP, WORDS, lstm, 166_477, "an LSTM of 32 units"),
    Variant("bilstm", SEED_GROUP, WORDS, bilstm, 172_941, "a bidirectional LSTM of 32 units each way"),
    Variant(
        "bilstm-small",
        SEED_GROUP,
        "words-1k-120",
        bilstm,
        30_129,
        "a bidirectional LSTM on a vocabulary of 1,000",
        hidden=24,
    ),
    Variant("bigru", SEED_GROUP, WORDS, bigru, 169_997, "a bidirectional GRU of 32 units each way"),
    Variant(
        "stacked-bilstm",
        SEED_GROUP,
        "subwords-8k-120",
        stacked_bilstm,
        635_777,
        "two bidirectional LSTMs, 64 and 32 units, on subwords",
        embedding_dim=64,
        hidden=64,
    ),
    Variant("conv-max", SEED_GROUP, WORDS, conv_max, 173_489, "128 five-word filters and their maximum", hidden=24),
    Variant("conv-average", SEED_GROUP, WORDS, conv_average, 171_149, "128 five-word filters and their average"),
    Variant(
        "long-average-pool",
        LONG_GROUP,
        LONG_WORDS,
        average_pool,
        320_109,
        "average-pool on 400 words, padding left out",
        mask=True,
    ),
    Variant("long-lstm", LONG_GROUP, LONG_WORDS, lstm, 326_477, "lstm on 400 words, padding left out", mask=True),
    Variant("long-bilstm", LONG_GROUP, LONG_WORDS, bilstm, 332_941, "bilstm on 400 words, padding left out", mask=True),
    Variant("long-bigru", LONG_GROUP, LONG_WORDS, bigru, 329_997, "bigru on 400 words, padding left out", mask=True),
    Variant("long-conv-max", LONG_GROUP, LONG_WORDS, conv_max, 333_489, "conv-max on 400 words", hidden=24),
    Variant("gru", MORE_GROUP, WORDS, gru, 165_005, "a GRU of 32 units"),
    Variant(
        "chrono-lstm",
        MORE_GROUP,
        WORDS,
        lstm,
        166_477,
        "an LSTM of 32 units that starts with a long memory",
        initialise=initialise_chrono,
    ),
    Variant(
        "attention",
        MORE_GROUP,
        WORDS,
        attention,
        166_381,
        "one block of self-attention with two heads, and its maximum",
    ),
    Variant(
        "onehot-conv",
        CONTENDERS_GROUP,
        WHOLE_TEXTS,
        onehot_conv,
        66_242_017,
        "1,008 filters of one to three words with a weight for each word, and their maxima over the whole text",
        embedding_dim=2_208,
        hidden=0,
        mask=True,
        batch_size=1,
        learning_rate=0.05,
        optimizer="adagrad",
        quantize="int8",
        needs_library=True,
    ),
)

VARIANTS: Final = {row.name: row for row in _ROWS}


def expand_names(names: Sequence[str]) -> list[str]:
    """Replace groups and `all` by their variants, each once, in the table's order."""
    wanted = set(names)
    return [row.name for row in _ROWS if wanted & {row.name, row.group, "all"}]
