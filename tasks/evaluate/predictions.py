"""The predictions file: the probabilities that a model gave to the reviews of a split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.evaluate.metrics import predict_labels
from tasks.objective.facts import Rule

PREFIX = "p_"
# Up to so many classes, every probability is written as it is.
MOST_EXACT: Final = 50
# Of a number in 64 bits. Eight binary digits are an error of at most 0.4%.
MANTISSA_BITS: Final = 52
KEPT_BITS: Final = 8


def write_predictions(
    path: Path,
    ids: pa.Array,
    labels: NDArray[np.int32],
    probabilities: NDArray[np.float64],
    label_names: Sequence[str],
    *,
    is_exact: bool = False,
) -> None:
    """Write id, label and one `p_<label name>` column per class, in the order of the reviews.

    The probabilities of many classes are shortened unless answers depend on all of them, so that they have to be exact.
    """
    has_many = len(label_names) > MOST_EXACT and not is_exact
    written = shorten_probabilities(probabilities, labels) if has_many else probabilities
    columns = {f"{PREFIX}{name}": pa.array(written[:, index]) for index, name in enumerate(label_names)}
    table = pa.table({"id": ids, "label": pa.array(labels, pa.int32()), **columns})
    layout: dict[str, Any] = {"use_dictionary": False, "use_byte_stream_split": list(columns)} if has_many else {}
    pq.write_table(table, path, compression="zstd", **layout)


def shorten_probabilities(probabilities: NDArray[np.float64], labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Round down to KEPT_BITS binary digits, which compress well: shape (num_reviews, num_classes).

    The largest probability of each review and that of its label are kept exactly, so that answers, confidences and
    likelihoods stay the same.
    """
    dropped = np.uint64(2 ** (MANTISSA_BITS - KEPT_BITS) - 1)
    shortened = (np.ascontiguousarray(probabilities).view(np.uint64) & ~dropped).view(np.float64)
    rows = np.arange(len(labels))
    for kept in (probabilities.argmax(axis=1), labels):
        shortened[rows, kept] = probabilities[rows, kept]
    return shortened


def read_predictions(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Read back probabilities of shape (num_reviews, num_classes) and labels of shape (num_reviews,)."""
    table = pq.read_table(path)
    columns = [table.column(name).to_numpy() for name in table.column_names if name.startswith(PREFIX)]
    return np.column_stack(columns), table.column("label").to_numpy()


def load_correct(path: Path, *, threshold: float, rule: Rule | None = None) -> NDArray[np.bool_]:
    """Load which reviews of a predictions file the model got right: shape (num_reviews,)."""
    probabilities, labels = read_predictions(path)
    correct: NDArray[np.bool_] = predict_labels(probabilities, threshold=threshold, rule=rule) == labels
    return correct
