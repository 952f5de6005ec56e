"""The predictions file: the probabilities that a model gave to the reviews of a split."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.evaluate.metrics import predict_labels

PREFIX = "p_"


def write_predictions(
    path: Path,
    ids: pa.Array,
    labels: NDArray[np.int32],
    probabilities: NDArray[np.float64],
    label_names: Sequence[str],
) -> None:
    """Write id, label and one `p_<label name>` column per class, in the order of the reviews."""
    columns = {f"{PREFIX}{name}": pa.array(probabilities[:, index]) for index, name in enumerate(label_names)}
    table = pa.table({"id": ids, "label": pa.array(labels, pa.int32()), **columns})
    pq.write_table(table, path, compression="zstd")


def read_predictions(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Read back probabilities of shape (num_reviews, num_classes) and labels of shape (num_reviews,)."""
    table = pq.read_table(path)
    columns = [table.column(name).to_numpy() for name in table.column_names if name.startswith(PREFIX)]
    return np.column_stack(columns), table.column("label").to_numpy()


def load_correct(path: Path, *, threshold: float) -> NDArray[np.bool_]:
    """Load which reviews of a predictions file the model got right: shape (num_reviews,)."""
    probabilities, labels = read_predictions(path)
    correct: NDArray[np.bool_] = predict_labels(probabilities, threshold=threshold) == labels
    return correct
