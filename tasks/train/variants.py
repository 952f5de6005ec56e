"""The table of model variants: to add one, write its function and its row here; everything else follows.

A variant's function is given `keras.layers`, so that reading the table does not import Keras. It returns the layers
that read the word vectors, or functions that take the output of the one before. Its keyword-only parameters are sizes
that a variant of one's own may change. It calls no other function of this file, because a change of a shared one would
change the fingerprints of all variants that call it. A dense layer of `hidden` rectified units and the head follow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Final, Literal

from tasks.encode.encodings import ENCODINGS, Encoding
from tasks.space.ranges import Range, Space

# What a model may begin with that somebody else has trained; a flag of this name says where it is.
Source = Literal["vectors", "encoder"]


@dataclass(frozen=True)
class Variant:
    """One model: how its text is encoded, what it is made of and how it is trained.

    `num_params` is the number of parameters that it must have for two classes; that of a variant of one's own is an
    estimate. `options` are the keyword arguments of `body`, where they differ from its defaults. `hidden` is the number
    of units of the dense layer before the head, 0 for none. `dropout` is the share of the values dropped in training
    before that layer, `embedding_dropout` that of the numbers in word vectors, and `word_dropout` that of the words,
    which become padding. `mask` lets the layers skip padding. `initialise`, if given, is called with the built model
    and the length of its sequences. `quantize` says how the word vectors of the finished model are stored; None keeps
    their 32 bits. One that `needs_library` takes hours on a CPU without the C library, and one with `regions` cannot be
    trained without it. A student also learns from texts without labels, if there are any, what the best other models
    say of them. The word vectors of one with `vectors` begin as those of a file, which decides how long they are;
    frozen ones stay as they are. One with an `encoder` begins with a pretrained one from a folder, whose tokens it
    reads, and which is frozen or fine-tuned; it has the number of parameters of one like MiniLM-L6. One with `regions`
    reads embeddings of regions of words, which are learned from the words of the training texts, or of all texts with
    and without labels, and then stay as they are. `epochs` is the most that it is trained for. With a `schedule`, the
    learning rate rises at first and then falls to 0 along a cosine. `clip_norm` bounds the norm of the gradients.

    `encoding` names a row of the table of encodings. A variant of one's own may have another encoding, `reads`, and if
    it `keeps_kind`, the texts of a run do not change the kind of that encoding. Its `definition` are the fields that it
    was defined by. It cannot change fields of its base that are `fixed`, because the layers need them as they are.
    `space` is what tuning tries; None for the usual space.
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
    dropout: float = 0.0
    embedding_dropout: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    initialise: Callable[[Any, int], None] | None = None
    mask: bool = False
    batch_size: int = 32
    evaluations_per_epoch: int = 1
    learning_rate: float = 1e-3
    optimizer: Literal["adam", "adagrad"] = "adam"
    quantize: Literal["int8"] | None = None
    needs_library: bool = False
    word_dropout: float = 0.0
    is_student: bool = False
    vectors: Literal["frozen", "fine-tuned"] | None = None
    encoder: Literal["frozen", "fine-tuned"] | None = None
    regions: Literal["labelled", "all"] | None = None
    epochs: int | None = None
    schedule: Literal["cosine"] | None = None
    clip_norm: float | None = None
    reads: Encoding | None = None
    keeps_kind: bool = False
    definition: Mapping[str, Any] | None = None
    fixed: tuple[str, ...] = ()
    space: Space | None = None

    @property
    def own_encoding(self) -> Encoding:
        """The encoding that it reads unless a run asks for another one."""
        return self.reads or ENCODINGS[self.encoding]

    @property
    def begins_with(self) -> Source | None:
        """What it begins with that somebody else has trained; None if it begins with random numbers."""
        if self.encoder:
            return "encoder"
        return "vectors" if self.vectors else None

    @property
    def uses_unlabelled(self) -> bool:
        """Whether it learns from texts without labels, if there are any."""
        return self.is_student or self.regions == "all"

    @property
    def num_word_weights(self) -> int:
        """The number of parameters in word vectors."""
        return (
            0
            if self.regions or "frozen" in (self.vectors, self.encoder)
            else self.own_encoding.vocab_size * self.embedding_dim
        )

    def widen(self, dim: int) -> "Variant":
        """Return the variant with word vectors of `dim` numbers; parameters of other layers are not counted anew."""
        wide = replace(self, embedding_dim=dim)
        return replace(wide, num_params=self.num_params - self.num_word_weights + wide.num_word_weights)


