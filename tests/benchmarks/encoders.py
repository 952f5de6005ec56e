"""Accuracy of a pretrained encoder on one GPU, fine-tuned and frozen, from prepared outputs of the main job.

Needs keras, numpy, scikit-learn, pydantic, pyarrow, tokenizers and one backend; neither Prefect nor TFDS. Prepare on
any machine with the main job and the folder of an encoder, and gather what the machine with the GPU needs:

    python flows/train_all.py --dataset imdb_reviews --encoder FOLDER --variants encoder-frozen --length 512
    python tests/benchmarks/encoders.py --prepare data --to gathered

Then measure, on the machine with the GPU:

    KERAS_BACKEND=jax python tests/benchmarks/encoders.py --from gathered --out results

Each line of the output is JSON. Mixed precision computes in bfloat16 and keeps weights in float32. Settings are chosen
by the loss on validation; the test split is read once for each seed of the chosen ones.
"""

import argparse
import json
import lzma
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from tasks.encode.encodings import ENCODINGS
from tasks.encoders.facts import EncoderFacts, Pretrained
from tasks.train.sources import fit_encoding, fit_variant
from tasks.train.variants import VARIANTS

SPLITS = ("train", "validation", "test")
FACTS, WEIGHTS = "encoder.json", "weights.npz"
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
INVERSE_PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True)
class Setup:
    """One training: how many tokens are read, the highest learning rate, the precision and the seed."""

    length: int
    rate: float
    precision: str = "bfloat16"
    seed: int = 1


def say(**found: Any) -> None:
    """Print a line of JSON at once."""
    print(json.dumps(found), flush=True)


def prepare(data: Path, target: Path, more: Mapping[str, Path] = MappingProxyType({})) -> None:
    """Gather the weights in 16 bits, without tokens that no review has, and the sequences without padding.

    `more` are further files of sequences, perhaps without labels.
    """
    import pyarrow.parquet as pq

    target.mkdir(parents=True, exist_ok=True)
    (taken,) = (data / "encoders").iterdir()
    (encoded,) = (data / "encodings").glob("encoder-*")
    facts = json.loads((taken / "manifest.json").read_text())["facts"]
    tokens, labels, used = {}, {}, np.zeros(facts["vocab_size"], np.bool_)
    used[:2] = True
    files = {split: encoded / f"{split}.parquet" for split in SPLITS} | dict(more)
    for split, file in files.items():
        table = pq.read_table(file, columns=["tokens", "label"])
        tokens[split] = table.column("tokens").combine_chunks().flatten().to_numpy().reshape(len(table), -1)
        labels[split] = np.maximum(table.column("label").to_numpy(), 0).astype(np.uint8)
        used[tokens[split].ravel()] = True
    ids = np.cumsum(used) - 1
    with np.load(taken / "weights.npz") as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    kept["input/tokens"] = kept["input/tokens"][used]
    facts["vocab_size"] = int(used.sum())
    (target / FACTS).write_text(json.dumps(facts))
    content = pack(np.concatenate([array.ravel() for array in kept.values()]).astype("<f2"))
    np.savez(target / WEIGHTS, content=content, shapes=json.dumps({name: it.shape for name, it in kept.items()}))
    for split in files:
        is_token = tokens[split] != 0
        flat, lengths = ids[tokens[split][is_token]].astype("<u2"), is_token.sum(axis=1).astype("<u2")
        np.savez(target / f"{split}.npz", content=pack(flat), lengths=lengths, labels=labels[split])


def pack(numbers: Any) -> Any:
    """Compress numbers of 16 bits: their low bytes, then their high bytes, which are alike."""
    return np.frombuffer(lzma.compress(numbers.view(np.uint8).reshape(-1, 2).T.tobytes(), preset=6), np.uint8)


def unpack(content: Any, kind: str) -> Any:
    """Undo `pack`."""
    return np.frombuffer(lzma.decompress(content.tobytes()), np.uint8).reshape(2, -1).T.copy().view(kind).ravel()


def unpack_weights(folder: Path, target: Path) -> Path:
    """Write the weights as the main job has them."""
    with np.load(folder / WEIGHTS) as found:
        numbers, shapes = unpack(found["content"], "<f2"), json.loads(str(found["shapes"]))
    ends = np.cumsum([np.prod(shape) for shape in shapes.values()])
    parts = np.split(numbers, ends[:-1])
    arrays = {name: part.reshape(shapes[name]) for name, part in zip(shapes, parts, strict=True)}
    np.savez(target / WEIGHTS, **arrays)
    return target / WEIGHTS


