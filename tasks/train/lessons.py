"""What a student learns from besides the labelled texts: texts without labels, and what a teacher says of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.encode.sequences import read_sequences
from tasks.store.layout import TRAIN_FILE

# How the names of the columns with a teacher's probabilities begin, as in every file of predictions.
PREFIX: Final = "p_"
BINARY: Final = 2


@dataclass(frozen=True, kw_only=True)
class Lessons:
    """The sequences of texts without labels, and a file with a teacher's probabilities for them in the same order."""

    sequences: Path
    answers: Path


def read_training(
    sequences_folder: Path, lessons: Lessons | None, *, num_classes: int, scratch: Path
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Load what a model learns from: tokens of shape (num_reviews, length) and labels of shape (num_reviews,).

    With lessons, their texts follow those of the training split, and the labels are probabilities, as `build_model`
    wants them.
    """
    if lessons is None:
        return read_sequences(sequences_folder / TRAIN_FILE, scratch=scratch)
    tokens, labels = read_sequences(sequences_folder / TRAIN_FILE, lessons.sequences, scratch=scratch)
    answers = read_answers(lessons.answers)
    known = labels[: len(labels) - len(answers)]
    probabilities = np.concatenate([np.eye(num_classes, dtype=np.float32)[known], answers])
    return tokens, probabilities[:, 1] if num_classes == BINARY else probabilities


def read_answers(path: Path) -> NDArray[np.float32]:
    """Read a teacher's probabilities: shape (num_reviews, num_classes)."""
    table = pq.read_table(path)
    columns = [table.column(name).to_numpy() for name in table.column_names if name.startswith(PREFIX)]
    return np.column_stack(columns).astype(np.float32)
