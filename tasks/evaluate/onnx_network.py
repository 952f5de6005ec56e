"""A model in ONNX, run by ONNX Runtime, which starts in a tenth of the time that TensorFlow takes to import."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tasks.encode.padding import Tokens, pad_tokens

# The graph's input, token ids (num_texts, num_tokens), and output, uncalibrated probabilities (num_texts, num_classes).
INPUT: Final = "tokens"
OUTPUT: Final = "probabilities"
# Of tokens: the widest network takes 9 KB for each, several times over. Larger batches are hardly faster on a CPU.
BATCH_TOKENS: Final = 4_096
# Of whole texts: the counts of a million n-grams take 4 MB for each.
BATCH_TEXTS: Final = 16
INTEGERS: Final = {"tensor(int32)": np.int32, "tensor(int64)": np.int64}
ONLY_FATAL: Final = 4


class OnnxNetwork:
    """A graph with one input, whose file is loaded when it first predicts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def session(self) -> Any:
        """The loaded graph."""
        return load_session(self.path)

    def predict(self, tokens: NDArray[Any] | Tokens) -> NDArray[np.float64]:
        """Predict: token ids -> uncalibrated probabilities of shape (num_texts, num_classes).

        The ids have shape (num_texts, length), or they are whole texts, which are padded batch by batch. Raises an
        exception of ONNX Runtime's for a file that is no graph, or for tokens of another length.
        """
        (expected,) = self.session.get_inputs()
        batches = cut_texts(tokens) if isinstance(tokens, Tokens) else cut_rows(tokens)
        found = [self.session.run([OUTPUT], {INPUT: batch.astype(INTEGERS[expected.type])})[0] for batch in batches]
        return np.concatenate(found).astype(np.float64)


def cut_rows(tokens: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Cut tokens of shape (num_texts, length) into batches."""
    size = choose_batch_size(tokens.shape[1])
    for first in range(0, len(tokens), size):
        yield tokens[first : first + size]


def choose_batch_size(length: int | None) -> int:
    """Return how many texts to predict at once, by the number of tokens that is read of each, None for whole texts."""
    return max(1, BATCH_TOKENS // length) if length else BATCH_TEXTS


def cut_texts(tokens: Tokens) -> Iterator[NDArray[Any]]:
    """Cut whole texts into batches, each padded on the right to its longest text, of one token at least.

    Only so does one long text among many short ones take no more memory than its batch.
    """
    ends = np.cumsum(tokens.num_tokens)
    for first in range(0, len(ends), BATCH_TEXTS):
        num_tokens = tokens.num_tokens[first : first + BATCH_TEXTS]
        last = first + len(num_tokens)
        ids = tokens.ids[ends[first] - num_tokens[0] : ends[last - 1]]
        yield pad_tokens(Tokens(ids, num_tokens), length=max(1, int(num_tokens.max())), padding="post")


def load_session(path: Path) -> Any:
    """Load a graph to be run on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = ONLY_FATAL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
