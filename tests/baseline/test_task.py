"""The Prefect task: it fits in a child process, publishes, and reuses."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

# Runs each baseline twice in a flow and prints, for each task run, its state, its manifest's folder and its files.
SCRIPT = """
import json, sys
from pathlib import Path
from prefect import flow
from tasks.baseline.baselines import BASELINES
from tasks.baseline.task import train_baseline
from tasks.store.outputs import FileRecord, Manifest, record_file
root = Path(sys.argv[1])
files = {path.name: record_file(path) for path in sorted((root / "data" / "reviews").glob("*.parquet"))}
reviews = Manifest(kind="reviews", name="tiny", fingerprint="f", folder="reviews", facts={}, files=files,
                   created="today", decided_by={})
@flow
def fit_all():
    for baseline in [BASELINES[name] for name in ("majority", "tfidf-linear", "nb-svm-chars")] * 2:
        state = train_baseline(baseline, reviews, artifacts_dir=root / "artifacts", data_dir=root / "data",
                               label_names=["bad", "good"], return_state=True)
        manifest = state.result()
        print(json.dumps({"state": state.name, "folder": manifest.folder, "files": sorted(manifest.files),
                          "fingerprint": manifest.fingerprint, "settings": manifest.decided_by["settings"],
                          "sklearn": "sklearn" in sys.modules, "kind": manifest.kind,
                          "facts": manifest.facts.model_dump()}))
fit_all()
"""


@pytest.fixture
def runs(
    prefect_api: str, tmp_path: Path, write_reviews: Callable[..., None], two_classes: Any
) -> list[dict[str, Any]]:
    """What the task runs came to."""
    folder = tmp_path / "data" / "reviews"
    folder.mkdir(parents=True)
    write_reviews(folder, train=two_classes, validation=two_classes)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path],
        env={**os.environ, "PREFECT_API_URL": prefect_api},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_baselines_are_fitted_published_and_reused(runs: list[dict[str, Any]], tmp_path: Path) -> None:
    assert [run["state"] for run in runs] == ["Completed"] * 3 + ["Cached"] * 3
    for run, again in zip(runs[:3], runs[3:], strict=True):
        assert {**run, "state": "Cached"} == again
    for run, name in zip(runs, ["majority", "tfidf-linear", "nb-svm-chars"] * 2, strict=True):
        assert run["kind"] == "training"
        assert run["folder"] == f"models/{name}/{run['fingerprint']}"
        assert run["files"] == ["model.npz", "vocabulary.json"]
        assert run["settings"]["seed"] == 1
        assert run["facts"]["epochs"] is None
        published = {path.name for path in (tmp_path / "artifacts" / run["folder"]).iterdir()}
        assert published == {"training.json", "model.npz", "vocabulary.json"}
        # The fit was in another process.
        assert run["sklearn"] is False
