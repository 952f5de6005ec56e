"""Small Parquet files of reviews, as ingest writes them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("label", pa.int32())])


@pytest.fixture
def save_texts(tmp_path: Path) -> Callable[..., Path]:
    """Write texts as the reviews of one split: save_texts(["good", "bad"], split="test") -> path."""

    def save(texts: Sequence[str], *, split: str = "train", folder: str = "reviews") -> Path:
        path = tmp_path / folder / f"{split}.parquet"
        path.parent.mkdir(exist_ok=True)
        ids = [f"{split}-{index}" for index in range(len(texts))]
        labels = [index % 2 for index in range(len(texts))]
        pq.write_table(pa.table([ids, list(texts), labels], schema=SCHEMA), path)
        return path

    return save
