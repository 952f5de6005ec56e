"""Learn embeddings of regions from texts, whose labels are not read.

A text's region of words is described by numbers that tell which words are around it (two-view embeddings; Johnson &
Zhang, NIPS 2015, https://arxiv.org/abs/1504.01255). The library in kernels/native computes them.
"""

import ctypes
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.encode.encodings import Encoding
from tasks.encode.padding import PAD_ID
from tasks.encode.sequences import read_sequences
from tasks.store.layout import REGIONS_FILE
from tasks.train.arrays import read_arrays, write_arrays
from tasks.train.facts import RegionFacts
from tasks.train.regions.native import Learn, NativeView, find_learner
from tasks.train.regions.state import ViewState
from tasks.train.regions.targets import Targets, make_targets
from tasks.train.regions.views import FEWEST_EPOCHS, MOST_EPOCHS, NUM_WORDS, VIEWS
from tasks.train.rows import Rows, cut_pieces
from tasks.train.settings import Listener

SEED: Final = 1
# Progress is told between two calls of the library.
TEXTS_PER_CALL: Final = 512


def learn_regions(
    encoding: Encoding, *, train: Path, unlabelled: Path | None, folder: Path, listener: Listener
) -> RegionFacts:
    """Write REGIONS_FILE under `folder`: `weights` (vocab_size, units of all views) and `bias` (units of all views).

    The rows of padding and of words that do not occur are 0. `train` and `unlabelled` are files of sequences.
    `folder`/checkpoint keeps the state after each epoch, so that interrupted work can resume. The result depends
    neither on that nor on the number of threads. Raises UserError as `find_learner` does.
    """
    learn, started = find_learner(), time.perf_counter()
    paths = [train, unlabelled] if unlabelled else [train]
    tokens, _ = read_sequences(*paths, scratch=folder / "sequences")
    counts = count_tokens(tokens, encoding.vocab_size)
    epochs = choose_num_epochs(int(counts.sum()))
    targets = [make_targets(counts, view) for view in VIEWS]
    checkpoint = folder / "checkpoint" / "state.npz"
    num_done, states = load_states(checkpoint, encoding.vocab_size, targets)
    for epoch in range(num_done + 1, epochs + 1):
        learn_epoch(learn, tokens, states, targets, epoch=epoch, epochs=epochs, listener=listener)
        save_states(checkpoint, epoch, states)
    write_regions(folder / REGIONS_FILE, states, counts)
    return RegionFacts(
        dim=sum(view.units for view in VIEWS),
        num_texts=len(tokens),
        num_unlabelled=pq.read_metadata(unlabelled).num_rows if unlabelled else 0,
        epochs=epochs,
        seconds=time.perf_counter() - started,
    )


def count_tokens(tokens: NDArray[Any], vocab_size: int) -> NDArray[np.int64]:
    """Count how often each token occurs, except padding: (vocab_size,)."""
    counts = np.zeros(vocab_size, np.int64)
    for piece in cut_pieces(tokens, batch_size=TEXTS_PER_CALL):
        counts += np.bincount(tokens[piece].ravel(), minlength=vocab_size)
    counts[PAD_ID] = 0
    return counts


def choose_num_epochs(num_words: int) -> int:
    """Choose how often the texts are read: about NUM_WORDS words in all."""
    return min(max(round(NUM_WORDS / max(1, num_words)), FEWEST_EPOCHS), MOST_EPOCHS)


def load_states(path: Path, vocab_size: int, targets: list[Targets]) -> tuple[int, list[ViewState]]:
    """Load the number of epochs that are done and what was learned in them, or begin."""
    if arrays := read_arrays(path):
        return int(arrays["epoch"]), [ViewState.find(arrays, str(index)) for index in range(len(VIEWS))]
    random = np.random.default_rng(SEED)
    return 0, [
        ViewState.begin(view, vocab_size=vocab_size, num_targets=len(found.chances), random=random)
        for view, found in zip(VIEWS, targets, strict=True)
    ]


def save_states(path: Path, epoch: int, states: list[ViewState]) -> None:
    """Keep what is learned after an epoch."""
    named = [state.name_arrays(str(index)) for index, state in enumerate(states)]
    write_arrays(path, {"epoch": np.array(epoch), **{name: array for it in named for name, array in it.items()}})


def learn_epoch(
    learn: Learn,
    tokens: NDArray[Any],
    states: list[ViewState],
    targets: list[Targets],
    *,
    epoch: int,
    epochs: int,
    listener: Listener,
) -> None:
    """Learn from each text once, in an order that depends on the number of the epoch alone.

    The progress is that of all epochs together.
    """
    order = np.random.default_rng([SEED, epoch]).permutation(len(tokens))
    num_done, num_all = (epoch - 1) * len(tokens), epochs * len(tokens)
    views = describe_views(states, targets, epoch=epoch, num_texts=len(tokens), num_all=num_all)
    for texts in cut_calls(Rows(tokens, order)):
        learn(views, texts)
        num_done += len(texts)
        listener.on_progress(epoch, num_done, num_all)


def describe_views(
    states: list[ViewState], targets: list[Targets], *, epoch: int, num_texts: int, num_all: int
) -> ctypes.Array[NativeView]:
    """Describe all views at the beginning of an epoch, each with random numbers of its own."""
    seeds = np.random.SeedSequence([SEED, epoch]).generate_state(len(states), np.uint64)
    described = [
        state.describe(view, found, num_done=(epoch - 1) * num_texts, num_all=num_all, seed=int(seed))
        for view, state, found, seed in zip(VIEWS, states, targets, seeds, strict=True)
    ]
    return (NativeView * len(described))(*described)


def cut_calls(rows: Rows) -> Iterator[NDArray[np.int32]]:
    """Cut an epoch's texts into those of one call each."""
    for piece in cut_pieces(rows, batch_size=TEXTS_PER_CALL):
        texts = rows[piece]
        for first in range(0, len(texts), TEXTS_PER_CALL):
            yield np.ascontiguousarray(texts[first : first + TEXTS_PER_CALL], np.int32)


def write_regions(path: Path, states: list[ViewState], counts: NDArray[np.int64]) -> None:
    """Write what is read by a model: words that do not occur have learned nothing."""
    weights = np.concatenate([state.weights for state in states], axis=1)
    weights[counts == 0] = 0.0
    bias = np.concatenate([state.bias for state in states])
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, weights=weights, bias=bias)
