"""Probabilities from models that have not seen the review: cross-fitting over training and validation, and test."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.baseline.baselines import Baseline
from tasks.baseline.fitting import fit_model
from tasks.ingest.split import assign_folds, hash_texts
from tasks.store.layout import SPLIT_FILES, SPLITS, TRAIN_FILE


class HeldOut(NamedTuple):
    """Reviews in the order of their splits, and what models that have not seen them say of them.

    Shapes: splits, ids, texts and labels (num_reviews,), probabilities (num_reviews, num_classes). `splits` are indices
    of SPLITS.
    """

    splits: NDArray[np.int64]
    ids: pa.ChunkedArray
    texts: pa.ChunkedArray
    labels: NDArray[np.int32]
    probabilities: NDArray[np.float64]

    @property
    def is_test(self) -> NDArray[np.bool_]:
        """Which reviews are in the test split."""
        is_test: NDArray[np.bool_] = self.splits == SPLITS.index("test")
        return is_test


class Listener:
    """Receives the progress of an audit; this base class ignores it."""

    def on_fit(self, name: str, what: str) -> None:
        """Receive that a baseline is about to be fitted, and to what."""


def predict_held_out(
    baselines: Sequence[Baseline], folder: Path, *, num_classes: int, folds: int, listener: Listener
) -> HeldOut:
    """Fit each baseline `folds` times and average the probabilities of those that have not seen a review.

    A review of training or validation gets them from the fit that held it out, and one of the test split from all fits.
    Equal texts are held out together, also those that are in the test split as well. `folder` has
    {train,validation,test}.parquet.
    """
    tables = [pq.read_table(folder / name, columns=["id", "text", "label"]) for name in SPLIT_FILES.values()]
    splits = np.repeat(np.arange(len(tables)), [table.num_rows for table in tables])
    is_learned = splits != SPLITS.index("test")
    everything = pa.concat_tables(tables)
    labels = everything.column("label").to_numpy()
    numbers = number_folds(everything.column("text"), labels, is_learned, folds=folds)
    totals, counts = np.zeros((len(labels), num_classes)), np.zeros(len(labels))
    with TemporaryDirectory() as scratch:
        for fold in range(folds):
            asked = (numbers == fold) | (numbers < 0)
            path = Path(scratch) / TRAIN_FILE
            pq.write_table(everything.filter(pa.array(is_learned & (numbers != fold))), path)
            for baseline in baselines:
                listener.on_fit(baseline.name, f"part {fold + 1} of {folds} held out")
                model, _ = fit_model(baseline, path, num_classes=num_classes)
                totals[asked] += model.predict_probabilities(everything.column("text").filter(pa.array(asked)))
                counts[asked] += 1
    return HeldOut(splits, everything.column("id"), everything.column("text"), labels, totals / counts[:, np.newaxis])


def number_folds(
    texts: pa.ChunkedArray, labels: NDArray[np.int32], is_learned: NDArray[np.bool_], *, folds: int
) -> NDArray[np.int64]:
    """Give each review the number of the fold that holds it out, -1 to a test review whose text is nowhere else."""
    hashes = hash_texts(text for chunk in texts.chunks for text in chunk.to_pylist())
    numbers = np.full(len(labels), -1)
    numbers[is_learned] = assign_folds(hashes[is_learned], labels[is_learned], folds=folds)
    fold_of = dict(zip(hashes[is_learned].tolist(), numbers[is_learned].tolist(), strict=True))
    numbers[~is_learned] = [fold_of.get(found, -1) for found in hashes[~is_learned].tolist()]
    return numbers
