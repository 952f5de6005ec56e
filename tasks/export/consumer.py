"""An exported model as another program uses it: from the files of the export alone, without the bundle's code."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tasks.evaluate.onnx_network import OUTPUT, choose_batch_size, load_session
from tasks.export.facts import FormatName, InputFacts

# From token ids by input, (num_texts, length) each, to uncalibrated probabilities (num_texts, num_classes).
Run = Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]


class Consumer:
    """Scores texts with an export; `inputs` are described in export.json."""

    def __init__(self, folder: Path, run: Run, inputs: Sequence[InputFacts]) -> None:
        self.run = run
        self.inputs = inputs
        self.tokenizers = [Tokenizer.from_file(str(folder / given.tokenizer)) for given in inputs]

    def encode(self, texts: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Turn texts into the token ids of each input."""
        pairs = zip(self.inputs, self.tokenizers, strict=True)
        return {given.name: encode(tokenizer, texts, given) for given, tokenizer in pairs}

    def score(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Score texts in batches: uncalibrated probabilities of shape (num_texts, num_classes)."""
        size = min(choose_batch_size(given.length) for given in self.inputs)
        batches = (texts[first : first + size] for first in range(0, len(texts), size))
        return np.concatenate([np.asarray(self.run(self.encode(batch)), np.float64) for batch in batches])


def encode(tokenizer: Tokenizer, texts: Sequence[str], given: InputFacts) -> NDArray[Any]:
    """Turn texts into token ids of one length; a batch whose texts have no tokens gets one of padding."""
    found = tokenizer.encode_batch(list(texts))
    return np.array([each.ids or [given.pad_id] for each in found], given.dtype)


def load_onnx(path: Path) -> Run:
    """Load an ONNX model."""
    session = load_session(path)
    return lambda tokens: np.asarray(session.run([OUTPUT], dict(tokens))[0])


def load_runner(format_name: FormatName, path: Path) -> Run:
    """Load an exported model of any format."""
    if format_name == "onnx":
        return load_onnx(path)
    from tasks.export.tensorflow_formats import LOADERS

    return LOADERS[format_name](path)
