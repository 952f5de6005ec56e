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
Score = Callable[..., Any]
PublishBundle = Callable[[str, Path, Path, Any], Path]
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


@pytest.fixture(scope="session")
def tiny_encoding() -> Any:
    from tasks.encode.encodings import Encoding

    return Encoding(name="tiny", kind="words", vocab_size=8, length=LENGTH, padding="pre", description="")


@pytest.fixture(scope="session")
def bundle(
    publish_bundle: PublishBundle, tiny_encoding: Any, reviews_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return publish_bundle("tfidf-linear", reviews_folder, tmp_path_factory.mktemp("baseline"), tiny_encoding)


@pytest.fixture(scope="session")
def network(
    publish_bundle: PublishBundle, tiny_encoding: Any, reviews_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return publish_bundle("average-pool", reviews_folder, tmp_path_factory.mktemp("network"), tiny_encoding)


@pytest.fixture
def score(bundle: Path, tmp_path: Path) -> Score:
    """Checks and scores a file: score(path, output="scored.csv", text_columns=("text",), prefix="m_")."""
    from tasks.ingest.files.options import FileOptions
    from tasks.predict.job import Job, Listener, check_job, score_file

    def call(
        path: Path,
        *,
        output: str = "scored.parquet",
        model: Path = bundle,
        listener: Any = None,
        prefix: str = "",
        min_confidence: float = 0.0,
        escape_formulas: bool = False,
        explain: bool = False,
        **options: Any,
    ) -> Any:
        job = Job(
            files=FileOptions(path=path, **options),
            model_folder=model,
            output=tmp_path / output,
            prefix=prefix,
            min_confidence=min_confidence,
            escape_formulas=escape_formulas,
            explain=explain,
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
