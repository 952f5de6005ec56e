"""The first values of a model's word vectors, from those of a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.encode.padding import PAD_ID


def start_from(path: Path, drawn: NDArray[Any]) -> NDArray[np.float32]:
    """Put the vectors of a file in the place of those that were drawn at random: shape (vocab_size, dim).

    Words that the file lacks keep what was drawn for them, scaled to the spread of the numbers in the file, so that
    they weigh as much as the others. Padding starts with zeros.
    """
    table = pq.read_table(path)
    vectors = table.column("vector").combine_chunks().flatten().to_numpy().reshape(len(table), -1)
    weights = drawn * (vectors.std() / drawn.std())
    weights[table.column("token").to_numpy()] = vectors
    weights[PAD_ID] = 0
    return np.asarray(weights, np.float32)
