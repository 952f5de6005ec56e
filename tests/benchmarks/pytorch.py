"""Time one epoch of the recurrent models against PyTorch's own layers in an ordinary training loop, interleaved.

Both train Embedding, layer, Dense 6, Dense 1 with Adam on the same 22,500 x 120 random tokens in batches of 32. PyTorch
need not be in this environment: --python names an interpreter that has it.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

NUM_REVIEWS, LENGTH, VOCABULARY, BATCH_SIZE = 22_500, 120, 10_000, 32
NUM_PAIRS = 3
MODELS = {"lstm": ("LSTM", False), "bilstm": ("LSTM", True), "bigru": ("GRU", True), "simple-rnn": ("RNN", False)}


def time_pytorch(name: str, num_reviews: int) -> float:
    """Train for an epoch in this process, which has PyTorch; the first steps are not timed."""
    import numpy as np
    import torch
    from torch import nn

    kind, bidirectional = MODELS[name]

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY, 16)
            self.layer = getattr(nn, kind)(16, 32, batch_first=True, bidirectional=bidirectional)
            self.head = nn.Sequential(nn.Linear(32 * (1 + bidirectional), 6), nn.ReLU(), nn.Linear(6, 1))

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            _, state = self.layer(self.embedding(tokens))
            hidden = state[0] if kind == "LSTM" else state
            return self.head(torch.cat(list(hidden), dim=1)).squeeze(1)

    random = np.random.default_rng(0)
    tokens = torch.from_numpy(random.integers(0, VOCABULARY, size=(num_reviews, LENGTH)))
    labels = torch.from_numpy(random.integers(0, 2, size=num_reviews).astype(np.float32))
    model = Model()
    optimizer, loss = torch.optim.Adam(model.parameters()), nn.BCEWithLogitsLoss()

    def train(first: int, end: int) -> None:
        for start in range(first, end, BATCH_SIZE):
            optimizer.zero_grad(set_to_none=True)
            loss(model(tokens[start : start + BATCH_SIZE]), labels[start : start + BATCH_SIZE]).backward()
            optimizer.step()

    train(0, 10 * BATCH_SIZE)
    started = time.perf_counter()
    train(0, num_reviews)
    return time.perf_counter() - started


def time_bakeoff(name: str, num_reviews: int) -> float:
    """Train for an epoch as the main job does; the first epoch, which compiles, is not timed."""
    import numpy as np

    from tasks.encode.encodings import ENCODINGS
    from tasks.train.backend import make_epoch_runner
    from tasks.train.build import build_model
    from tasks.train.variants import VARIANTS

    random = np.random.default_rng(0)
    tokens = random.integers(0, VOCABULARY, size=(num_reviews, LENGTH), dtype=np.int32)
    labels = random.integers(0, 2, size=num_reviews, dtype=np.int32)
    variant = VARIANTS[name]
    model = build_model(variant, ENCODINGS[variant.encoding], num_classes=2, learning_rate=1e-3)
    run_epoch = make_epoch_runner(model, batch_size=BATCH_SIZE)
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
    parser.add_argument("--reviews", type=int, default=NUM_REVIEWS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(WAYS[options.way](options.models, options.reviews))
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, {options.reviews:,} reviews, medians of {NUM_PAIRS} pairs")
    rows = []
    for name in options.models.split(","):
        pairs = [
            tuple(
                measure_apart(python, way, name, options.reviews)
                for way, python in (("pytorch", options.python), ("bakeoff", sys.executable))
            )
            for _ in range(NUM_PAIRS)
        ]
        row = {
            "model": name,
            "pytorch": median(it[0] for it in pairs),
            "bakeoff": median(it[1] for it in pairs),
            "ratio": median(it[0] / it[1] for it in pairs),
        }
        rows.append(row)
        print(
            f"{name:<12} PyTorch {row['pytorch']:6.2f} s  bakeoff {row['bakeoff']:6.2f} s  {row['ratio']:5.1f}x",
            flush=True,
        )
    if options.json:
        # The interpreter that has PyTorch need not have this project.
        from side_by_side import write_json

        write_json(options.json, rows=rows)


if __name__ == "__main__":
    main()
