"""A baseline as an ONNX graph: n-grams of token ids are counted and weighed, in 64 bits, as the baseline itself does.

Token ids are the numbers of the vocabulary's words from FIRST_WORD on; 0 is padding and 1 an unknown word, which are in
no n-gram. Texts of a batch are padded on the right to the longest.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from tasks.baseline.model import BaselineModel, Parameters
from tasks.baseline.ngrams import Vocabulary
from tasks.evaluate.onnx_network import INPUT, OUTPUT

FIRST_WORD: Final = 2
# Of ONNX's operators and of its files; ONNX Runtime has known them since version 1.14.
OPSET, IR_VERSION = 18, 8


class Graph:
    """The nodes and constants of a graph, in the order in which they were added."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def add(self, operator: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        name = name or f"{operator.lower()}-{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def hold(self, value: Any, dtype: Any = np.int64) -> str:
        """Add a constant and return its name."""
        name = f"constant-{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name


def make_baseline_graph(model: BaselineModel) -> ModelProto:
    """Make the graph: tokens (num_texts, num_tokens) -> uncalibrated probabilities (num_texts, num_classes)."""
    graph, parameters = Graph(), model.parameters
    margins = weigh(graph, model) if model.vocabulary.num_ngrams else repeat_bias(graph, parameters)
    if parameters.weights.shape[1] == len(parameters.classes) - 1:
        margins = graph.add("Concat", graph.add("Neg", margins), margins, axis=1)
    negative = graph.add("Neg", margins)
    chosen = graph.add("Softmax", graph.add("Neg", graph.add("Softplus", negative)), axis=1)
    places = np.zeros((len(parameters.classes), int(parameters.num_classes)))
    places[np.arange(len(parameters.classes)), parameters.classes] = 1.0
    graph.add("MatMul", chosen, graph.hold(places, np.float64), name=OUTPUT)
    return finish(graph, num_classes=int(parameters.num_classes))


class Found(NamedTuple):
    """The n-grams found: the counts of all n-grams, and the indices of those that are not 0, together and by axis."""

    counts: str
    places: str
    texts: str
    ngrams: str


def weigh(graph: Graph, model: BaselineModel) -> str:
    """Add up the weights of the n-grams that a text has: shape (num_texts, num_columns)."""
    parameters = model.parameters
    found = find_ngrams(graph, model.vocabulary)
    weights = graph.add("Gather", graph.hold(parameters.weights, np.float64), found.ngrams)
    if len(parameters.idf):
        features = graph.add("Unsqueeze", scale(graph, found, parameters.idf), graph.hold([1]))
        weights = graph.add("Mul", features, weights)
    indices = graph.add("Unsqueeze", found.texts, graph.hold([1]))
    return graph.add("ScatterND", repeat_bias(graph, parameters), indices, weights, reduction="add")


def find_ngrams(graph: Graph, vocabulary: Vocabulary) -> Found:
    """Count the n-grams and find those that occur."""
    counts = graph.add("TfIdfVectorizer", INPUT, **describe_ngrams(vocabulary))
    places = graph.add("NonZero", counts)
    texts, ngrams = (graph.add("Gather", places, graph.hold(axis)) for axis in (0, 1))
    return Found(counts, places, texts, ngrams)


def scale(graph: Graph, found: Found, idf: NDArray[np.float64]) -> str:
    """Turn counts into tf-idf, (1 + ln count) * idf, scaled to unit length for each text: a number for each n-gram."""
    counts = graph.add("GatherND", found.counts, graph.add("Transpose", found.places, perm=[1, 0]))
    logarithms = graph.add("Log", graph.add("Cast", counts, to=TensorProto.DOUBLE))
    frequencies = graph.add("Add", logarithms, graph.hold(1.0, np.float64))
    features = graph.add("Mul", frequencies, graph.add("Gather", graph.hold(idf, np.float64), found.ngrams))
    zeros = graph.add("Expand", graph.hold(0.0, np.float64), count_texts(graph))
    squares = graph.add("Mul", features, features)
    lengths = graph.add("Sqrt", graph.add("ScatterElements", zeros, found.texts, squares, reduction="add", axis=0))
    return graph.add("Div", features, graph.add("Gather", lengths, found.texts))


def count_texts(graph: Graph) -> str:
    """Return the number of texts, of shape (1,)."""
    return graph.add("Shape", INPUT, start=0, end=1)


def repeat_bias(graph: Graph, parameters: Parameters) -> str:
    """Repeat the bias for each text: shape (num_texts, num_columns)."""
    shape = graph.add("Concat", count_texts(graph), graph.hold([len(parameters.bias)]), axis=0)
    return graph.add("Expand", graph.hold(parameters.bias, np.float64), shape)


def describe_ngrams(vocabulary: Vocabulary) -> dict[str, Any]:
    """Describe the n-grams to ONNX: their token ids in one list, and where those of each order begin in it."""
    orders = list_ngrams(vocabulary)
    sizes = [order.size for order in orders]
    return {
        "mode": "TF",
        "min_gram_length": 1,
        "max_gram_length": len(orders),
        "max_skip_count": 0,
        "ngram_counts": [0, *np.cumsum(sizes[:-1], dtype=np.int64).tolist()],
        "ngram_indexes": np.arange(vocabulary.num_ngrams).tolist(),
        "pool_int64s": np.concatenate([order.ravel() for order in orders]).tolist(),
    }


def list_ngrams(vocabulary: Vocabulary) -> list[NDArray[np.int64]]:
    """List the token ids of the n-grams of each order: arrays of shape (num_ngrams, order)."""
    num_words = len(vocabulary.words)
    orders = [np.arange(num_words, dtype=np.int64)[:, None] + FIRST_WORD]
    for keys in vocabulary.keys:
        beginnings, last = np.divmod(keys.to_numpy(), max(num_words, 1))
        orders.append(np.column_stack([orders[-1][beginnings], last + FIRST_WORD]))
    return [order for order in orders if len(order)]


def finish(graph: Graph, *, num_classes: int) -> ModelProto:
    """Make a model of the nodes."""
    tokens = helper.make_tensor_value_info(INPUT, TensorProto.INT64, ["num_texts", "num_tokens"])
    output = helper.make_tensor_value_info(OUTPUT, TensorProto.DOUBLE, ["num_texts", num_classes])
    made = helper.make_graph(graph.nodes, "baseline", [tokens], [output], graph.constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
