"""Batches of a Parquet file: all rows in order, bounded by rows and by row groups."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.ingest import batches
from tasks.ingest.batches import read_batches


def test_no_batch_has_rows_of_two_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 3)
    rows = pa.table({"id": list(range(8)), "text": list("abcdefgh")})
    pq.write_table(rows, tmp_path / "test.parquet", row_group_size=4)
    found = list(read_batches(tmp_path / "test.parquet", ["id"]))
    assert [batch.to_pydict() for batch in found] == [{"id": ids} for ids in ([0, 1, 2], [3], [4, 5, 6], [7])]


def test_all_columns_come_unless_some_are_named(tmp_path: Path) -> None:
    rows = pa.table({"id": [1], "text": ["a"]})
    pq.write_table(rows, tmp_path / "test.parquet")
    assert pa.Table.from_batches(read_batches(tmp_path / "test.parquet")) == rows


def test_file_without_rows_has_no_batches(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), tmp_path / "test.parquet")
    assert not [batch for batch in read_batches(tmp_path / "test.parquet") if len(batch)]
