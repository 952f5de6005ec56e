"""Score 100,000 reviews with conv-max from CSV to Parquet, against plain `keras.Model.predict` on the same tokens.

Both run in one process, interleaved; plain predict is given the tokens and does nothing else. Start-up (imports,
loading the model, a first batch of the plain one) counts for neither. The reviews are those of IMDB's test split where
TFDS_DATA_DIR has them, else of the sample, repeated. The model is untrained: its weights do not change its speed.
"""

import argparse
import os
import platform
import resource
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import keras
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from side_by_side import write_json

from tasks.encode.encodings import ENCODINGS
from tasks.encode.sequences import fit_tokenizer
from tasks.evaluate.bundle import load_bundle
from tasks.evaluate.evaluation import evaluate_model
from tasks.evaluate.facts import DatasetOfModel, EncodingOfModel, EvaluationFacts, Origin
from tasks.ingest.datasets import SAMPLE, open_source
from tasks.ingest.files.options import FileOptions
from tasks.ingest.reviews import write_reviews
from tasks.predict.job import Job, Listener, score_file
from tasks.store.fingerprint import library_versions
from tasks.store.outputs import Output, produce
from tasks.train.build import build_model
from tasks.train.facts import TrainingFacts
from tasks.train.settings import FitSettings
from tasks.train.variants import VARIANTS

VARIANT = "conv-max"
NUM_REVIEWS = 100_000
NUM_PAIRS = 3


def make_bundle(root: Path, reviews: Path) -> Path:
    """Publish an untrained model whose tokenizer knows the reviews."""
    variant = VARIANTS[VARIANT]
    encoding = ENCODINGS[variant.encoding]

    def train(folder: Path) -> TrainingFacts:
        fit_tokenizer(reviews / "train.parquet", encoding).save(str(folder / "tokenizer.json"))
        build_model(variant, encoding, num_classes=2, learning_rate=1e-3).save(folder / "model.keras")
        numbers = {name: 0 for name, field in TrainingFacts.model_fields.items() if field.annotation in (int, float)}
        return TrainingFacts(**numbers, device="none", kernel="none", encoding=encoding.name, description="untrained")

    def evaluate(folder: Path) -> EvaluationFacts:
        splits = ("train", "validation", "test")
        origin = Origin(
            variant=VARIANT,
            description="untrained",
            kind="neural",
            fingerprint="untrained",
            encoding=EncodingOfModel(name=encoding.name, **encoding.settings()),
            settings=FitSettings(epochs=1, patience=1, batch_size=32, learning_rate=1e-3, seed=1),
            training=training.manifest.facts,
            dataset=DatasetOfModel(
                name="benchmark",
                counts={split: {"neg": 0, "pos": 0} for split in splits},
                limit=None,
                validation_fraction=0.1,
                file_options=None,
            ),
            data={f"{split}.parquet": "" for split in splits},
            versions={},
        )
        return evaluate_model(root / VARIANT, reviews, folder, label_names=("neg", "pos"), origin=origin)

    shared = {
        "root": root,
        "name": VARIANT,
        "family": "models",
        "folder": VARIANT,
        "decided_by": library_versions("keras"),
    }
    output = Output(facts_type=TrainingFacts, kind="training", manifest_name="training.json", **shared)  # type: ignore[arg-type]
    training = produce(output, train)
    produce(Output(facts_type=EvaluationFacts, kind="evaluation", **shared), evaluate)  # type: ignore[arg-type]
    return root / VARIANT


def write_csv(path: Path, reviews: Path, num_reviews: int) -> pa.Array:
    """Write that many reviews, repeated; returns their texts."""
    table = pa.parquet.read_table(reviews / "test.parquet")
    rows = pa.array(list(islice(cycle(range(len(table))), num_reviews)))
    chosen = table.take(rows)
    pa.csv.write_csv(chosen, path)
    return chosen.column("text").combine_chunks()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "num_reviews", nargs="?", type=int, default=NUM_REVIEWS, metavar="REVIEWS", help="[%(default)s]"
    )
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    num_reviews = options.num_reviews
    has_imdb = (Path(os.environ.get("TFDS_DATA_DIR", "/nonexistent")) / "imdb_reviews").is_dir()
    name = "imdb_reviews" if has_imdb else SAMPLE
    print(f"{platform.machine()}, {os.cpu_count()} cores, Keras {keras.__version__}, {keras.backend.backend()}, {name}")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        reviews = root / "reviews"
        reviews.mkdir()
        write_reviews(open_source(name, root), reviews, validation_fraction=0.1)
        folder = make_bundle(root, reviews)
        texts = write_csv(root / "in.csv", reviews, num_reviews)
        bundle = load_bundle(folder)
        parts = [bundle.classifier.prepare(texts.slice(start, 5_000)).inputs for start in range(0, num_reviews, 5_000)]
        tokens = np.concatenate(parts).astype(np.int32)
        plain = keras.models.load_model(folder / "model.keras", compile=False)
        plain.predict(tokens[:5_000], verbose=0)
        job = Job(files=FileOptions(path=root / "in.csv"), model_folder=folder, output=root / "out.parquet")

        def time_plain() -> float:
            started = time.perf_counter()
            plain.predict(tokens, verbose=0)
            return time.perf_counter() - started

        pairs = [(time_plain(), float(score_file(job, listener=Listener()).seconds)) for _ in range(NUM_PAIRS)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    slow, ours = (median(seconds) for seconds in zip(*pairs, strict=True))
    print(f"keras.Model.predict on tokens: {num_reviews / slow:,.0f} reviews/s")
    print(f"from CSV to Parquet:           {num_reviews / ours:,.0f} reviews/s, peak memory {peak:,.0f} MB of both")
    ratio = median(a / b for a, b in pairs)
    print(f"{ratio:.2f}x plain predict (median of {NUM_PAIRS} pairs)")
    write_json(
        options.json, dataset=name, num_reviews=num_reviews, plain_seconds=slow, seconds=ours, ratio=ratio, peak_mb=peak
    )


if __name__ == "__main__":
    main()
