"""Embeddings of regions are learned from files of sequences, and do not depend on how."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.encode.encodings import Encoding
from tasks.encode.sequences import sequence_schema
from tasks.train.facts import RegionFacts
from tasks.train.kernels.choice import find_library
from tasks.train.regions import learning
from tasks.train.regions.learning import choose_num_epochs, learn_regions
from tasks.train.regions.views import VIEWS
from tasks.train.settings import Listener

pytestmark = pytest.mark.skipif(find_library() is None, reason="needs the C library")

ENCODING = Encoding(name="tiny", kind="words", vocab_size=60, length=12, padding="post", description="for tests")
DIM = sum(view.units for view in VIEWS)
# Each text has words of one group.
NUM_GROUPS, GROUP_SIZE, FIRST_WORD = 4, 12, 2
ONE_CORE = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from pathlib import Path
from tasks.train.settings import Listener
from tests.train.regions.test_learning import ENCODING, learn_regions
folder, train, unlabelled = map(Path, sys.argv[1:])
learn_regions(ENCODING, train=train, unlabelled=unlabelled, folder=folder, listener=Listener())
assert not {"tensorflow", "keras"} & set(sys.modules)
"""

Learn = Callable[..., tuple[RegionFacts, dict[str, np.ndarray]]]


def make_tokens(num_texts: int, *, seed: int = 1) -> np.ndarray:
    """Texts of 2 to 12 words, all of one group."""
    random = np.random.default_rng(seed)
    groups = random.integers(0, NUM_GROUPS, (num_texts, 1))
    tokens = FIRST_WORD + groups * GROUP_SIZE + random.integers(0, GROUP_SIZE, (num_texts, ENCODING.length))
    tokens[np.arange(ENCODING.length) >= random.integers(2, ENCODING.length + 1, (num_texts, 1))] = 0
    return tokens


def write(path: Path, tokens: np.ndarray, encoding: Encoding = ENCODING) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    num_texts, schema = len(tokens), sequence_schema(encoding)
    kind = schema.field("tokens").type
    columns = [
        pa.array([f"t{index}" for index in range(num_texts)]),
        pa.array(np.zeros(num_texts), pa.int32()),
        pa.FixedSizeListArray.from_arrays(pa.array(tokens.ravel(), kind.value_type), encoding.length),
        pa.array((tokens > 0).sum(axis=1), pa.int32()),
        pa.array(np.zeros(num_texts), pa.int32()),
    ]
    pq.write_table(pa.table(columns, schema=schema), path)
    return path


@pytest.fixture
def learn(tmp_path: Path) -> Learn:
    """Learns from tokens with labels, and others without, in a folder of its own."""

    def run(
        tokens: np.ndarray,
        unlabelled: np.ndarray | None = None,
        *,
        name: str = "regions",
        encoding: Encoding = ENCODING,
        listener: Listener | None = None,
    ) -> tuple[RegionFacts, dict[str, np.ndarray]]:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        facts = learn_regions(
            encoding,
            train=write(tmp_path / "sequences" / "train.parquet", tokens, encoding),
            unlabelled=None
            if unlabelled is None
            else write(tmp_path / "sequences" / "unlabelled.parquet", unlabelled, encoding),
            folder=folder,
            listener=listener or Listener(),
        )
        assert {path.name for path in folder.iterdir() if path.is_file()} == {"regions.npz"}
        with np.load(folder / "regions.npz", allow_pickle=False) as arrays:
            return facts, dict(arrays)

    return run


def assert_same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        np.testing.assert_array_equal(array, wanted[name])


def test_every_word_that_occurs_gets_a_row(learn: Learn) -> None:
    tokens = make_tokens(30)
    tokens[3, 2] = 1
    facts, found = learn(tokens)
    assert (facts.dim, facts.num_texts, facts.num_unlabelled, facts.epochs) == (DIM, 30, 0, 20)
    assert (found["weights"].shape, found["weights"].dtype) == ((60, DIM), np.float32)
    assert (found["bias"].shape, found["bias"].dtype) == ((DIM,), np.float32)
    words = set(np.unique(tokens)) - {0}
    assert set(np.flatnonzero(found["weights"].any(axis=1))) == words
    assert np.isfinite(found["weights"]).all()
    assert found["bias"].any()


