"""Set some labels of a dataset wrong, audit it, and see how many of the wrong ones the list names, and how far up.

Reports precision (how many of the listed labels are among the wrong ones) and recall (how many of the wrong ones are
listed) of the whole list and of its top; labels that were wrong before count against precision. Judges are compared on
the same wrong labels. Of the built-in sample, the labels that its grammar sets wrong are used when --share is 0.
Datasets that are not files need to be on disk, imdb_reviews under TFDS_DATA_DIR.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from side_by_side import describe_machine, write_json

from tasks.audit.auditing import Found, describe_noise
from tasks.audit.correction import set_right
from tasks.audit.held_out import Listener, predict_held_out
from tasks.baseline.baselines import BASELINES
from tasks.ingest.datasets import SAMPLE, choose_dataset
from tasks.ingest.files.options import FileOptions
from tasks.ingest.reviews import write_dataset
from tasks.ingest.sources import sample
from tasks.ingest.sources.draws import shuffle, start_random
from tasks.store.layout import SPLIT_FILES

SEED = 5


def list_wrong_by_grammar() -> dict[str, bool]:
    """Tell of each text of the sample whether its label is not what the grammar's writer thinks."""
    wrong = {}
    for split, count in sample.NUM_REVIEWS.items():
        seed = sample.FIRST_SEED[split]
        labels = shuffle([number % 2 for number in range(count)], start_random(seed))
        for number, label in enumerate(labels, start=1):
            rng = start_random(seed + number)
            opinion = 1 - label if rng.random() < sample.LABEL_NOISE else label
            wrong[sample.write_review(opinion, rng)] = opinion != label
    return wrong


def spoil(folder: Path, share: float, *, num_classes: int) -> NDArray[np.bool_]:
    """Replace a share of the labels of each split by others; returns which reviews, in the order of the splits."""
    rng, spoilt = np.random.default_rng(SEED), []
    for name in SPLIT_FILES.values():
        table = pq.read_table(folder / name)
        labels = table.column("label").to_numpy().copy()
        rows = rng.choice(len(labels), round(share * len(labels)), replace=False)
        labels[rows] = (labels[rows] + rng.integers(1, num_classes, len(rows))) % num_classes
        place = table.schema.get_field_index("label")
        pq.write_table(table.set_column(place, "label", pa.array(labels, pa.int32())), folder / name)
        spoilt.append(np.isin(np.arange(len(labels)), rows))
    return np.concatenate(spoilt)


def audit(
    names: Sequence[str], folder: Path, wrong: NDArray[np.bool_], *, label_names: Sequence[str]
) -> dict[str, float]:
    """Audit the labels, and hold the list against those that are known to be wrong."""
    judges = [BASELINES[name] for name in names]
    held_out = predict_held_out(judges, folder, num_classes=len(label_names), folds=5, listener=Listener())
    found = Found(held_out)
    after = set_right(judges, held_out, found.right, listener=Listener())
    num_wrong = int(wrong.sum())
    tops = {f"top {part:.0%}": max(1, round(part * num_wrong)) for part in (0.1, 0.25, 0.5, 1.0)}
    return {
        "agreement": float((held_out.probabilities.argmax(axis=1) == held_out.labels).mean()),
        "wrong": num_wrong,
        "estimated": sum(row.num_wrong for row in describe_noise(held_out, found, label_names)),
        "listed": len(found.rows),
        "precision": float(wrong[found.rows].mean()),
        "recall": float(wrong[found.rows].sum() / num_wrong),
        **{f"precision {name}": float(wrong[found.rows[:number]].mean()) for name, number in tops.items()},
        **{f"recall {name}": float(wrong[found.rows[:number]].sum() / num_wrong) for name, number in tops.items()},
        "as given": after.as_given,
        "learned right": after.learned_right,
        "p": after.p_value,
        "tested right": after.tested_right,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="imdb_reviews", help="a name or a file [%(default)s]")
    parser.add_argument("--share", type=float, default=0.05, help="of the labels to set wrong [%(default)s]")
    parser.add_argument("--judges", default="nb-svm tfidf-linear", help="baselines, joined by + [%(default)s]")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    print(", ".join(f"{key} {value}" for key, value in describe_machine().items()))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        choice = choose_dataset(options.dataset, folder, FileOptions(path=Path(options.dataset)))
        facts = write_dataset(choice, folder, folder, validation_fraction=0.1, limit=None)
        if options.dataset == SAMPLE and not options.share:
            by_text = list_wrong_by_grammar()
            texts = [text for name in SPLIT_FILES.values() for text in pq.read_table(folder / name)["text"].to_pylist()]
            wrong = np.array([by_text[text] for text in texts])
        else:
            wrong = spoil(folder, options.share, num_classes=len(facts.label_names))
        print(f"{facts.dataset}: {len(wrong):,} labels, {wrong.sum():,} of them wrong")
        found = {}
        for judges in options.judges.split():
            found[judges] = audit(judges.split("+"), folder, wrong, label_names=facts.label_names)
            print(judges, *(f"{name} {number:.4g}" for name, number in found[judges].items()), sep="\n  ", flush=True)
    write_json(options.json, audits=found)


if __name__ == "__main__":
    main()