def flatten(layers: Any) -> list[Any]:
    """Weigh each position of the sequence on its own."""
    return [layers.Flatten()]


def average_pool(layers: Any) -> list[Any]:
    """Average the word vectors: blind to order."""
    return [layers.GlobalAveragePooling1D()]


def simple_rnn(layers: Any, *, units: int = 32) -> list[Any]:
    """Read word by word with a plain recurrent state (Elman 1990)."""
    return [layers.SimpleRNN(units)]


def lstm(layers: Any, *, units: int = 32) -> list[Any]:
    """Read word by word with a gated cell state (Hochreiter & Schmidhuber 1997)."""
    return [layers.LSTM(units)]


def bilstm(layers: Any, *, units: int = 32) -> list[Any]:
    """Read in both directions (Schuster & Paliwal 1997)."""
    return [layers.Bidirectional(layers.LSTM(units))]


def bigru(layers: Any, *, units: int = 32) -> list[Any]:
    """Read in both directions with gated recurrent units (Cho et al. 2014)."""
    return [layers.Bidirectional(layers.GRU(units))]


def stacked_bilstm(layers: Any, *, units: int = 64, top_units: int = 32) -> list[Any]:
    """Read the output of one bidirectional LSTM with another."""
    return [
        layers.Bidirectional(layers.LSTM(units, return_sequences=True)),
        layers.Bidirectional(layers.LSTM(top_units)),
    ]


def conv_max(layers: Any, *, filters: int = 128, width: int = 5) -> list[Any]:
    """Look for 128 patterns of five words anywhere (Kim 2014)."""
    return [layers.Conv1D(filters, width, activation="relu"), layers.GlobalMaxPooling1D()]


def conv_average(layers: Any, *, filters: int = 128, width: int = 5) -> list[Any]:
    """Average 128 patterns of five words over the review."""
    return [layers.Conv1D(filters, width, activation="relu"), layers.GlobalAveragePooling1D()]


def gru(layers: Any, *, units: int = 32) -> list[Any]:
    """Read word by word with gated recurrent units."""
    return [layers.GRU(units)]


def attention(layers: Any, *, heads: int = 2, key_size: int = 16, inner: int = 64) -> list[Any]:
    """Let every word look at every other, by what and where they are: one encoder block (Vaswani et al. 2017)."""
    from keras import ops

    def add_places(words: Any) -> Any:
        places = ops.cumsum(ops.ones_like(words[..., 0], dtype="int32"), axis=1) - 1
        return words + layers.Embedding(words.shape[1], words.shape[2])(places)

    def attend(words: Any) -> Any:
        looked = layers.MultiHeadAttention(num_heads=heads, key_dim=key_size)(words, words)
        return layers.LayerNormalization()(words + looked)

    def transform(words: Any) -> Any:
        wide = layers.Dense(inner, activation="relu")(words)
        return layers.LayerNormalization()(words + layers.Dense(words.shape[2])(wide))

    return [add_places, attend, transform, layers.GlobalMaxPooling1D()]


def onehot_conv(_layers: Any) -> list[Any]:
    """Look anywhere for 1,008 patterns of up to three words, with a weight for each word (Johnson & Zhang 2015)."""
    from tasks.train.layers import RegionMaximum, ResponseNormalization

    return [RegionMaximum((1, 2, 3), (208, 400, 400)), ResponseNormalization()]


