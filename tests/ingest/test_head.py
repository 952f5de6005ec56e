"""The beginning of a large file is checked before a run, and the rest is left to the run."""

from pathlib import Path

import pytest

from tasks.ingest.files.options import FileOptions
from tasks.ingest.head import check_heads


def test_only_the_beginning_of_a_large_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"film {n},{('neg', 'pos')[n % 2]}\n" for n in range(10_000))
    (tmp_path / "a.csv").write_text(f"text,label\n{rows}too,many,fields\n")
    options = FileOptions(path=tmp_path / "a.csv")
    monkeypatch.setattr("tasks.ingest.head.HEAD_BYTES", 100)
    assert not check_heads(options)
    (tmp_path / "a.csv").write_text("text,label\ngood,pos\n")
    assert check_heads(options)