def test_texts_without_labels_are_read_too(learn: Learn) -> None:
    tokens, others = make_tokens(30), make_tokens(20, seed=2)
    others[0, 0] = 59
    facts, found = learn(tokens, others)
    assert (facts.num_texts, facts.num_unlabelled) == (50, 20)
    assert found["weights"][59].any()
    # Labels do not count.
    assert_same(found, learn(np.concatenate([tokens, others]), name="together")[1])


def test_words_in_the_same_surroundings_become_alike(learn: Learn) -> None:
    _, found = learn(make_tokens(1_500))
    words = FIRST_WORD + np.arange(NUM_GROUPS * GROUP_SIZE)
    groups = np.repeat(np.arange(NUM_GROUPS), GROUP_SIZE)
    same = (groups[:, None] == groups) & ~np.eye(len(words), dtype=bool)
    first = VIEWS[0].units
    for units in (found["weights"][words, :first], found["weights"][words, first:]):
        rows = units - units.mean(axis=0)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        cosines = rows @ rows.T
        others = cosines[groups[:, None] != groups]
        assert cosines[same].mean() > 0.25
        assert cosines[same].min() > others.max()


def test_number_of_threads_changes_nothing(learn: Learn, tmp_path: Path) -> None:
    tokens, others = make_tokens(30), make_tokens(20, seed=2)
    _, found = learn(tokens, others)
    folder = tmp_path / "one-core"
    folder.mkdir()
    files = [tmp_path / "sequences" / name for name in ("train.parquet", "unlabelled.parquet")]
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", ONE_CORE, folder, *files], cwd=root, env=environment, check=True)
    with np.load(folder / "regions.npz", allow_pickle=False) as arrays:
        assert_same(found, dict(arrays))


def test_number_of_texts_in_a_call_changes_nothing(learn: Learn, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = make_tokens(30)
    _, whole = learn(tokens)
    monkeypatch.setattr(learning, "TEXTS_PER_CALL", 7)
    assert_same(learn(tokens, name="again")[1], whole)


@pytest.mark.parametrize("last", [(1, 7), (3, 90), (4, 104)], ids=str)
def test_interrupted_learning_goes_on_with_the_same_bits(
    last: tuple[int, int], learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "TEXTS_PER_CALL", 7)
    monkeypatch.setattr(learning, "MOST_EPOCHS", 5)
    tokens = make_tokens(30)
    _, whole = learn(tokens)
    told: list[tuple[int, int, int]] = []

    class Stop(Listener):
        def on_progress(self, *progress: int) -> None:
            told.append(progress)  # type: ignore[arg-type]
            if progress[:2] == last:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(tokens, name="again", listener=Stop())
    assert told[-1] == (*last, 150)
    last = (0, 0)
    _, found = learn(tokens, name="again", listener=Stop())
    assert_same(found, whole)
    assert told[-1] == (5, 150, 150)


EDGES: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
    "texts of one word": (np.array([[5], [1], [0], [7]]), {"length": 1}),
    "no word that is known": (np.ones((3, 12), int), {}),
    "no word at all": (np.zeros((3, 12), int), {}),
    "one text": (np.array([[2, 3, 4, 0]]), {"length": 4}),
    "vocabulary of one word": (np.array([[2, 2, 2, 1]] * 5), {"length": 4, "vocab_size": 3}),
    "long text": (np.tile(make_tokens(1), (1, 300)), {"length": 3_600}),
    "padding on the left": (make_tokens(10)[:, ::-1], {"padding": "pre"}),
}


@pytest.mark.parametrize("name", EDGES)
def test_edge_cases_are_learned_from(name: str, learn: Learn) -> None:
    tokens, changes = EDGES[name]
    encoding = replace(ENCODING, **changes)
    _, found = learn(tokens, encoding=encoding)
    assert found["weights"].shape == (encoding.vocab_size, DIM)
    assert np.isfinite(found["weights"]).all()
    assert not found["weights"][0].any()


def test_as_many_epochs_are_learned_as_read_forty_million_words() -> None:
    assert [choose_num_epochs(number) for number in (0, 1_000, 6_000_000, 20_000_000, 10**9)] == [20, 20, 7, 3, 3]