def onehot_conv_student(_layers: Any) -> list[Any]:
    """Look anywhere for 752 patterns of two or three words, with a weight for each word (Johnson & Zhang 2015)."""
    from tasks.train.layers import RegionMaximum, ResponseNormalization

    return [RegionMaximum((2, 3), (352, 400)), ResponseNormalization()]


def distilled(_layers: Any) -> list[Any]:
    """Look anywhere for 96 patterns of up to three words, with a weight for each word (Johnson & Zhang 2015)."""
    from tasks.train.layers import RegionMaximum, ResponseNormalization

    return [RegionMaximum((1, 2, 3), (32, 32, 32)), ResponseNormalization()]


def region_conv(layers: Any, *, filters: int = 512, width: int = 2) -> list[Any]:
    """Look anywhere for 512 patterns in the embeddings of regions of five and twenty words (Johnson & Zhang 2015)."""
    from tasks.train.layers import RegionUnits
    from tasks.train.regions.views import VIEWS

    units = RegionUnits([view.size for view in VIEWS], [view.units for view in VIEWS])
    return [units, layers.Conv1D(filters, width, activation="relu"), layers.GlobalMaxPooling1D()]


def encoder(_layers: Any) -> list[Any]:
    """Read the vector of the text as it comes from a pretrained encoder (Devlin et al. 2019)."""
    return []


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
STUDENTS_GROUP: Final = "students"
PRETRAINED_GROUP: Final = "pretrained"
OWN_GROUP: Final = "own"
GROUPS: Final = {
    SEED_GROUP: "the ten models of the course notebook that this project grew out of",
    LONG_GROUP: "five of them on the first 400 words, padding masked where it matters",
    MORE_GROUP: "a GRU of one direction, an LSTM that starts with a long memory, an attention encoder",
    CONTENDERS_GROUP: "models that one would ship: they read whole texts, and some come close to the best baseline",
    STUDENTS_GROUP: "models that also learn from texts without labels: their words, or what other models say of them",
    PRETRAINED_GROUP: "models that begin with the word vectors of --vectors, or with the encoder of --encoder",
    OWN_GROUP: "the variants that the config file defines, and those of installed packages",
}
WORDS: Final = "words-10k-120"
LONG_WORDS: Final = "words-20k-400"
WHOLE_TEXTS: Final = "unicode-words-30k-1024"
OF_ENCODER: Final = "encoder-256"

# The layers and the tokens of an encoder are as somebody else has trained them.
FIXED_BY_ENCODER: Final = ("embedding_dim", "embedding_dropout", "mask", "vectors", "quantize")

_STUDENT: Final = Variant(
    "onehot-conv-student",
    STUDENTS_GROUP,
    WHOLE_TEXTS,
    onehot_conv_student,
    57_121_505,
    "a student with 752 filters of two or three words and their maxima over the whole text",
    embedding_dim=1_904,
    hidden=0,
    dropout=0.5,
    mask=True,
    batch_size=1,
    learning_rate=0.05,
    optimizer="adagrad",
    quantize="int8",
    needs_library=True,
    word_dropout=0.1,
    is_student=True,
    fixed=("embedding_dim", "optimizer"),
)

# The embeddings have been learned for these layers, and stay as they are.
FIXED_BY_REGIONS: Final = ("embedding_dim", "embedding_dropout", "mask", "vectors")

