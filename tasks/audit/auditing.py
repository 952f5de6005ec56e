"""Find the labels that are probably wrong, and what they are worth: a list for annotators, and numbers about it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.audit.confident import suspect
from tasks.audit.correction import set_right
from tasks.audit.facts import FILE, LIST_FILE, AuditFacts, LabelErrors, LabelNoise, Suspect
from tasks.audit.held_out import HeldOut, Listener, predict_held_out
from tasks.baseline.baselines import Baseline
from tasks.store.layout import SPLITS

# So many suspects are kept with their texts; all are in the CSV file.
MOST_KEPT: Final = 100
# The beginning is enough to recognise a review of any length.
SHOWN_CHARACTERS: Final = 1_000


class Found:
    """The suspected rows of some reviews, the least probable label first, and what they suggest.

    `right` are all labels after the suspected ones are replaced by the likeliest others: shape (num_reviews,). `belong`
    estimates how many reviews with each label belong to each other one.
    """

    def __init__(self, held_out: HeldOut) -> None:
        labels, probabilities = held_out.labels, held_out.probabilities
        self.belong = np.zeros((probabilities.shape[1], probabilities.shape[1]))
        rows = []
        # The test split has other models, which may be surer or less sure, so it is judged by itself.
        for part in (np.flatnonzero(~held_out.is_test), np.flatnonzero(held_out.is_test)):
            found = suspect(labels[part], probabilities[part])
            rows.append(part[found.rows])
            self.belong += found.belong
        suspected = np.concatenate(rows)
        own = probabilities[suspected, labels[suspected]]
        self.rows = suspected[np.argsort(own, kind="stable")]
        self.right = replace_labels(labels, probabilities, self.rows)


def replace_labels(
    labels: NDArray[np.int32], probabilities: NDArray[np.float64], rows: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Replace the labels of some rows by the likeliest other ones."""
    others = probabilities[rows].copy()
    others[np.arange(len(rows)), labels[rows]] = -1
    right = labels.copy()
    right[rows] = others.argmax(axis=1)
    return right


def write_audit(
    baselines: Sequence[Baseline],
    *,
    reviews_folder: Path,
    folder: Path,
    dataset: str,
    label_names: Sequence[str],
    hashes: Mapping[str, str],
    folds: int,
    listener: Listener,
) -> AuditFacts:
    """Write label_errors.json and label_errors.parquet under `folder`; `hashes` are those of the files of reviews."""
    held_out = predict_held_out(baselines, reviews_folder, num_classes=len(label_names), folds=folds, listener=listener)
    found = Found(held_out)
    is_comparable = len(found.rows) > 0 and held_out.is_test.any()
    LabelErrors(
        dataset=dataset,
        label_names=tuple(label_names),
        baselines=tuple(baseline.name for baseline in baselines),
        folds=folds,
        agreement=float((held_out.probabilities.argmax(axis=1) == held_out.labels).mean()),
        num_reviews=count_by_split(held_out.splits),
        num_listed=count_by_split(held_out.splits[found.rows]),
        hashes=dict(hashes),
        noise=describe_noise(held_out, found, label_names),
        set_right=set_right(baselines, held_out, found.right, listener=listener) if is_comparable else None,
        suspects=describe_suspects(held_out, found, label_names),
    ).write(folder / FILE)
    pq.write_table(tabulate_suspects(held_out, found, label_names), folder / LIST_FILE, compression="zstd")
    return AuditFacts(num_listed=len(found.rows))


def count_by_split(splits: NDArray[np.int64]) -> dict[str, int]:
    """Count reviews by the name of their split."""
    return dict(zip(SPLITS, np.bincount(splits, minlength=len(SPLITS)).tolist(), strict=True))


def describe_noise(held_out: HeldOut, found: Found, label_names: Sequence[str]) -> tuple[LabelNoise, ...]:
    """Describe how reliable each label is."""
    sizes = np.bincount(held_out.labels, minlength=len(label_names))
    listed = np.bincount(held_out.labels[found.rows], minlength=len(label_names))
    wrong = found.belong.sum(axis=1) - found.belong.diagonal()
    missing = found.belong.sum(axis=0) - found.belong.diagonal()
    return tuple(
        LabelNoise(
            label=name,
            num_reviews=int(sizes[index]),
            num_listed=int(listed[index]),
            num_wrong=float(wrong[index]),
            num_missing=float(missing[index]),
        )
        for index, name in enumerate(label_names)
    )


def tabulate_suspects(held_out: HeldOut, found: Found, label_names: Sequence[str]) -> pa.Table:
    """Tabulate the list as annotators get it, with an empty column `checked_label` for what they find."""
    rows, names = found.rows, pa.array(label_names, pa.string())
    given, right = held_out.labels[rows], found.right[rows]
    return pa.table(
        {
            "rank": np.arange(1, len(rows) + 1),
            "split": pa.array(SPLITS).take(pa.array(held_out.splits[rows])),
            "id": held_out.ids.take(pa.array(rows)),
            "label": names.take(pa.array(given)),
            "suggested_label": names.take(pa.array(right)),
            "p_label": held_out.probabilities[rows, given],
            "p_suggested_label": held_out.probabilities[rows, right],
            "checked_label": pa.nulls(len(rows), pa.string()),
            "text": held_out.texts.take(pa.array(rows)),
        }
    )


def describe_suspects(held_out: HeldOut, found: Found, label_names: Sequence[str]) -> tuple[Suspect, ...]:
    """Describe the first of the list, with texts cut to what a page can show."""
    shown = tabulate_suspects(held_out, found, label_names).slice(0, MOST_KEPT).to_pylist()
    return tuple(
        Suspect(
            split=row["split"],
            id=row["id"],
            label=row["label"],
            suggested=row["suggested_label"],
            probability=row["p_label"],
            suggested_probability=row["p_suggested_label"],
            text=row["text"][:SHOWN_CHARACTERS],
            num_characters=len(row["text"]),
        )
        for row in shown
    )
