"""A trained model of any kind as a classifier: from texts to class probabilities."""

from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.encode.encodings import Encoding, Kind
from tasks.evaluate.facts import EncodingOfModel
from tasks.evaluate.model_files import (
    ENSEMBLE_FILE,
    NEURAL_FILE,
    TOKENIZER_FILE,
    begin_names,
    select_model_files,
)
from tasks.train.kernels.choice import Kernels

PIECES_OF_WORDS: Final[tuple[Kind, ...]] = ("subwords", "unigram", "pretrained")


class Scored(NamedTuple):
    """Uncalibrated probabilities (num_texts, num_classes), and each text's number of tokens and of unknown tokens."""

    probabilities: NDArray[np.float64]
    num_tokens: NDArray[np.int32]
    num_oov: NDArray[np.int32]


class Prepared(NamedTuple):
    """The model's inputs for some texts, and each text's number of tokens and of unknown tokens."""

    inputs: Any
    num_tokens: NDArray[np.int32]
    num_oov: NDArray[np.int32]


class Classifier(Protocol):
    """Scores a string array without nulls, at once or in two steps that may run in different threads."""

    def prepare(self, texts: pa.Array) -> Prepared:
        """Encode any number of texts, in memory that grows with them."""

    def predict(self, prepared: Prepared) -> Scored:
        """Predict prepared texts; only one call may run at a time."""

    def score(self, texts: pa.Array) -> Scored:
        """Prepare and predict."""

    def find_pieces(self, text: str) -> list[tuple[int, int]]:
        """Find the places of the model's tokens, first and last character, if these are pieces of words; or none."""


class NeuralClassifier:
    """A Keras model with its tokenizer; the names of their files begin with `prefix`."""

    def __init__(self, folder: Path, encoding: Encoding, *, kernels: Kernels, prefix: str) -> None:
        from tasks.encode.sequences import load_tokenizer

        self.path = folder / f"{prefix}{NEURAL_FILE}"
        self.encoding = encoding
        self.kernels = kernels
        self.tokenizer = load_tokenizer(folder / f"{prefix}{TOKENIZER_FILE}")

    @cached_property
    def model(self) -> Any:
        """The Keras model, loaded when it first predicts, so that counting tokens does not wait for TensorFlow."""
        import keras

        from tasks.train import encoder_layers, layers  # noqa: F401  so that Keras finds them by their names
        from tasks.train.backend import speed_up_prediction
        from tasks.train.own import list_variants

        # So that Keras finds the layers of installed packages too.
        list_variants()

        model = keras.models.load_model(self.path, compile=False, safe_mode=True)
        if model.input_shape != (None, self.encoding.length):
            raise ValueError(f"it reads {model.input_shape}; expected (None, {self.encoding.length})")
        speed_up_prediction(model, kernels=self.kernels)
        return model

    def prepare(self, texts: pa.Array) -> Prepared:
        """Encode texts as token ids."""
        from tasks.encode.padding import mark_wordless
        from tasks.encode.sequences import encode_texts

        found = encode_texts(texts, self.tokenizer, self.encoding)
        return Prepared(mark_wordless(found["tokens"]), found["num_tokens"], found["num_unknown"])

    def predict(self, prepared: Prepared) -> Scored:
        """Run the network."""
        from tasks.train.predict import predict_probabilities

        return Scored(predict_probabilities(self.model, prepared.inputs), prepared.num_tokens, prepared.num_oov)

    def score(self, texts: pa.Array) -> Scored:
        """Encode and run the network."""
        return self.predict(self.prepare(texts))

    def find_pieces(self, text: str) -> list[tuple[int, int]]:
        """Find the places of subwords."""
        if self.encoding.kind not in PIECES_OF_WORDS:
            return []
        places: list[tuple[int, int]] = self.tokenizer.encode(text, add_special_tokens=False).offsets
        return places


class BaselineClassifier:
    """A linear model over counted n-grams of words or characters."""

    def __init__(self, folder: Path, *, prefix: str) -> None:
        from tasks.baseline.model import load_baseline

        self.model = load_baseline(folder, prefix=prefix)

    def prepare(self, texts: pa.Array) -> Prepared:
        """Count the tokens; the model reads the text itself."""
        return Prepared(texts, *self.model.count_tokens(texts))

    def predict(self, prepared: Prepared) -> Scored:
        """Count the n-grams and weigh them."""
        return Scored(self.model.predict_probabilities(prepared.inputs), prepared.num_tokens, prepared.num_oov)

    def score(self, texts: pa.Array) -> Scored:
        """Count and weigh."""
        return self.predict(self.prepare(texts))

    def find_pieces(self, _text: str) -> list[tuple[int, int]]:
        """Find none: its tokens are words or characters."""
        return []


def load_classifier(
    folder: Path, encoding: EncodingOfModel | None, *, kernels: Kernels = "auto", member: str | None = None
) -> Classifier:
    """Load the model of a bundle, or a member of the ensemble that the bundle is.

    `encoding` is that of bundle.json or ensemble.json, None for a baseline, which reads text, and for an ensemble.
    """
    prefix = begin_names(member)
    if encoding is not None:
        return NeuralClassifier(folder, Encoding(**dict(encoding), description=""), kernels=kernels, prefix=prefix)
    if member is None and (folder / ENSEMBLE_FILE).exists():
        from tasks.evaluate.ensemble import load_ensemble

        return load_ensemble(folder, kernels=kernels)
    return BaselineClassifier(folder, prefix=prefix)


def measure_files(folder: Path) -> int:
    """Add up the bytes of the files that the model needs to predict."""
    names = select_model_files([path.name for path in folder.iterdir()])
    return sum((folder / name).stat().st_size for name in names)
