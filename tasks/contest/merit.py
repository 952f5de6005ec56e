"""How good the models usually are, by which a run with a time limit orders them."""

from typing import Final

from tasks.baseline.baselines import Baseline
from tasks.train.variants import Variant

# Accuracy in percent on the test split of the IMDB reviews, see tests/benchmarks/README.md.
IMDB_ACCURACY: Final = {
    "encoder-fine-tuned": 93.1,
    "onehot-conv-student": 92.1,
    "nb-svm": 91.7,
    "lsa-unlabelled": 91.7,
    "region-conv-unlabelled": 91.7,
    "onehot-conv": 91.5,
    "distilled": 91.4,
    "tfidf-linear": 90.9,
    "lsa": 90.6,
    "region-conv": 90.6,
    "long-conv-max": 88.3,
    "long-average-pool": 88.3,
    "vectors-conv-max": 88.2,
    "vectors-average-pool": 88.0,
    "vectors-bilstm": 87.9,
    "long-bigru": 86.9,
    "long-lstm": 86.2,
    "long-bilstm": 86.1,
    "average-pool": 83.6,
    "conv-max": 83.0,
    "lstm": 82.1,
    "bigru": 82.1,
    "flatten": 81.9,
    "bilstm": 81.8,
    "encoder-frozen": 81.3,
    "bilstm-small": 80.9,
    "stacked-bilstm": 79.6,
    "conv-average": 71.4,
    "simple-rnn": 59.4,
    "majority": 50.0,
}


def find_merit(row: Variant | Baseline) -> float:
    """Return the accuracy of a model, or of the base of one's own; 0 if it was not measured."""
    base = row.definition["base"] if row.definition else row.name
    return IMDB_ACCURACY.get(base, 0.0)
