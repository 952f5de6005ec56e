"""A tiny encoding, some hand-written reviews encoded with it, and a copy of the code to edit."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.encode.encodings import Encoding
from tasks.encode.sequences import sequence_schema, write_encoding
from tasks.train.lessons import Lessons

ROOT = Path(__file__).parents[2]
REVIEWS = {
    "train": [
        ("a dull and empty film", 0),
        ("a warm and clever film", 1),
        ("the worst acting i have ever seen", 0),
        ("the best acting i have ever seen", 1),
        ("dull from the first scene on", 0),
        ("clever from the first scene on", 1),
        ("i left the room, it was the worst", 0),
        ("i loved it, simply the best", 1),
        ("empty, dull, bad", 0),
        ("warm, clever, good", 1),
    ],
    "validation": [("a bad film", 0), ("a good film", 1), ("the worst scene", 0), ("the best scene", 1)],
    "test": [("dull and bad acting", 0), ("clever and good acting", 1), ("empty", 0), ("warm", 1)],
}


@pytest.fixture(scope="session")
def encoding() -> Encoding:
    return Encoding(name="tiny", kind="words", vocab_size=30, length=6, padding="pre", description="for tests")


@pytest.fixture(scope="session")
def sequences_folder(encoding: Encoding, tmp_path_factory: pytest.TempPathFactory) -> Path:
    reviews, folder = tmp_path_factory.mktemp("reviews"), tmp_path_factory.mktemp("sequences")
    for split, rows in REVIEWS.items():
        texts, labels = zip(*rows, strict=True)
        ids = [f"{split}-{index}" for index in range(len(rows))]
        table = pa.table({"id": ids, "text": texts, "label": pa.array(labels, pa.int32())})
        pq.write_table(table, reviews / f"{split}.parquet")
    write_encoding(reviews, encoding, folder)
    return folder


@pytest.fixture(scope="session")
def write_answers() -> Callable[[Path, np.ndarray], None]:
    """Writes probabilities of three texts as a teacher does."""

    def write(path: Path, answers: np.ndarray) -> None:
        columns = {f"p_label {index}": column for index, column in enumerate(answers.T)}
        pq.write_table(pa.table({"id": ["u0", "u1", "u2"], "label": answers.argmax(axis=1), **columns}), path)

    return write


@pytest.fixture(scope="session")
def lessons(
    encoding: Encoding, write_answers: Callable[[Path, np.ndarray], None], tmp_path_factory: pytest.TempPathFactory
) -> Lessons:
    """Three texts without labels, the last of which has no words, and what a teacher says of them."""
    tokens = np.array([[0, 0, 0, 0, 7, 9], [3, 4, 5, 6, 7, 8], [0] * 6], np.uint8)
    columns = [
        pa.array(["u0", "u1", "u2"]),
        pa.array([-1, -1, -1], pa.int32()),
        pa.FixedSizeListArray.from_arrays(pa.array(tokens.ravel()), 6),
        pa.array([2, 6, 0], pa.int32()),
        pa.array([0, 0, 0], pa.int32()),
    ]
    folder = tmp_path_factory.mktemp("lessons")
    pq.write_table(pa.table(columns, schema=sequence_schema(encoding)), folder / "unlabelled.parquet")
    write_answers(folder / "answers.parquet", np.array([[0.9, 0.1], [0.25, 0.75], [0.5, 0.5]]))
    return Lessons(sequences=folder / "unlabelled.parquet", answers=folder / "answers.parquet")


@pytest.fixture
def code_copy(tmp_path: Path) -> Path:
    """The folder of a copy of the code."""
    folder = tmp_path / "copy"
    shutil.copytree(ROOT / "tasks", folder / "tasks", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def run_copy(code_copy: Path) -> Callable[[str], str]:
    """Runs a script on the copied code and returns what it prints."""

    def run(script: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(code_copy), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", f"import tasks; assert {str(code_copy)!r} in tasks.__file__\n{script}"]
        done = subprocess.run(command, env=environment, cwd=code_copy, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(params=[0, 1, 99], ids=["baseline", "AVX2", "best"])
def level(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run on instructions that every processor has, on those that most have, and on the best that this one has."""
    from tasks.train.kernels.choice import find_library
    from tasks.train.kernels.recurrent import load_library

    load_library()  # first, or else TensorFlow would miss how the operations are registered
    library = ctypes.CDLL(str(find_library()))
    library.recurrent_limit_level(request.param)
    yield
    library.recurrent_limit_level(99)
