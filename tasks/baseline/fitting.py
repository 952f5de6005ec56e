"""Fit one baseline on the training split and write its files."""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from sklearn.linear_model import LogisticRegression

from tasks.baseline.baselines import MAX_ITERATIONS, SEED, Baseline
from tasks.baseline.bounded_fitting import fit_bounded
from tasks.baseline.facts import BaselineFacts
from tasks.baseline.latent import LatentFeatures
from tasks.baseline.model import (
    BaselineModel,
    Parameters,
    answer_shares,
    combine_classes,
    compute_probabilities,
    list_against_rest,
    save_baseline,
    weigh_counts,
)
from tasks.baseline.ngrams import Vocabulary, count_ngrams, fit_vocabulary
from tasks.baseline.weighting import compute_idf, compute_ratios
from tasks.ingest.batches import read_batches
from tasks.process.threads import map_ahead
from tasks.store.layout import TRAIN_FILE, VALIDATION_FILE

KIBIBYTES_PER_MEBIBYTE: Final = 1024
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
    memory: int | None = None,
    unlabelled: Path | None = None,
) -> BaselineFacts:
    """Fit a baseline and write model.npz and vocabulary.json under `folder`; return the numbers.

    `reviews_folder` has {train,validation}.parquet with columns `text` and `label`. The losses of the reviews of each
    class are multiplied by its weight. `memory` is the number of bytes to fit in where not all n-grams fit; None
    if they do. Latent dimensions are also found in the column `text` of the file `unlabelled`, if there is one.
    """
    started = time.perf_counter()
    path = reviews_folder / TRAIN_FILE
    num_classes, bounds = len(label_names), None
    if memory is None:
        model, train = fit_model(
            baseline, path, num_classes=num_classes, class_weights=class_weights, unlabelled=unlabelled
        )
    else:
        labels = read_labels(path)
        model, probabilities, bounds = fit_bounded(
            baseline,
            partial(read_texts, path),
            labels,
            num_classes=num_classes,
            class_weights=class_weights,
            memory=memory,
            folder=folder,
        )
        train = score(probabilities, labels)
    save_baseline(model, folder)
    path = reviews_folder / VALIDATION_FILE
    probabilities = np.concatenate([model.predict_probabilities(texts) for texts in read_texts(path)])
    validation_fit = score(probabilities, read_labels(path))
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
        bounds=bounds,
    )


def fit_model(
    baseline: Baseline,
    path: Path,
    *,
    num_classes: int,
    class_weights: Sequence[float] | None = None,
    unlabelled: Path | None = None,
) -> tuple[BaselineModel, Fit]:
    """Fit on one file of reviews; return the model and how well it predicts that file's labels."""
    paths = [path, *([unlabelled] if unlabelled else [])]
    vocabulary = fit_vocabulary(
        chain.from_iterable(map(read_texts, paths)),
        max_order=baseline.max_order,
        min_texts=baseline.min_texts,
        unit=baseline.unit,
    )
    counts, *more = (count_file(it, vocabulary) for it in paths)
    labels = read_labels(path)
    parameters = fit_parameters(
        baseline, counts, labels, num_classes=num_classes, class_weights=class_weights, more=more
    )
    probabilities = compute_probabilities(weigh_counts(counts, parameters.idf), parameters)
    return BaselineModel(vocabulary, parameters), score(probabilities, labels)


def count_file(path: Path, vocabulary: Vocabulary) -> csr_array:
    """Count the n-grams of each text in a file: shape (num_texts, num_ngrams)."""
    counted = map_ahead(partial(count_ngrams, vocabulary=vocabulary), read_texts(path))
    return vstack(list(counted), format="csr")


def fit_parameters(
    baseline: Baseline,
    counts: csr_array,
    labels: NDArray[np.int32],
    *,
    num_classes: int,
    class_weights: Sequence[float] | None = None,
    more: Sequence[csr_array] = (),
) -> Parameters:
    """Fit on counts of shape (num_texts, num_ngrams); with one class or no n-grams, predict the classes' shares.

    `more` are the counts of texts without labels.
    """
    classes, sizes = np.unique(labels, return_counts=True)
    idf = fit_idf(counts, *more) if baseline.weighting == "tf-idf" else np.empty(0)
    if len(classes) == 1 or counts.shape[1] == 0:
        return answer_shares(counts.shape[1], classes, sizes, idf=idf, num_classes=num_classes)
    features = weigh_counts(counts, idf)
    of_reviews = None if class_weights is None else np.array(class_weights)[labels]
    if baseline.num_dimensions:
        unlabelled = [weigh_counts(it, idf) for it in more]
        latent = LatentFeatures(features, unlabelled, num_dimensions=baseline.num_dimensions)
        fit = partial(latent.fit, inverse_penalty=baseline.inverse_penalty, weights=of_reviews)
    else:
        fit = partial(fit_class, baseline, features, weights=of_reviews)
    fitted = [fit(labels == label) for label in list_against_rest(classes)]
    return combine_classes(fitted, classes, idf=idf, num_classes=num_classes)


def fit_idf(*counts: csr_array) -> NDArray[np.float64]:
    """Weigh n-grams by rarity in all texts; each of `counts` has the shape (num_texts, num_ngrams)."""
    in_texts = np.sum([np.bincount(it.indices, minlength=it.shape[1]) for it in counts], axis=0)
    return compute_idf(in_texts, sum(it.shape[0] for it in counts))


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
    """Return the log ratios of n-grams in texts of a class to those in others: shape (num_ngrams,)."""
    inside, outside = (presence[mask].sum(axis=0) for mask in (is_class, ~is_class))
    return compute_ratios(inside, outside, smoothing=smoothing)


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
