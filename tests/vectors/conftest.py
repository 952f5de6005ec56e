"""Small files of word vectors, in every format."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

Vectors = Mapping[str, Sequence[float]]
VECTORS: Vectors = {"film": [0.5, -1, 2e-3], "Dull": [1, 2, 3], "caf\u00e9": [4, 5, 6], "dull": [7, 8, 9]}


def spell_text(vectors: Vectors, *, header: bool = False) -> bytes:
    lines = [f"{len(vectors)} {len(next(iter(vectors.values())))}"] if header else []
    lines += [" ".join([word, *map(str, numbers)]) for word, numbers in vectors.items()]
    return "".join(f"{line}\n" for line in lines).encode()


def spell_binary(vectors: Vectors, *, ends: bytes = b"\n") -> bytes:
    """As word2vec does with a line end after each vector, and as gensim does without."""
    size = len(next(iter(vectors.values())))
    rows = [word.encode() + b" " + struct.pack(f"<{size}f", *numbers) + ends for word, numbers in vectors.items()]
    return f"{len(vectors)} {size}\n".encode() + b"".join(rows)


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.txt"
    path.write_bytes(spell_text(VECTORS))
    return path
