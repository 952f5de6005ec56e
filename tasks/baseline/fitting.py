"""Fit one baseline on the training split and write its files."""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from tasks.baseline.baselines import SEED, Baseline
from tasks.baseline.facts import BaselineFacts
from tasks.baseline.model import BaselineModel, Parameters, compute_probabilities, save_baseline, weigh_counts
from tasks.baseline.ngrams import count_ngrams, fit_vocabulary
from tasks.ingest.batches import read_batches
from tasks.process.threads import map_ahead
from tasks.store.layout import TRAIN_FILE, VALIDATION_FILE

KIBIBYTES_PER_MEBIBYTE: Final = 1024
MAX_ITERATIONS: Final = 1_000
SMALLEST_PROBABILITY: Final = 1e-7


class Fit(NamedTuple):
    """How well a model predicts the labels of one split: accuracy, and mean loss in nats."""

    num_reviews: int
    accuracy: float
    loss: float


def fit_baseline(
    baseline: Baseline,
    *,
    reviews_folder: Path,
    folder: Path,
    label_names: Sequence[str],
    class_weights: Sequence[float] | None = None,
) -> BaselineFacts:
    """Fit a baseline and write model.npz and vocabulary.json under `folder`; return the numbers.

    `reviews_folder` has {train,validation}.parquet with columns `text` and `label`. The losses of the reviews of each
    class are multiplied by its weight.
    """
    started = time.perf_counter()
    path = reviews_folder / TRAIN_FILE
    model, train = fit_model(baseline, path, num_classes=len(label_names), class_weights=class_weights)
    save_baseline(model, folder)
    validation = pq.read_table(reviews_folder / VALIDATION_FILE, columns=["text", "label"])
    probabilities = model.predict_probabilities(validation.column("text"))
    validation_fit = score(probabilities, validation.column("label").to_numpy())
    seconds = time.perf_counter() - started
    return BaselineFacts(
        num_params=model.parameters.weights.size + model.parameters.bias.size,
        device=f"CPU ({os.cpu_count()} cores), scikit-learn",
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIBIBYTES_PER_MEBIBYTE,
        train_accuracy=train.accuracy,
        train_loss=train.loss,
        val_accuracy=validation_fit.accuracy,
        val_loss=validation_fit.loss,
        train_seconds=seconds,
        reviews_per_second=train.num_reviews / seconds,
    )


def fit_model(
    baseline: Baseline, path: Path, *, num_classes: int, class_weights: Sequence[float] | None = None
) -> tuple[BaselineModel, Fit]:
    """Fit on one file of reviews; return the model and how well it predicts that file's labels."""
    vocabulary = fit_vocabulary(
        read_texts(path), max_order=baseline.max_order, min_texts=baseline.min_texts, unit=baseline.unit
    )
    counts = vstack(list(map_ahead(partial(count_ngrams, vocabulary=vocabulary), read_texts(path))), format="csr")
    labels = read_labels(path)
    parameters = fit_parameters(baseline, counts, labels, num_classes=num_classes, class_weights=class_weights)
    probabilities = compute_probabilities(weigh_counts(counts, parameters.idf), parameters)
    return BaselineModel(vocabulary, parameters), score(probabilities, labels)


def fit_parameters(
    baseline: Baseline,
    counts: csr_array,
    labels: NDArray[np.int32],
    *,
    num_classes: int,
    class_weights: Sequence[float] | None = None,
) -> Parameters:
    """Fit on counts of shape (num_texts, num_ngrams); with one class or no n-grams, predict the classes' shares."""
    classes, sizes = np.unique(labels, return_counts=True)
    idf = fit_idf(counts) if baseline.weighting == "tf-idf" else np.empty(0)
    if len(classes) == 1 or counts.shape[1] == 0:
        weights, bias = np.zeros((counts.shape[1], len(classes))), logit(sizes / sizes.sum())
    else:
        features = weigh_counts(counts, idf)
        of_reviews = None if class_weights is None else np.array(class_weights)[labels]
        against_rest = classes[len(classes) == 2 :]  # noqa: PLR2004
        fitted = [fit_class(baseline, features, labels == label, weights=of_reviews) for label in against_rest]
        weights, bias = np.column_stack([weight for weight, _ in fitted]), np.array([bias for _, bias in fitted])
    return Parameters(weights, bias, idf, classes.astype(np.int64), np.array(num_classes))


def fit_idf(counts: csr_array) -> NDArray[np.float64]:
    """Weigh n-grams by rarity as scikit-learn does: ln((1 + num_texts) / (1 + num_texts_with_it)) + 1."""
    num_texts, num_ngrams = counts.shape
    in_texts = np.bincount(counts.indices, minlength=num_ngrams)
    idf: NDArray[np.float64] = np.log((1 + num_texts) / (1 + in_texts)) + 1
    return idf


def fit_class(
    baseline: Baseline, features: csr_array, is_class: NDArray[np.bool_], *, weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], float]:
    """Fit one class against the rest: weights of shape (num_ngrams,), with the ratios multiplied in, and the bias.

    `weights` are those of the reviews, None if all weigh the same.
    """
    by_ratio = baseline.weighting == "log-count-ratio"
    ratios = log_count_ratios(features, is_class, smoothing=baseline.smoothing) if by_ratio else None
    scales = np.ones(features.shape[1]) if ratios is None else ratios
    # With fewer texts than n-grams, the dual problem is the fastest of scikit-learn's to solve.
    solver = LogisticRegression(
        C=baseline.inverse_penalty, solver="liblinear", dual=True, max_iter=MAX_ITERATIONS, random_state=SEED
    )
    solver.fit(csr_array(features.multiply(scales)), is_class, sample_weight=weights)
    return solver.coef_[0] * scales, float(solver.intercept_[0])


def log_count_ratios(
    presence: csr_array, is_class: NDArray[np.bool_], *, smoothing: float = 1.0
) -> NDArray[np.float64]:
    """Return the log ratio of each n-gram's share in texts of a class to that in others, with smoothed counts.

    `smoothing` is added to each count. With 1, for texts "a b" and "a" against "b", the shares of a are 3/5 and 1/3 and
    those of b are 2/5 and 2/3, so the ratios are ln(9/5) and ln(3/5) (Wang & Manning 2012, section 2.1). Shape
    (num_ngrams,).
    """
    inside, outside = (smoothing + presence[mask].sum(axis=0) for mask in (is_class, ~is_class))
    ratios: NDArray[np.float64] = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    return ratios


def score(probabilities: NDArray[np.float64], labels: NDArray[np.int32]) -> Fit:
    """Score predictions as the neural models are scored in training: accuracy, and loss in nats, capped as in Keras."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return Fit(
        num_reviews=len(labels),
        accuracy=float((probabilities.argmax(axis=1) == labels).mean()),
        loss=float(-np.log(np.clip(chosen, SMALLEST_PROBABILITY, 1.0)).mean()),
    )


def read_texts(path: Path) -> Iterator[pa.Array]:
    """Read the texts of a file of reviews in batches."""
    for batch in read_batches(path, ["text"]):
        yield batch.column("text")


def read_labels(path: Path) -> NDArray[np.int32]:
    """Read the labels of a file of reviews: shape (num_reviews,)."""
    labels: NDArray[np.int32] = pq.read_table(path, columns=["label"]).column("label").to_numpy()
    return labels
