"""A fitted baseline: its two files, and its predictions for texts.

`vocabulary.json` is the list of known n-grams; `model.npz` holds, for n-grams in that order,

- `weights` of shape (num_ngrams, num_columns) and `bias` of shape (num_columns,): a column for each class against the
  rest, or with two classes one column for the second against the first;
- `classes`: the label of each class that was in the training split, and `num_classes`: how many there are in all;
- `idf` of shape (num_ngrams,), or empty if only an n-gram's presence counts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import log_expit, logit, softmax

from tasks.baseline.ngrams import Vocabulary, count_ngrams, look_up_words, read_vocabulary, write_vocabulary
from tasks.process.threads import map_ahead

BATCH_ROWS: Final = 2_000
MODEL_FILE: Final = "model.npz"
VOCABULARY_FILE: Final = "vocabulary.json"


@dataclass(frozen=True)
class Parameters:
    """What is learned besides the vocabulary; see the module for the shapes."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    idf: NDArray[np.float64]
    classes: NDArray[np.int64]
    num_classes: NDArray[np.int64]


def list_against_rest(classes: NDArray[Any]) -> NDArray[Any]:
    """List the classes that are fitted against the rest: all, or of two the second."""
    return classes[len(classes) == 2 :]  # noqa: PLR2004


def combine_classes(
    fitted: Sequence[tuple[NDArray[np.float64], float]],
    classes: NDArray[np.int32],
    *,
    idf: NDArray[np.float64],
    num_classes: int,
) -> Parameters:
    """Put the weights and biases of the classes that were fitted side by side."""
    weights, bias = np.column_stack([weight for weight, _ in fitted]), np.array([bias for _, bias in fitted])
    return Parameters(weights, bias, idf, classes.astype(np.int64), np.array(num_classes))


def answer_shares(
    num_ngrams: int, classes: NDArray[np.int32], sizes: NDArray[np.intp], *, idf: NDArray[np.float64], num_classes: int
) -> Parameters:
    """Make the parameters that always answer the classes' shares, whatever the text."""
    weights, bias = np.zeros((num_ngrams, len(classes))), logit(sizes / sizes.sum())
    return Parameters(weights, bias, idf, classes.astype(np.int64), np.array(num_classes))


@dataclass(frozen=True)
class BaselineModel:
    """A model that gives texts the same class probabilities as the fitted scikit-learn model."""

    vocabulary: Vocabulary
    parameters: Parameters

    def predict_probabilities(self, texts: Sequence[str] | pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
        """Predict probabilities of shape (num_texts, num_classes), in the memory of one batch."""
        predicted = self.map_batches(self.predict_batch, texts)
        return np.concatenate([np.empty((0, int(self.parameters.num_classes))), *predicted])

    def predict_batch(self, texts: pa.Array) -> NDArray[np.float64]:
        """Predict the texts of one batch: shape (num_texts, num_classes)."""
        features = weigh_counts(count_ngrams(texts, self.vocabulary), self.parameters.idf)
        return compute_probabilities(features, self.parameters)

    def count_tokens(
        self, texts: Sequence[str] | pa.Array | pa.ChunkedArray
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Count the units of each text, and those that are not in the vocabulary: two arrays of shape (num_texts,).

        Units are words or characters.
        """
        counted = self.map_batches(self.count_batch, texts)
        totals = np.concatenate([np.empty((2, 0), np.int32), *counted], axis=1)
        return totals[0], totals[1]

    def count_batch(self, texts: pa.Array) -> NDArray[np.int32]:
        """Count the words of one batch: shape (2, num_texts)."""
        words = look_up_words(texts, self.vocabulary)
        groups = words.texts, words.texts[words.ids < 0]
        return np.stack([np.bincount(group, minlength=len(texts)) for group in groups]).astype(np.int32)

    @staticmethod
    def map_batches(
        function: Callable[[pa.Array], NDArray[Any]], texts: Sequence[str] | pa.Array | pa.ChunkedArray
    ) -> Iterator[NDArray[Any]]:
        """Apply a function to slices of the texts; for one slice, it is not worth starting threads."""
        starts = range(0, len(texts), BATCH_ROWS)
        slices = (pa.array(texts[start : start + BATCH_ROWS], pa.string()) for start in starts)
        return map(function, slices) if len(starts) == 1 else map_ahead(function, slices)


def weigh_counts(counts: csr_array, idf: NDArray[np.float64]) -> csr_array:
    """Turn counts of shape (num_texts, num_ngrams) into features.

    With `idf`, a feature is (1 + ln count) * idf, and each text is scaled to unit length, as in scikit-learn's
    TfidfTransformer with `sublinear_tf`. Without, it is 1 for an n-gram that occurs.
    """
    features = counts.copy()
    if not len(idf):
        features.data[:] = 1.0
        return features
    features.data = (1.0 + np.log(features.data)) * idf[features.indices]
    lengths = np.sqrt(features.power(2).sum(axis=1))
    features.data /= np.repeat(lengths, np.diff(features.indptr))
    return features


def compute_probabilities(features: csr_array, parameters: Parameters) -> NDArray[np.float64]:
    """Compute probabilities of shape (num_texts, num_classes) from features of shape (num_texts, num_ngrams).

    The sigmoids of a text's columns are scaled to a sum of one, as in scikit-learn's OneVsRestClassifier; a class that
    was not in the training split gets 0.
    """
    margins = features @ parameters.weights + parameters.bias
    if margins.shape[1] == len(parameters.classes) - 1:
        margins = np.hstack([-margins, margins])
    probabilities = np.zeros((len(margins), int(parameters.num_classes)))
    # Sigmoids of large negative margins are 0 in floating point; their logarithms are not.
    probabilities[:, parameters.classes] = softmax(log_expit(margins), axis=1)
    return probabilities


def save_baseline(model: BaselineModel, folder: Path) -> None:
    """Write model.npz and vocabulary.json under `folder`."""
    write_vocabulary(folder / VOCABULARY_FILE, model.vocabulary)
    np.savez_compressed(folder / MODEL_FILE, allow_pickle=False, **asdict(model.parameters))


def load_baseline(folder: Path, *, prefix: str = "") -> BaselineModel:
    """Load the files that `save_baseline` wrote, whose names may have got a prefix; they hold numbers and words."""
    with np.load(folder / f"{prefix}{MODEL_FILE}", allow_pickle=False) as arrays:
        parameters = Parameters(**arrays)
    return BaselineModel(read_vocabulary(folder / f"{prefix}{VOCABULARY_FILE}"), parameters)
