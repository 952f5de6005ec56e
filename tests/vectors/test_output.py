"""The vectors of an encoding's words are an output: reused while file, words and texts are the same."""

import os
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.store.outputs import FileRecord, Manifest
from tasks.vectors import output
from tasks.vectors.output import plan_vectors


def make_sequences(**hashes: str) -> Manifest[Any]:
    usual = {"tokenizer": "t", "train": "a", "validation": "b"}
    names = {"tokenizer": "tokenizer.json", "train": "train.parquet", "validation": "validation.parquet"}
    return Manifest(
        kind="encoding",
        name="words-10k-120",
        fingerprint="f",
        folder="encodings/x",
        decided_by={},
        facts={},
        files={names[key]: FileRecord(sha256=sha256, num_bytes=1) for key, sha256 in {**usual, **hashes}.items()},
        created="today",
    )


def identify(path: Path, **hashes: str) -> str:
    planned, _ = plan_vectors(path, make_sequences(**hashes), data_dir=path.parent)
    return planned.fingerprint


def test_file_words_and_texts_decide_the_output(text_file: Path) -> None:
    before = identify(text_file)
    assert identify(text_file, validation="c") == before
    assert len({before, identify(text_file, tokenizer="u"), identify(text_file, train="c")}) == 3
    text_file.write_bytes(text_file.read_bytes().replace(b"0.5", b"0.6"))
    os.utime(text_file, ns=(1, 1))
    assert identify(text_file) != before


def test_output_is_named_after_the_file(text_file: Path) -> None:
    planned, _ = plan_vectors(text_file, make_sequences(), data_dir=text_file.parent)
    assert planned.relative_path == f"vectors/tiny.txt-{planned.fingerprint}"
    assert planned.name == "tiny.txt-words-10k-120"


def test_file_is_hashed_once_as_long_as_it_stays_the_same(text_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, hash_whole = [], output.record_file
    monkeypatch.setattr(output, "record_file", lambda path: calls.append(path) or hash_whole(path))
    assert identify(text_file) == identify(text_file)
    assert calls == [text_file]


def test_missing_file_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--vectors '.*gone.txt': no such file"):
        identify(tmp_path / "gone.txt")
