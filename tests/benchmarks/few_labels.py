"""What texts without labels bring where few have one: students on some of the IMDB reviews and the rest without labels.

The main job runs on own files: a stratified choice of the training reviews, the whole test split, and, as texts without
labels, the other training reviews and the unlabelled split. Needs imdb_reviews prepared under TFDS_DATA_DIR; takes ten
minutes on two cores. With --folder, a second call resumes what the first one made there.

Few labels also mean few validation reviews to weigh the members of a stack by. The script says how good the stack would
be with weights from as many held-out reviews as there are labels, as a cross-validation of all members would give them.
The test split is read for that: choose nothing by it.
"""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.special import log_softmax
from side_by_side import write_json
from whole_run import run_bakeoff

from tasks.evaluate.predictions import read_predictions
from tasks.ingest.datasets import Choice
from tasks.ingest.files.options import FileOptions
from tasks.ingest.output import plan_reviews, plan_unlabelled
from tasks.ingest.split import choose_stratified, hash_texts
from tasks.ingest.unlabelled import choose_unlabelled
from tasks.stack.output import VALIDATION_PREDICTIONS
from tasks.stack.weights import add_up, fit_weights, gather_answers
from tasks.store.layout import PREDICTIONS_FILE, TEST_FILE, TRAIN_FILE, UNLABELLED_FILE
from tasks.store.outputs import produce

COLUMNS = ["text", "label"]
SALT = 7
NUM_DRAWS = 20


def write_files(folder: Path, num_labels: int) -> None:
    """Write few.parquet and test.parquet with labels, and more.parquet without."""
    data, choice = folder / "data", Choice("imdb_reviews")
    reviews = produce(*plan_reviews(choice, data_dir=data, validation_fraction=0.1, limit=None)).manifest
    unlabelled = choose_unlabelled(None, choice, FileOptions(path=Path(choice.dataset)), data)
    if unlabelled is None:
        raise SystemExit("imdb_reviews has no unlabelled split; expected it as TensorFlow Datasets prepares it.")
    texts = produce(*plan_unlabelled(unlabelled, reviews, data_dir=data, limit=None)).manifest
    train = pq.read_table(data / reviews.folder / TRAIN_FILE, columns=COLUMNS)
    labels = train.column("label").to_numpy()
    chosen = choose_stratified(hash_texts(train.column("text").to_pylist()), labels, num_chosen=num_labels, salt=SALT)
    pq.write_table(train.filter(chosen), folder / "few.parquet")
    pq.write_table(pq.read_table(data / reviews.folder / TEST_FILE, columns=COLUMNS), folder / "test.parquet")
    more = pq.read_table(data / texts.folder / UNLABELLED_FILE, columns=["text"])
    pq.write_table(
        pa.concat_tables([train.filter(~np.asarray(chosen)).select(["text"]), more]), folder / "more.parquet"
    )


def compare(folder: Path, num_labels: int, seeds: int) -> dict[str, Any]:
    """Run the main job with so many labels; returns the leaderboard."""
    write_files(folder, num_labels)
    paths = {"dataset": "few", "test-path": "test", "unlabelled-path": "more"}
    flags = [f"--{flag}={folder / file}.parquet" for flag, file in paths.items()]
    models = ["--variants=contenders,students", "--stack", f"--seeds={seeds}"]
    return run_bakeoff(folder, [*flags, *models], baselines="nb-svm,lsa-unlabelled")[1]


def weigh_members(folder: Path, names: Sequence[str], num_labels: int) -> dict[str, tuple[float, float]]:
    """Measure accuracy and NLL on test by where the weights of a stack come from."""
    models = [next((folder / "artifacts/models" / name).glob("*/bundle.json")).parent for name in names]
    validation, test = (
        gather_answers([found for found, _ in read], read[0][1])
        for read in (
            [read_predictions(model / name) for model in models] for name in (VALIDATION_PREDICTIONS, PREDICTIONS_FILE)
        )
    )
    random, num_test = np.random.default_rng(0), len(test.labels)

    def measure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        found = log_softmax(add_up(weights, test.log_probabilities), axis=1)
        is_right = found.argmax(axis=1) == test.labels
        return np.array([is_right.mean(), -found[np.arange(num_test), test.labels].mean()])

    def measure_drawn(size: int) -> NDArray[np.float64]:
        drawn = np.zeros(num_test, np.bool_)
        drawn[random.choice(num_test, size, replace=False)] = True
        return measure(fit_weights(test.of_reviews(drawn)))

    found = {
        **{f"{name} alone": measure(np.eye(len(names))[place]) for place, name in enumerate(names)},
        f"the {len(validation.labels)} validation reviews": measure(fit_weights(validation)),
        f"{num_labels} other reviews": np.mean([measure_drawn(num_labels) for _ in range(NUM_DRAWS)], axis=0),
        "all test reviews": measure(fit_weights(test)),
    }
    return {source: (float(accuracy), float(loss)) for source, (accuracy, loss) in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep the outputs here")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.folder or Path(scratch)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        leaderboard = compare(folder, options.labels, options.seeds)
        weighed = weigh_members(folder, ("nb-svm", "onehot-conv"), options.labels)
    print(f"{platform.machine()}, {os.cpu_count()} cores, {options.labels} labels, {options.seeds} seeds")
    rows = {row["name"]: row["accuracy"] for row in leaderboard["variants"]}
    for name, accuracy in rows.items():
        print(f"{name}: {accuracy['mean']:.1%} ({accuracy['low']:.1%}-{accuracy['high']:.1%})")
    print(json.dumps(leaderboard["run"]["teachers"]))
    for source, (accuracy, loss) in weighed.items():
        print(f"weights from {source}: {accuracy:.2%}, NLL {loss:.3f}")
    write_json(options.json, labels=options.labels, accuracy=rows, weights=weighed)


if __name__ == "__main__":
    main()
