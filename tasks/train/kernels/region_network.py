"""Updates of a whole network of filters on one-hot words through the package's C library.

A text concerns few of the table's millions of weights, but TensorFlow would visit or copy all of them in each update.
The library makes the updates of Keras in the same order. Only the numbers that dropout draws are its own.
"""

import ctypes
from collections.abc import Callable, Iterator
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from tasks.train.kernels.choice import check_sources, find_library
from tasks.train.kernels.recurrent import load_library
from tasks.train.kernels.region import can_use_native_region, read_tokens
from tasks.train.layers import RegionMaximum, ResponseNormalization
from tasks.train.losses import WeightedLoss, name_loss
from tasks.train.rows import Rows, cut_pieces

Floats: Final = ctypes.POINTER(ctypes.c_float)
Integers: Final = ctypes.POINTER(ctypes.c_int32)
# Ctrl-C is seen between two calls of the library.
TEXTS_PER_CALL: Final = 512
LAYERS: Final = (
    keras.layers.InputLayer,
    keras.layers.Embedding,
    RegionMaximum,
    ResponseNormalization,
    keras.layers.Dropout,
    keras.layers.Dense,
)
LOSSES: Final = {
    "sigmoid": ("binary_crossentropy",),
    "softmax": ("sparse_categorical_crossentropy", "categorical_crossentropy"),
}


class Part(ctypes.Structure):
    """`region_part` in native/region.h."""

    _fields_ = (("width", ctypes.c_int64), ("filters", ctypes.c_int64))


class Filters(ctypes.Structure):
    """`region_filters` in native/region.h."""

    _fields_ = (
        ("num_parts", ctypes.c_int64),
        ("parts", ctypes.POINTER(Part)),
        ("table", Floats),
        ("bias", Floats),
    )


class Texts(ctypes.Structure):
    """`region_texts` in native/region.h."""

    _fields_ = (
        ("num_texts", ctypes.c_int64),
        ("length", ctypes.c_int64),
        ("tokens", Integers),
        ("targets", Floats),
    )


class Network(ctypes.Structure):
    """`region_network` in native/region.h."""

    _fields_ = (
        ("filters", Filters),
        ("table_squares", Floats),
        ("bias_squares", Floats),
        ("num_outputs", ctypes.c_int64),
        ("head", Floats),
        ("head_bias", Floats),
        ("head_squares", Floats),
        ("head_bias_squares", Floats),
        ("rate", ctypes.c_float),
        ("epsilon", ctypes.c_float),
        ("dropout", ctypes.c_float),
        ("seed", ctypes.c_uint64),
        ("class_weights", Floats),
    )


def can_train_natively(model: keras.Model) -> bool:
    """Tell whether a compiled model is exactly the network that the library trains, with plain Adagrad, in float32."""
    if tuple(type(layer) for layer in getattr(model, "layers", ())) != LAYERS:
        return False
    _, embedding, regions, _, dropout, head = model.layers
    optimizer = model.optimizer
    extras = ("weight_decay", "use_ema", "loss_scale_factor", "gradient_accumulation_steps")
    clips = ("clipnorm", "clipvalue", "global_clipnorm")
    return (
        can_use_native_region(regions)
        and embedding.quantization_mode is None
        and dropout.noise_shape is None
        and head.use_bias
        and name_loss(model.loss) in LOSSES.get(head.activation.__name__, ())
        and (head.units == 1) == (head.activation is keras.activations.sigmoid)
        and type(optimizer) is keras.optimizers.Adagrad
        and not any(getattr(optimizer, name, None) for name in (*extras, *clips))
        and len(model.trainable_weights) == 4  # noqa: PLR2004  the table, the filters' biases, and the head's two
        and all(weight.dtype == "float32" and weight.constraint is None for weight in model.trainable_weights)
        and not any(weight.regularizer for weight in model.trainable_weights)
    )


def find_trainer() -> Callable[..., int]:
    """Find the library's function for updates. Raises UserError if the library was built from other sources."""
    load_library()  # first, or else TensorFlow would miss how the operations are registered
    library = ctypes.CDLL(str(find_library()))
    check_sources(library, "region_is_sized", Network, Texts, otherwise="choose --kernels tensorflow")
    train: Callable[..., int] = library.region_fit
    return train


