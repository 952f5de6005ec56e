"""The predictions file: the probabilities that a model gave to the reviews of the test split."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

PREFIX = "p_"


def write_predictions(
    path: Path, sequences_path: Path, probabilities: NDArray[np.float64], label_names: Sequence[str]
) -> None:
    """Write id, label and one `p_<label name>` column per class, in the order of the sequences."""
    table = pq.read_table(sequences_path, columns=["id", "label"])
    for index, name in enumerate(label_names):
        table = table.append_column(f"{PREFIX}{name}", pa.array(probabilities[:, index]))
    pq.write_table(table, path, compression="zstd")


def read_predictions(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Read back probabilities of shape (num_reviews, num_classes) and labels of shape (num_reviews,)."""
    table = pq.read_table(path)
    columns = [table.column(name).to_numpy() for name in table.column_names if name.startswith(PREFIX)]
    return np.column_stack(columns), table.column("label").to_numpy()
