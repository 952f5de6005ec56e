"""Embeddings of regions as an output: what decides them, and what is said of them."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.encode.encodings import Encoding
from tasks.errors import TrainingError
from tasks.store.layout import REGIONS_FILE
from tasks.store.outputs import Manifest, record_file
from tasks.train.kernels.choice import find_library
from tasks.train.regions import native
from tasks.train.regions.output import UnlabelledSequences, plan_regions
from tasks.train.regions.views import VIEWS

NAMES = ("tokenizer.json", "train.parquet", "unlabelled.parquet")


@pytest.fixture
def data_dir(tmp_path: Path, sequences_folder: Path) -> Path:
    """A data folder with sequences, whose validation texts are the texts without labels."""
    folder = tmp_path / "data" / "sequences"
    shutil.copytree(sequences_folder, folder)
    shutil.copy(folder / "validation.parquet", folder / "unlabelled.parquet")
    return folder.parent


def describe_sequences(data_dir: Path, encoding: Encoding) -> Any:
    files = {name: record_file(data_dir / "sequences" / name) for name in NAMES}
    return Manifest(
        kind="encoding",
        name="tiny",
        fingerprint="f" * 16,
        folder="sequences",
        decided_by={"encoding": encoding.settings()},
        files=files,
        facts={},
        created="2026-01-02T03:04:05+00:00",
    )


@pytest.mark.skipif(find_library() is None, reason="needs the C library")
def test_embeddings_say_what_they_were_learned_from(data_dir: Path, encoding: Encoding, tmp_path: Path) -> None:
    sequences, said = describe_sequences(data_dir, encoding), []
    more = UnlabelledSequences(sequences, "more")
    learned = {}
    for name, unlabelled in (("labelled", None), ("all", more)):
        output, make = plan_regions(sequences, unlabelled, data_dir=data_dir, say=said.append)
        (tmp_path / name).mkdir()
        learned[name] = (output.fingerprint, make(tmp_path / name))
    (labelled_only, few), (from_all, many) = learned.values()
    assert labelled_only != from_all
    assert (few.num_texts, few.num_unlabelled, few.dataset) == (10, 0, None)
    assert (many.num_texts, many.num_unlabelled, many.dataset) == (14, 4, "more")
    units = sum(view.units for view in VIEWS)
    learned_from = f"{units} numbers for each region, learned from 10 training texts"
    assert said[0].startswith(f"tiny: {learned_from} in 20 epochs and ")
    assert said[1].startswith(f"tiny-all: {learned_from} and 4 texts without labels from more in 20 epochs and ")
    with np.load(tmp_path / "all" / REGIONS_FILE) as found:
        assert found["weights"].shape == (encoding.vocab_size, units)


def test_same_texts_have_the_same_embeddings(data_dir: Path, encoding: Encoding) -> None:
    sequences = describe_sequences(data_dir, encoding)
    first, again = (plan_regions(sequences, None, data_dir=data_dir, say=print)[0].fingerprint for _ in range(2))
    assert first == again
    shutil.copy(data_dir / "sequences" / "test.parquet", data_dir / "sequences" / "train.parquet")
    other = describe_sequences(data_dir, encoding)
    assert plan_regions(other, None, data_dir=data_dir, say=print)[0].fingerprint != first


def test_without_the_library_only_the_models_that_need_it_fail(
    data_dir: Path, encoding: Encoding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, make = plan_regions(describe_sequences(data_dir, encoding), None, data_dir=data_dir, say=print)
    monkeypatch.setattr(native, "find_library", lambda: None)
    with pytest.raises(TrainingError, match=r"which is not built; expected it in .* out of --variants\.$"):
        make(tmp_path)