def make_region_runner(
    model: keras.Model, *, batch_size: int
) -> Callable[[NDArray[Any] | Rows, NDArray[Any] | Rows, Callable[[int], None]], dict[str, float]]:
    """Return a function that trains a model for one epoch, as `fast_epochs.make_epoch_runner` does for others.

    Between the epochs, the weights and the state of Adagrad are in Keras's own variables.
    """
    train = find_trainer()
    read_tokens(model.layers[2])
    model.optimizer.build(model.trainable_variables)

    def run_epoch(
        tokens: NDArray[Any] | Rows, labels: NDArray[Any] | Rows, on_progress: Callable[[int], None]
    ) -> dict[str, float]:
        variables = [*model.trainable_variables, *model.optimizer._accumulators]  # noqa: SLF001  no other way to them
        arrays = [np.array(variable, np.float32, order="C") for variable in variables]
        network, loss, num_right = describe_network(model, arrays), ctypes.c_double(), ctypes.c_int64()
        first_seed, num_done = network.seed, 0
        for some_tokens, targets in cut_calls(tokens, labels, batch_size=batch_size, num_outputs=network.num_outputs):
            network.seed = (first_seed + num_done * sum(model.layers[2].filters)) % 2**64
            texts = describe_texts(some_tokens, targets)
            given = ctypes.byref(network), ctypes.byref(texts), ctypes.c_int64(batch_size)
            if train(*given, ctypes.byref(loss), ctypes.byref(num_right)):
                raise MemoryError("the C library could not allocate memory for a batch")
            num_done += len(targets)
            on_progress(num_done)
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)
        model.optimizer.iterations.assign_add(-(-num_done // batch_size))
        return {"loss": loss.value / num_done, "accuracy": num_right.value / num_done}

    return run_epoch


def describe_network(model: keras.Model, arrays: list[NDArray[np.float32]]) -> Network:
    """Point to the weights, in the order of Keras, and the sums of squares in the same order.

    The seed of dropout is the state of the layer's generator and the number of updates so far.
    """
    _, _, regions, _, dropout, head = model.layers
    pointers = [array.ctypes.data_as(Floats) for array in arrays]
    parts = [Part(width, filters) for width, filters in zip(regions.widths, regions.filters, strict=True)]
    state = [int(word) for word in np.asarray(dropout.seed_generator.state)] if dropout.rate else [0, 0]
    weights = model.loss.class_weights if isinstance(model.loss, WeightedLoss) else ()
    return Network(
        filters=Filters(len(parts), (Part * len(parts))(*parts), pointers[0], pointers[1]),
        table_squares=pointers[4],
        bias_squares=pointers[5],
        num_outputs=head.units,
        head=pointers[2],
        head_bias=pointers[3],
        head_squares=pointers[6],
        head_bias_squares=pointers[7],
        rate=float(model.optimizer.learning_rate),
        epsilon=model.optimizer.epsilon,
        dropout=dropout.rate,
        seed=hash_numbers(*state, int(model.optimizer.iterations)),
        class_weights=(ctypes.c_float * len(weights))(*weights) if weights else None,
    )


def hash_numbers(*numbers: int) -> int:
    """Make a seed of 64 bits from some numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def describe_texts(tokens: NDArray[np.int32], targets: NDArray[np.float32]) -> Texts:
    """Point to some texts, which the caller must keep."""
    return Texts(*tokens.shape, tokens.ctypes.data_as(Integers), targets.ctypes.data_as(Floats))


def make_targets(labels: NDArray[Any], num_outputs: int) -> NDArray[np.float32]:
    """Turn labels, or probabilities of the classes, into what the outputs should be: (num_texts, num_outputs).

    make_targets([0, 2], 3) -> [[1, 0, 0], [0, 0, 1]]; make_targets([0, 1], 1) -> [[0], [1]].
    """
    if num_outputs > 1 and labels.ndim == 1:
        labels = np.eye(num_outputs, dtype=np.float32)[labels]
    targets: NDArray[np.float32] = np.ascontiguousarray(labels, np.float32)
    return targets.reshape(len(labels), num_outputs)


def cut_calls(
    tokens: NDArray[Any] | Rows, labels: NDArray[Any] | Rows, *, batch_size: int, num_outputs: int
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """Cut an epoch into whole batches for one call of the library each, as contiguous tokens and targets."""
    step = max(1, TEXTS_PER_CALL // batch_size) * batch_size
    for piece in cut_pieces(tokens, batch_size=batch_size):
        some_tokens = np.ascontiguousarray(tokens[piece], np.int32)
        targets = make_targets(labels[piece], num_outputs)
        for first in range(0, len(targets), step):
            yield some_tokens[first : first + step], targets[first : first + step]
