"""A trained model as what it is for: from texts to class probabilities, whatever kind of model it is."""

from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.encode.encodings import Encoding
from tasks.train.kernels import Kernels

NEURAL_FILE: Final = "model.keras"
# What a model needs to predict; other files of a training tell of its making.
MODEL_FILES: Final = (NEURAL_FILE, "tokenizer.json", "model.npz", "vocabulary.json")


class Scored(NamedTuple):
    """Uncalibrated probabilities (num_texts, num_classes), and of each text its number of tokens and unknown ones."""

    probabilities: NDArray[np.float64]
    num_tokens: NDArray[np.int32]
    num_oov: NDArray[np.int32]


class Classifier(Protocol):
    """Scores a string array without nulls."""

    def score(self, texts: pa.Array) -> Scored:
        """Score texts of any number, in memory that grows with them."""


class NeuralClassifier:
    """A Keras model with its tokenizer."""

    def __init__(self, folder: Path, encoding: Encoding, *, kernels: Kernels) -> None:
        # Here, so that a baseline does not wait for TensorFlow.
        import keras

        from tasks.encode.sequences import load_tokenizer
        from tasks.train.backend import speed_up_prediction

        self.encoding = encoding
        self.tokenizer = load_tokenizer(folder / "tokenizer.json")
        self.model = keras.models.load_model(folder / NEURAL_FILE, compile=False, safe_mode=True)
        speed_up_prediction(self.model, kernels=kernels)

    def score(self, texts: pa.Array) -> Scored:
        """Encode and predict."""
        from tasks.encode.padding import mark_wordless
        from tasks.encode.sequences import encode_texts
        from tasks.train.predict import predict_probabilities

        found = encode_texts(texts, self.tokenizer, self.encoding)
        probabilities = predict_probabilities(self.model, mark_wordless(found["tokens"]))
        return Scored(probabilities, found["num_tokens"], found["num_oov"])


class BaselineClassifier:
    """A linear model over counted words."""

    def __init__(self, folder: Path) -> None:
        from tasks.baseline.model import load_baseline

        self.model = load_baseline(folder)

    def score(self, texts: pa.Array) -> Scored:
        """Count and predict."""
        return Scored(self.model.predict_probabilities(texts), *self.model.count_tokens(texts))


def load_classifier(folder: Path, encoding: dict[str, Any] | None, *, kernels: Kernels = "auto") -> Classifier:
    """Load the model of a bundle; `encoding` is what bundle.json says of how its text is encoded, None if it is not."""
    if encoding is None:
        return BaselineClassifier(folder)
    return NeuralClassifier(folder, Encoding(**encoding, description=""), kernels=kernels)


def measure_files(folder: Path) -> int:
    """Add up the bytes of what the model needs to predict."""
    return sum((folder / name).stat().st_size for name in MODEL_FILES if (folder / name).exists())
