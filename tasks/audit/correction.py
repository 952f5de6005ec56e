"""What setting labels right would bring: models fitted again on the suggested labels, and the test split relabelled."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.audit.facts import SetRight
from tasks.audit.held_out import HeldOut, Listener
from tasks.baseline.baselines import Baseline
from tasks.baseline.fitting import fit_model
from tasks.compare.significance import mcnemar_exact
from tasks.store.layout import TRAIN_FILE


def set_right(
    baselines: Sequence[Baseline], held_out: HeldOut, right: NDArray[np.int32], *, listener: Listener
) -> SetRight:
    """Fit on the labels as given and on the right ones, of shape (num_reviews,), and judge both on the test split."""
    given = held_out.labels[held_out.is_test]
    before = fit_and_answer(baselines, held_out, held_out.labels, "labels as given", listener=listener)
    after = fit_and_answer(baselines, held_out, right, "labels set right", listener=listener)
    return SetRight(
        num_reviews=len(given),
        as_given=float((before == given).mean()),
        learned_right=float((after == given).mean()),
        p_value=mcnemar_exact(before == given, after == given),
        tested_right=float((before == right[held_out.is_test]).mean()),
    )


def fit_and_answer(
    baselines: Sequence[Baseline], held_out: HeldOut, labels: NDArray[np.int32], what: str, *, listener: Listener
) -> NDArray[np.intp]:
    """Fit on training and validation together with these labels, and answer the test split: shape (num_test,)."""
    learned, num_classes = ~held_out.is_test, held_out.probabilities.shape[1]
    texts = held_out.texts.filter(pa.array(held_out.is_test))
    totals = np.zeros((len(texts), num_classes))
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / TRAIN_FILE
        table = pa.table({"text": held_out.texts, "label": pa.array(labels)})
        pq.write_table(table.filter(pa.array(learned)), path)
        for baseline in baselines:
            listener.on_fit(baseline.name, what)
            model, _ = fit_model(baseline, path, num_classes=num_classes)
            totals += model.predict_probabilities(texts)
    answers: NDArray[np.intp] = totals.argmax(axis=1)
    return answers
