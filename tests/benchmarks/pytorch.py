"""Time one epoch of some models against PyTorch's own layers in an ordinary training loop, in turns.

Recurrent models: both train Embedding, layer, Dense 6, Dense 1 with Adam on the same 120 random words of each review,
in batches of 32. `onehot-conv`: both train a table with a row for each word, the maxima of shifted sums over 256 words,
and a linear head with Adagrad, review by review; PyTorch's gradient of the table is sparse. PyTorch need not be in this
environment: --python names an interpreter that has it.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

NUM_PAIRS = 3
WIDTHS, FILTERS = (1, 2, 3), (208, 400, 400)


class Model(NamedTuple):
    """A model in PyTorch: how it is built and optimised, and how many words of how many reviews it reads."""

    build: Callable[[int], Any]
    optimise: Callable[[Any], Any]
    vocab_size: int
    length: int
    batch_size: int
    num_reviews: int


def build_recurrent(vocab_size: int, kind: str, *, bidirectional: bool) -> Any:
    """Build a recurrent model of 32 units each way."""
    import torch
    from torch import nn

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(vocab_size, 16)
            self.layer = getattr(nn, kind)(16, 32, batch_first=True, bidirectional=bidirectional)
            self.head = nn.Sequential(nn.Linear(32 * (1 + bidirectional), 6), nn.ReLU(), nn.Linear(6, 1))

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            _, state = self.layer(self.embedding(tokens))
            hidden = state[0] if kind == "LSTM" else state
            return self.head(torch.cat(list(hidden), dim=1)).squeeze(1)

    return Recurrent()


def build_onehot_conv(vocab_size: int) -> Any:
    """Build `onehot-conv`, whose table has for each word the weights of all filters at each of their places."""
    import torch
    from torch import nn

    class OneHotConv(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tables = nn.ModuleList(
                nn.Embedding(vocab_size, width * filters, sparse=True)
                for width, filters in zip(WIDTHS, FILTERS, strict=True)
            )
            self.bias = nn.Parameter(torch.zeros(sum(FILTERS)))
            self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(sum(FILTERS), 1))

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            maxima = [self.find_maxima(*row, tokens) for row in zip(self.tables, WIDTHS, FILTERS, strict=True)]
            pooled = torch.relu(torch.cat(maxima, dim=1) + self.bias)
            return self.head(pooled / torch.sqrt(1 + pooled.square().sum(dim=1, keepdim=True))).squeeze(1)

        def find_maxima(self, table: nn.Module, width: int, filters: int, tokens: torch.Tensor) -> torch.Tensor:
            weights = nn.functional.pad(table(tokens), (0, 0, 0, width - 1))
            length = tokens.shape[1]
            places = (weights[:, it : length + it, it * filters : (it + 1) * filters] for it in range(width))
            # ReLU and the bias do not change which position is the highest.
            return reduce(torch.add, places).amax(dim=1)

    return OneHotConv()


def use_adam(model: Any) -> Any:
    import torch

    return torch.optim.Adam(model.parameters())


def use_adagrad(model: Any) -> Any:
    import torch

    return torch.optim.Adagrad(model.parameters(), lr=0.05, initial_accumulator_value=0.1, eps=1e-7)


def recurrent(kind: str, *, bidirectional: bool) -> Model:
    return Model(
        lambda vocab_size: build_recurrent(vocab_size, kind, bidirectional=bidirectional),
        use_adam,
        vocab_size=10_000,
        length=120,
        batch_size=32,
        num_reviews=22_500,
    )


MODELS = {
    "lstm": recurrent("LSTM", bidirectional=False),
    "bilstm": recurrent("LSTM", bidirectional=True),
    "bigru": recurrent("GRU", bidirectional=True),
    "simple-rnn": recurrent("RNN", bidirectional=False),
    "onehot-conv": Model(
        build_onehot_conv, use_adagrad, vocab_size=30_000, length=256, batch_size=1, num_reviews=2_250
    ),
}


def draw_reviews(row: Model, num_reviews: int) -> tuple[Any, Any]:
    """Draw token ids of shape (num_reviews, length), without padding, and labels 0 and 1.

    A word is as frequent as its rank is low, as in language.
    """
    import numpy as np

    random = np.random.default_rng(0)
    tokens = np.exp(random.uniform(0, np.log(row.vocab_size), size=(num_reviews, row.length))).astype(np.int32)
    return tokens, random.integers(0, 2, size=num_reviews, dtype=np.int32)


def time_pytorch(name: str, num_reviews: int) -> float:
    """Train for an epoch in this process, which has PyTorch; the first steps are not timed."""
    import torch

    row = MODELS[name]
    tokens, labels = (torch.from_numpy(it) for it in draw_reviews(row, num_reviews))
    tokens, labels = tokens.long(), labels.float()
    model = row.build(row.vocab_size)
    optimizer, loss = row.optimise(model), torch.nn.BCEWithLogitsLoss()

    def train(first: int, end: int) -> None:
        for start in range(first, end, row.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss(model(tokens[start : start + row.batch_size]), labels[start : start + row.batch_size]).backward()
            optimizer.step()

    train(0, 10 * row.batch_size)
    started = time.perf_counter()
    train(0, num_reviews)
    return time.perf_counter() - started


def time_bakeoff(name: str, num_reviews: int) -> float:
    """Train for an epoch as the main job does; the first epoch, which compiles, is not timed."""
    from dataclasses import replace

    from tasks.encode.encodings import ENCODINGS
    from tasks.train.backend import make_epoch_runner
    from tasks.train.build import build_model
    from tasks.train.variants import VARIANTS

    row, variant = MODELS[name], VARIANTS[name]
    tokens, labels = draw_reviews(row, num_reviews)
    encoding = replace(ENCODINGS[variant.encoding], length=row.length)
    model = build_model(variant, encoding, num_classes=2, learning_rate=variant.learning_rate)
    run_epoch = make_epoch_runner(model, batch_size=row.batch_size)
    run_epoch(tokens, labels, lambda _: None)
    started = time.perf_counter()
    run_epoch(tokens, labels, lambda _: None)
    return time.perf_counter() - started


WAYS = {"pytorch": time_pytorch, "bakeoff": time_bakeoff}


def measure_apart(python: str, way: str, name: str, num_reviews: int) -> float:
    """Measure in a process of its own."""
    command = [python, __file__, "--way", way, "--models", name, "--reviews", str(num_reviews)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="an interpreter with PyTorch")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--reviews", type=int, help="instead of 22,500, and of 2,250 for onehot-conv")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(WAYS[options.way](options.models, options.reviews))
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, medians of {NUM_PAIRS} pairs")
    rows = []
    for name in options.models.split(","):
        num_reviews = options.reviews or MODELS[name].num_reviews
        pairs = [
            tuple(
                measure_apart(python, way, name, num_reviews)
                for way, python in (("pytorch", options.python), ("bakeoff", sys.executable))
            )
            for _ in range(NUM_PAIRS)
        ]
        row = {
            "model": name,
            "reviews": num_reviews,
            "pytorch": median(it[0] for it in pairs),
            "bakeoff": median(it[1] for it in pairs),
            "ratio": median(it[0] / it[1] for it in pairs),
        }
        rows.append(row)
        print(
            f"{name:<12} {num_reviews:>6,} reviews  PyTorch {row['pytorch']:6.2f} s  bakeoff {row['bakeoff']:6.2f} s  "
            f"{row['ratio']:5.1f}x",
            flush=True,
        )
    if options.json:
        # The interpreter that has PyTorch need not have this project.
        from side_by_side import write_json

        write_json(options.json, rows=rows)


if __name__ == "__main__":
    main()
