"""Fit each baseline on the IMDB reviews, in turns with what a user would fit instead: scikit-learn's own, fastText.

Every fit runs in a process of its own, so that its peak memory is its own: read the reviews, fit, predict the test
split. Needs imdb_reviews prepared under TFDS_DATA_DIR. fastText need not be in this environment: --fasttext names an
interpreter that has it, with NumPy 1. The test split is read here more often than an honest report may: choose nothing
by what this prints.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

PREPARE = "prepare"
# What each baseline is held against; the settings of the peers are those of the paper or of the baseline.
PEERS = {
    "majority": (),
    "tfidf-linear": ("scikit-learn-tfidf",),
    "nb-svm": ("scikit-learn-nb-svm", "fasttext"),
}


@dataclass(frozen=True)
class Fit:
    """Seconds to fit and to predict the 25,000 test reviews, share of these that are right, and peak memory."""

    fit_seconds: float
    predict_seconds: float
    test_accuracy: float
    peak_mb: float


def fit_ours(name: str, folder: Path) -> tuple[float, float, float]:
    """Fit as the main job does, reading and validation included; load what was saved, and predict."""
    import pyarrow.parquet as pq

    from tasks.baseline.baselines import BASELINES
    from tasks.baseline.fitting import fit_baseline
    from tasks.baseline.model import load_baseline

    test = pq.read_table(folder / "test.parquet")
    with tempfile.TemporaryDirectory() as saved:
        started = time.perf_counter()
        fit_baseline(BASELINES[name], reviews_folder=folder, folder=Path(saved), label_names=["neg", "pos"])
        fitted = time.perf_counter()
        predicted = load_baseline(Path(saved)).predict_probabilities(test.column("text")).argmax(axis=1)
    ended = time.perf_counter()
    return fitted - started, ended - fitted, float((predicted == test.column("label").to_numpy()).mean())


def fit_scikit_learn(name: str, folder: Path) -> tuple[float, float, float]:
    """Fit scikit-learn's vectorizer and logistic regression, with the settings of the baseline."""
    import numpy as np
    import pyarrow.parquet as pq
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    test = pq.read_table(folder / "test.parquet").to_pydict()
    started = time.perf_counter()
    train = pq.read_table(folder / "train.parquet").to_pydict()
    labels = np.array(train["label"])
    if name == "scikit-learn-tfidf":
        vectorizer, penalty = TfidfVectorizer(ngram_range=(1, 2), min_df=2), 30.0
    else:
        vectorizer, penalty = CountVectorizer(ngram_range=(1, 3), min_df=2, binary=True), 1.0
    features = vectorizer.fit_transform(train["text"])
    scales = np.ones(features.shape[1])
    if name == "scikit-learn-nb-svm":
        inside, outside = (1.0 + np.asarray(features[labels == label].sum(axis=0)).ravel() for label in (1, 0))
        scales = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    model = LogisticRegression(C=penalty, solver="liblinear", dual=True, max_iter=1_000, random_state=1)
    model.fit(features.multiply(scales).tocsr(), labels)
    fitted = time.perf_counter()
    predicted = model.predict(vectorizer.transform(test["text"]).multiply(scales).tocsr())
    ended = time.perf_counter()
    return fitted - started, ended - fitted, float((predicted == np.array(test["label"])).mean())


def fit_fasttext(_name: str, folder: Path) -> tuple[float, float, float]:
    """Fit fastText with the settings of its paper for sentiment (Joulin et al. 2016): bigrams, 10 dimensions."""
    import fasttext

    lines = (folder / "test.txt").read_text(encoding="utf-8").splitlines()
    labels, texts = zip(*(line.split(" ", 1) for line in lines), strict=True)
    started = time.perf_counter()
    model = fasttext.train_supervised(
        str(folder / "train.txt"), dim=10, epoch=5, lr=0.25, wordNgrams=2, thread=2, seed=1, verbose=0
    )
    fitted = time.perf_counter()
    predicted, _ = model.predict(list(texts))
    ended = time.perf_counter()
    hits = [found[0] == label for found, label in zip(predicted, labels, strict=True)]
    return fitted - started, ended - fitted, sum(hits) / len(hits)


WAYS: dict[str, Callable[[str, Path], tuple[float, float, float]]] = {
    **dict.fromkeys(PEERS, fit_ours),
    "scikit-learn-tfidf": fit_scikit_learn,
    "scikit-learn-nb-svm": fit_scikit_learn,
    "fasttext": fit_fasttext,
}


def prepare(folder: Path) -> None:
    """Write the reviews, and once more as fastText reads them: label first, lower case, punctuation apart."""
    import pyarrow.parquet as pq

    from tasks.ingest.datasets import open_source
    from tasks.ingest.reviews import write_reviews

    write_reviews(open_source("imdb_reviews", folder), folder, validation_fraction=0.1)
    for split in ("train", "test"):
        rows = pq.read_table(folder / f"{split}.parquet").to_pydict()
        with (folder / f"{split}.txt").open("w", encoding="utf-8") as file:
            for text, label in zip(rows["text"], rows["label"], strict=True):
                words = " ".join(re.findall(r"\w+|[^\w\s]", text.lower()))
                file.write(f"__label__{label} {words}\n")
    print("prepared")


def run_apart(python: str, way: str, folder: Path) -> str:
    """Work in a process of its own; its peak memory starts at that of this small one. Returns the last line printed."""
    command = [python, __file__, "--way", way, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


def fit_apart(python: str, name: str, folder: Path) -> Fit:
    """Fit in a process of its own."""
    return Fit(**json.loads(run_apart(python, name, folder)))


def measure_here(name: str, folder: Path) -> None:
    """Fit in this process and print the numbers."""
    found = WAYS[name](name, folder)
    print(json.dumps(asdict(Fit(*found, peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))))


def summarise(fits: list[Fit]) -> Fit:
    """Take the median of each number."""
    return Fit(*(median(values) for values in zip(*(asdict(fit).values() for fit in fits), strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fasttext", metavar="PYTHON", help="an interpreter with fastText [left out]")
    parser.add_argument("--rounds", type=int, default=3, help="[%(default)s]")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    parser.add_argument("--way", choices=[PREPARE, *WAYS], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        prepare(options.folder) if options.way == PREPARE else measure_here(options.way, options.folder)
        return
    from side_by_side import describe_machine, write_json

    print(", ".join(f"{key} {value}" for key, value in describe_machine().items()))
    print(f"{'model':<20} {'fit s':>7} {'predict s':>9} {'accuracy':>9} {'peak MB':>8}  fit ratio")
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run_apart(sys.executable, PREPARE, folder)
        for name, peers in PEERS.items():
            ways = [name, *(peer for peer in peers if peer != "fasttext" or options.fasttext)]
            pythons = {way: options.fasttext if way == "fasttext" else sys.executable for way in ways}
            rounds = [{way: fit_apart(pythons[way], way, folder) for way in ways} for _ in range(options.rounds)]
            for way in ways:
                fit = summarise([of_round[way] for of_round in rounds])
                ratio = median(of_round[way].fit_seconds / of_round[name].fit_seconds for of_round in rounds)
                found[way] = {**asdict(fit), "ratio": ratio}
                print(
                    f"{way:<20} {fit.fit_seconds:7.1f} {fit.predict_seconds:9.1f} {fit.test_accuracy:9.2%} "
                    f"{fit.peak_mb:8,.0f}  {ratio:.1f}x",
                    flush=True,
                )
    write_json(options.json, fits=found)


if __name__ == "__main__":
    main()
