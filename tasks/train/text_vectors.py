"""The vectors that a frozen encoder gives texts, computed once: whatever is put on the encoder learns from them."""

import time
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from tasks.encode.encodings import Encoding
from tasks.encode.sequences import read_sequences
from tasks.encoders.facts import Pretrained
from tasks.store.layout import SPLIT_FILES, TEXT_VECTOR_FILES
from tasks.train.backend import prepare_device, release_memory
from tasks.train.device import Device
from tasks.train.encoder import connect, load_layers
from tasks.train.facts import TextVectorFacts
from tasks.train.fit import Split
from tasks.train.predict import predict_by_length
from tasks.train.settings import Listener

# So many texts are read between two reports of progress; what is read is kept if the work is interrupted.
CHUNK: Final = 512


def write_text_vectors(
    encoder: Pretrained,
    encoding: Encoding,
    *,
    device: Device,
    sequences_folder: Path,
    folder: Path,
    listener: Listener,
) -> TextVectorFacts:
    """Write train.npy and validation.npy under `folder`: the vectors of the texts, of shape (num_texts, dim).

    `folder`/chunks keeps those that are done, so that interrupted work can resume.
    """
    name = prepare_device(device)
    try:
        tokens = keras.Input((encoding.length,), dtype="int32")
        layers = load_layers(encoder, length=encoding.length, trainable=False)
        model = keras.Model(tokens, connect(layers, tokens))
        scratch = folder / "chunks"
        scratch.mkdir(exist_ok=True)
        found = {it: read_sequences(sequences_folder / SPLIT_FILES[it], scratch=scratch)[0] for it in TEXT_VECTOR_FILES}
        num_texts, num_done, started = sum(map(len, found.values())), 0, time.perf_counter()
        for split, file in TEXT_VECTOR_FILES.items():
            chunks = []
            for first in range(0, len(found[split]), CHUNK):
                chunks.append(read_chunk(model, found[split][first : first + CHUNK], scratch / f"{split}-{first}.npy"))
                num_done += len(chunks[-1])
                listener.on_progress(1, num_done, num_texts)
            np.save(folder / file, np.concatenate(chunks), allow_pickle=False)
        return TextVectorFacts(
            dim=encoder.facts.dim, num_texts=num_texts, seconds=time.perf_counter() - started, device=name
        )
    finally:
        release_memory()


def read_chunk(model: keras.Model, tokens: Any, path: Path) -> Any:
    """Return the vectors of some texts: from the file of an interrupted attempt, or computed and kept there."""
    if path.exists():
        return np.load(path, allow_pickle=False)
    vectors = predict_by_length(model, tokens).astype(np.float32)
    unfinished = path.with_suffix(".partial")
    with unfinished.open("wb") as file:
        np.save(file, vectors, allow_pickle=False)
    unfinished.rename(path)
    return vectors


def read_text_vectors(folder: Path, sequences_folder: Path, split: str) -> Split:
    """Load the vectors of a split's texts, which stay on disk, and their labels."""
    _, labels = read_sequences(sequences_folder / SPLIT_FILES[split])
    return Split(np.load(folder / TEXT_VECTOR_FILES[split], mmap_mode="r", allow_pickle=False), labels)