def read_split(folder: Path, split: str, length: int, limit: int | None) -> tuple[Any, Any]:
    """Read tokens (num_reviews, length) and labels of a split; the last kept token is the one after the text."""
    with np.load(folder / f"{split}.npz") as found:
        flat = unpack(found["content"], "<u2")
        lengths, labels = found["lengths"].astype(np.int64), found["labels"].astype(np.int32)
    # An even choice, as the labels may be sorted.
    rows = np.arange(len(labels)) if limit is None else np.linspace(0, len(labels) - 1, limit).astype(int)
    starts = np.cumsum(lengths) - lengths
    tokens = np.zeros((len(rows), length), np.uint16)
    for place, row in enumerate(rows):
        ids = flat[starts[row] : starts[row] + lengths[row]]
        tokens[place, : min(length, len(ids))] = ids[:length]
        if len(ids) > length:
            tokens[place, -1] = ids[-1]
    return tokens, labels[rows]


class Bench:
    """An encoder, and the reviews as far as they are read."""

    def __init__(self, options: argparse.Namespace) -> None:
        facts = EncoderFacts.model_validate_json((options.given / FACTS).read_text())
        self.options = options
        self.scratch = TemporaryDirectory()
        self.encoder = Pretrained(facts, unpack_weights(options.given, Path(self.scratch.name)))
        self.splits: dict[tuple[str, int], tuple[Any, Any]] = {}

    def read(self, split: str, length: int) -> tuple[Any, Any]:
        """Read a split once."""
        if (split, length) not in self.splits:
            self.splits[split, length] = read_split(self.options.given, split, length, self.options.limit)
        return self.splits[split, length]

    def encode(self, length: int) -> Any:
        """Return the encoding of so many tokens."""
        return fit_encoding(replace(ENCODINGS["encoder-256"], length=length), self.encoder.facts)

    def build(self, setup: Setup, num_updates: int) -> Any:
        """Build the model as the main job does."""
        import keras

        from tasks.train.build import build_model

        keras.utils.set_random_seed(setup.seed)
        keras.mixed_precision.set_global_policy(POLICIES[setup.precision])
        variant = fit_variant(VARIANTS["encoder-fine-tuned"], None, self.encoder.facts)
        return build_model(
            variant,
            self.encode(setup.length),
            num_classes=2,
            learning_rate=setup.rate,
            clip_norm=variant.clip_norm,
            encoder=self.encoder,
            num_updates=num_updates,
        )

    def fine_tune(self, setup: Setup) -> tuple[Any, float]:
        """Train a model, tell of each epoch, and return it with the best weights and its loss on validation."""
        from tasks.train.backend import make_epoch_runner

        tokens, labels = self.read("train", setup.length)
        size, epochs = self.options.batch_size, self.options.epochs
        model = self.build(setup, epochs * -(-len(labels) // size))
        run_epoch = make_epoch_runner(model, batch_size=size)
        best, weights = np.inf, model.get_weights()
        for epoch in range(1, epochs + 1):
            order = np.random.default_rng([setup.seed, epoch]).permutation(len(labels))
            started = time.perf_counter()
            scores = run_epoch(tokens[order], labels[order], lambda _: None)
            seconds = time.perf_counter() - started
            found = self.score(model, "validation", setup.length)
            say(**asdict(setup), epoch=epoch, train_seconds=seconds, train_loss=scores["loss"], **found[1])
            if found[1]["nll"] < best:
                best, weights = found[1]["nll"], model.get_weights()
        model.set_weights(weights)
        return model, best

    def score(self, model: Any, split: str, length: int) -> tuple[Any, dict[str, Any]]:
        """Predict a split: the probabilities of the second label, and what they are worth."""
        from tasks.train.predict import predict_probabilities

        tokens, labels = self.read(split, length)
        started = time.perf_counter()
        probabilities = predict_probabilities(model, tokens)
        return probabilities[:, 1], {"split": split, **judge(probabilities, labels, time.perf_counter() - started)}

    def freeze(self, length: int, *, with_test: bool) -> None:
        """Fit logistic regression on the vectors of the encoder as it is, with the penalty that suits validation."""
        import keras
        from sklearn.linear_model import LogisticRegression

        from tasks.train.encoder import connect, load_layers
        from tasks.train.predict import predict_by_length

        keras.mixed_precision.set_global_policy("float32")
        given = keras.Input((length,), dtype="int32")
        reader = keras.Model(given, connect(load_layers(self.encoder, length=length, trainable=False), given))
        started = time.perf_counter()
        splits = SPLITS if with_test else SPLITS[:2]
        vectors = {split: predict_by_length(reader, self.read(split, length)[0]) for split in splits}
        seconds, found = time.perf_counter() - started, []
        for penalty in INVERSE_PENALTIES:
            started = time.perf_counter()
            fitted = LogisticRegression(C=penalty, max_iter=2_000).fit(vectors["train"], self.read("train", length)[1])
            scores = judge(fitted.predict_proba(vectors["validation"]), self.read("validation", length)[1], 0.0)
            found.append((scores["nll"], fitted))
            fit_seconds = time.perf_counter() - started
            say(frozen=length, inverse_penalty=penalty, read_seconds=seconds, fit_seconds=fit_seconds, **scores)
        if with_test:
            _, fitted = min(found, key=lambda it: it[0])
            test = judge(fitted.predict_proba(vectors["test"]), self.read("test", length)[1], 0.0)
            say(frozen=length, chosen=fitted.C, split="test", **test)


def judge(probabilities: Any, labels: Any, seconds: float) -> dict[str, float]:
    """Return accuracy and loss."""
    chosen = np.clip(probabilities[np.arange(len(labels)), labels], 1e-7, 1.0)
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    return {"accuracy": accuracy, "nll": float(-np.log(chosen).mean()), "seconds": seconds}


def measure(options: argparse.Namespace) -> None:
    """Measure everything, what matters most first."""
    # Deterministic sums, and memory as needed, as in the main job.
    import keras

    from tasks.train import predict
    from tasks.train.backend import prepare_device

    # There is room for many texts, and compiling for another length takes longer than reading some padding.
    predict.BATCH_VALUES, predict.LENGTH_STEP = 2**31, max(options.lengths)
    say(device=prepare_device(), keras=keras.__version__, cores=os.cpu_count())
    bench = Bench(options)
    say(encoder=bench.encoder.facts.describe())
    setups = [Setup(length, rate) for length in options.lengths for rate in options.rates]
    chosen, least, kept = setups[0], np.inf, None
    for setup in setups:
        started = time.perf_counter()
        model, loss = bench.fine_tune(setup)
        say(**asdict(setup), whole_seconds=time.perf_counter() - started, best_nll=loss)
        if loss < least:
            chosen, least, kept = setup, loss, model
    probabilities, scores = bench.score(kept, "test", chosen.length)
    say(**asdict(chosen), **scores)
    options.out.mkdir(parents=True, exist_ok=True)
    np.savez(options.out / "test.npz", logits=np.log(probabilities / (1 - probabilities)).astype(np.float32))
    for seed in options.seeds:
        setup = replace(chosen, seed=seed)
        model, _ = bench.fine_tune(setup)
        say(**asdict(setup), **bench.score(model, "test", setup.length)[1])
    for length in options.lengths:
        bench.freeze(length, with_test=True)
    bench.fine_tune(replace(chosen, precision="float32"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepare", type=Path, help="the data folder of the main job")
    parser.add_argument("--to", type=Path, help="where to gather what is needed")
    parser.add_argument("--from", dest="given", type=Path, help="where it was gathered")
    parser.add_argument(
        "--out", type=Path, default=Path("results"), help="where the test probabilities go [%(default)s]"
    )
    parser.add_argument("--lengths", type=int, nargs="*", default=[256, 512])
    parser.add_argument("--rates", type=float, nargs="*", default=[5e-5, 1e-4])
    parser.add_argument("--seeds", type=int, nargs="*", default=[2, 3], help="further seeds of the chosen settings")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--limit", type=int, help="at most this many reviews of each split")
    options = parser.parse_args()
    if options.prepare:
        prepare(options.prepare, options.to)
    else:
        measure(options)


if __name__ == "__main__":
    main()
