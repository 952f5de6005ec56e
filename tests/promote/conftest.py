"""Bundles made by hand: the files of a model with the manifests that its training and its evaluation write."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.store import Manifest, record_file

AddBundle = Callable[..., Path]
DATA = {f"{split}.parquet": split for split in ("train", "validation", "test")}


def write_manifest(folder: Path, name: str, files: list[str]) -> None:
    manifest = Manifest(
        kind="test",
        name=folder.name,
        fingerprint="f",
        folder=folder.name,
        decided_by={},
        facts={},
        files={file: record_file(folder / file) for file in files},
        created="2026-01-02T03:04:05+00:00",
    )
    (folder / name).write_text(manifest.model_dump_json())


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    folder = tmp_path / "artifacts"
    folder.mkdir()
    return folder


@pytest.fixture
def add_bundle(artifacts: Path) -> AddBundle:
    """Writes a whole bundle under artifacts/models that no model can be loaded from; facts may be changed."""

    def add(variant: str, /, *, fingerprint: str = "f1", dataset: str = "imdb_reviews", **changes: Any) -> Path:
        folder = artifacts / "models" / variant / fingerprint
        folder.mkdir(parents=True, exist_ok=True)
        facts = {
            "variant": variant,
            "fingerprint": fingerprint,
            "label_names": ["neg", "pos"],
            "temperature": 1.0,
            "threshold": 0.5,
            "encoding": None,
            "dataset": {"name": dataset},
            "data": DATA,
            **changes,
        }
        (folder / "model.npz").write_text(f"weights of {variant}")
        (folder / "bundle.json").write_text(json.dumps(facts))
        write_manifest(folder, "training.json", ["model.npz"])
        write_manifest(folder, "manifest.json", ["bundle.json"])
        return folder

    return add
