"""Small bundles: a baseline and a network, published as the tasks do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

LABEL_NAMES = ["bad", "good"]
LENGTH = 6
Score = Callable[..., dict[str, Any]]
TEXTS = {"good": ("a great film", "great fun", "fine and great"), "bad": ("a dull film", "so dull", "poor and dull")}


@pytest.fixture(scope="session")
def reviews_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviews")
    rows = [(text, label) for label, name in enumerate(LABEL_NAMES) for text in TEXTS[name]] * 4
    for split in ("train", "validation", "test"):
        texts, labels = zip(*rows, strict=True)
        ids = [f"{split}-{index}" for index in range(len(rows))]
        pq.write_table(
            pa.table({"id": ids, "text": texts, "label": pa.array(labels, pa.int32())}), folder / f"{split}.parquet"
        )
    return folder


def make_bundle(name: str, reviews_folder: Path, root: Path) -> Path:
    """Fit a baseline, or build a network with random weights, and evaluate it."""
    from tasks.baseline.baselines import BASELINES
    from tasks.baseline.fitting import fit_baseline
    from tasks.encode.encodings import Encoding
    from tasks.encode.sequences import write_encoding
    from tasks.evaluate.evaluation import evaluate_model
    from tasks.store import Output, produce
    from tasks.train.build import build_model
    from tasks.train.variants import VARIANTS

    encoding = Encoding(name="tiny", kind="words", vocab_size=8, length=LENGTH, padding="pre", description="")
    output: dict[str, Any] = {
        "root": root,
        "name": name,
        "family": "models",
        "folder": f"models/{name}",
        "decided_by": {},
    }

    def train(folder: Path) -> dict[str, Any]:
        if name in BASELINES:
            return fit_baseline(BASELINES[name], reviews_folder=reviews_folder, folder=folder, label_names=LABEL_NAMES)
        write_encoding(reviews_folder, encoding, folder)
        build_model(VARIANTS[name], encoding, num_classes=2, learning_rate=0.01).save(folder / "model.keras")
        return {"num_params": 1, "device": "CPU", "train_seconds": 1.0}

    def evaluate(folder: Path) -> dict[str, Any]:
        facts = {
            "variant": name,
            "description": "for tests",
            "kind": "baseline" if name in BASELINES else "neural",
            "fingerprint": "f1",
            "encoding": None if name in BASELINES else {"name": encoding.name, **encoding.settings()},
            "settings": {"seed": 1, "epochs": 1, "patience": 1, "batch_size": 32},
            "training": training.manifest.facts,
            "dataset": {
                "name": "words",
                "counts": {split: dict.fromkeys(LABEL_NAMES, 12) for split in ("train", "validation", "test")},
                "limit": None,
                "validation_fraction": 0.1,
                "file_options": None,
            },
            "data": {f"{split}.parquet": "0" for split in ("train", "validation", "test")},
            "versions": {},
        }
        return evaluate_model(root / "models" / name, reviews_folder, folder, label_names=LABEL_NAMES, bundle=facts)

    training = produce(Output(kind="training", manifest_name="training.json", **output), train)
    produce(Output(kind="evaluation", **output), evaluate)
    return root / "models" / name


@pytest.fixture(scope="session")
def bundle(reviews_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle("tfidf-linear", reviews_folder, tmp_path_factory.mktemp("baseline"))


@pytest.fixture(scope="session")
def network(reviews_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle("average-pool", reviews_folder, tmp_path_factory.mktemp("network"))


@pytest.fixture
def score(bundle: Path, tmp_path: Path) -> Score:
    """Checks and scores a file: score(path, output="scored.csv", text_columns=("text",), prefix="m_")."""
    from tasks.ingest.files import FileOptions
    from tasks.predict.job import Job, Listener, check_job, score_file

    def call(
        path: Path,
        *,
        output: str = "scored.parquet",
        model: Path = bundle,
        listener: Any = None,
        prefix: str = "",
        min_confidence: float = 0.0,
        **options: Any,
    ) -> dict[str, Any]:
        job = Job(
            files=FileOptions(path=path, **options),
            model_folder=model,
            output=tmp_path / output,
            prefix=prefix,
            min_confidence=min_confidence,
        )
        check_job(job)
        return score_file(job, listener=listener or Listener())

    return call


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: Any, name: str = "in.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
        return path

    return write


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """12,000 numbered rows, three batches."""
    path = tmp_path / "many.csv"
    random = np.random.default_rng(0)
    words = random.choice(["great", "dull", "film", "odd"], (12_000, 3))
    path.write_text("n,text\n" + "".join(f"{n},{' '.join(row)}\n" for n, row in enumerate(words)))
    return path