_REGION_CONV: Final = Variant(
    "region-conv",
    CONTENDERS_GROUP,
    WHOLE_TEXTS,
    region_conv,
    295_937,
    "512 filters on embeddings of regions of words, which are learned from the training texts without their labels",
    embedding_dim=288,
    hidden=0,
    dropout=0.5,
    mask=True,
    quantize="int8",
    needs_library=True,
    word_dropout=0.1,
    regions="labelled",
    epochs=8,
    schedule="cosine",
    fixed=FIXED_BY_REGIONS,
    # Another vocabulary would need other embeddings for each trial.
    space={
        "learning_rate": Range(low=3e-4, high=3e-3, log=True),
        "dropout": Range(low=0.2, high=0.7),
    },
)

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
        dropout=0.5,
        mask=True,
        batch_size=1,
        learning_rate=0.05,
        optimizer="adagrad",
        quantize="int8",
        needs_library=True,
        fixed=("embedding_dim", "optimizer"),
        space={
            "learning_rate": Range(low=0.02, high=0.1, log=True),
            "dropout": Range(low=0.2, high=0.7),
            "encoding.vocab_size": (15_000, 30_000),
        },
    ),
    _REGION_CONV,
    Variant(
        "vectors-average-pool",
        PRETRAINED_GROUP,
        LONG_WORDS,
        average_pool,
        2_001_633,
        "long-average-pool with the word vectors of a file, fine-tuned",
        embedding_dim=100,
        hidden=16,
        mask=True,
        vectors="fine-tuned",
        fixed=("embedding_dim",),
    ),
    Variant(
        "vectors-conv-max",
        PRETRAINED_GROUP,
        LONG_WORDS,
        conv_max,
        2_067_249,
        "long-conv-max with the word vectors of a file, fine-tuned",
        embedding_dim=100,
        hidden=24,
        vectors="fine-tuned",
        fixed=("embedding_dim",),
    ),
    Variant(
        "vectors-bilstm",
        PRETRAINED_GROUP,
        LONG_WORDS,
        bilstm,
        2_034_445,
        "long-bilstm with the word vectors of a file, fine-tuned",
        embedding_dim=100,
        mask=True,
        vectors="fine-tuned",
        fixed=("embedding_dim",),
    ),
    Variant(
        "encoder-frozen",
        PRETRAINED_GROUP,
        OF_ENCODER,
        encoder,
        385,
        "logistic regression on the vectors of a pretrained encoder, which stays as it is",
        embedding_dim=384,
        hidden=0,
        mask=True,
        learning_rate=1e-2,
        encoder="frozen",
        fixed=(*FIXED_BY_ENCODER, "word_dropout", "is_student"),
        space={"learning_rate": Range(low=1e-3, high=3e-2, log=True), "hidden": (0, 64), "dropout": (0.0, 0.2, 0.4)},
    ),
    Variant(
        "encoder-fine-tuned",
        PRETRAINED_GROUP,
        OF_ENCODER,
        encoder,
        22_466_689,
        "a pretrained encoder that is trained further with a linear layer on it",
        embedding_dim=384,
        hidden=0,
        dropout=0.1,
        mask=True,
        learning_rate=5e-5,
        encoder="fine-tuned",
        epochs=3,
        schedule="cosine",
        clip_norm=1.0,
        fixed=FIXED_BY_ENCODER,
        space={"learning_rate": Range(low=1e-5, high=2e-4, log=True), "dropout": Range(low=0, high=0.3)},
    ),
    _STUDENT,
    replace(
        _STUDENT,
        name="distilled",
        body=distilled,
        num_params=5_760_193,
        description="a small and fast student with 96 filters of one to three words and their maxima over the whole "
        "text",
        embedding_dim=192,
    ),
    replace(
        _REGION_CONV,
        name="region-conv-unlabelled",
        group=STUDENTS_GROUP,
        description="region-conv with embeddings that are also learned from texts without labels",
        regions="all",
    ),
)

VARIANTS: Final = {row.name: row for row in _ROWS}


def expand_names(names: Sequence[str], table: Mapping[str, Variant] | None = None) -> list[str]:
    """Replace groups and `all` by their variants, each once, in the table's order; by default in that of this file."""
    wanted = set(names)
    rows = _ROWS if table is None else table.values()
    return [row.name for row in rows if wanted & {row.name, row.group, "all"}]
