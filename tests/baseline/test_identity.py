"""What decides a baseline: its settings, its data and its own code, and not that of the neural models."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.baseline.baselines import BASELINES
from tasks.baseline.facts import BaselineSettings
from tasks.baseline.identity import decide_baseline
from tasks.baseline.output import plan_baseline
from tasks.store.fingerprint import fingerprint
from tasks.store.outputs import FileRecord, Manifest

ROOT = Path(__file__).parents[2]
FINGERPRINTS = """
import json
from tasks.baseline.baselines import BASELINES
from tasks.baseline.identity import decide_baseline
from tasks.store.fingerprint import fingerprint
from tasks.store.outputs import FileRecord, Manifest
files = {f"{split}.parquet": FileRecord(sha256=split, num_bytes=1) for split in ("train", "validation", "test")}
reviews = Manifest(
    kind="reviews", name="tiny", fingerprint="f", folder="f", facts={}, files=files, created="today", decided_by={}
)
print(json.dumps({name: fingerprint(decide_baseline(row, reviews, num_classes=2)) for name, row in BASELINES.items()}))
"""


def make_reviews(**hashes: str) -> Manifest:
    content = {"train": "1", "validation": "2", "test": "3", **hashes}
    files = {f"{split}.parquet": FileRecord(sha256=sha256, num_bytes=1) for split, sha256 in content.items()}
    return Manifest(
        kind="reviews", name="tiny", fingerprint="f", folder="f", decided_by={}, facts={}, files=files, created="today"
    )


def identify(*, num_classes: int = 2, reviews: Manifest | None = None, **changes: Any) -> str:
    """The fingerprint of NB-SVM, with some settings changed."""
    baseline = replace(BASELINES["nb-svm"], **changes)
    return fingerprint(decide_baseline(baseline, reviews or make_reviews(), num_classes=num_classes))


def fingerprints_of(root: Path) -> dict[str, str]:
    """The fingerprint of each baseline by the code under this folder."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", FINGERPRINTS]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def unchanged() -> dict[str, str]:
    return fingerprints_of(ROOT)


@pytest.fixture
def edit(tmp_path: Path, unchanged: dict[str, str]) -> Callable[[str, str, str], set[str]]:
    """Edits a file of a copy of the code and returns the baselines whose fingerprints change."""
    shutil.copytree(ROOT / "tasks", tmp_path / "tasks", ignore=shutil.ignore_patterns("__pycache__"))

    def change(file: str, old: str, new: str) -> set[str]:
        path = tmp_path / "tasks" / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        return {name for name, value in fingerprints_of(tmp_path).items() if value != unchanged[name]}

    return change


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("baseline/baselines.py", "inverse_penalty=30.0", "inverse_penalty=3.0", {"tfidf-linear"}),
        ("baseline/baselines.py", "the shares of the classes", "the shares", set()),
        ("baseline/weighting.py", "smoothing + inside", "2 * smoothing + inside", set(BASELINES)),
        ("baseline/fitting.py", "# With fewer texts", "# Because with fewer texts", set()),
        ("encode/words.py", "gaps > 1", "gaps > 2", set(BASELINES)),
        ("encode/padding.py", "OOV_ID", "UNKNOWN_ID", set()),
        ("train/fit.py", "def fit", "def refit", set()),
    ],
    ids=["row", "description", "weighting", "comment", "words", "padding", "neural code"],
)
def test_change_of_code_refits_what_it_decides(
    file: str, old: str, new: str, changed: set[str], edit: Callable[[str, str, str], set[str]]
) -> None:
    assert edit(file, old, new) == changed


@pytest.mark.parametrize(
    "change",
    [{"weighting": "tf-idf"}, {"max_order": 2}, {"min_texts": 3}, {"inverse_penalty": 2.0}, {"smoothing": 0.5}],
    ids=str,
)
def test_every_setting_counts(change: dict[str, Any]) -> None:
    assert identify(**change) != identify()


def test_class_weights_count_where_the_texts_are_read() -> None:
    reviews, options = make_reviews(), {"artifacts_dir": Path(), "data_dir": Path(), "label_names": ["neg", "pos"]}
    for name, counts in (("nb-svm", True), ("majority", False)):
        decided = [
            plan_baseline(BASELINES[name], reviews, class_weights=weights, **options)[0].decided_by
            for weights in (None, (1.0, 9.0))
        ]
        assert (decided[0] != decided[1]) is counts
        assert "class_weights" not in decided[0]["settings"]
        assert BaselineSettings(**decided[1]["settings"]).class_weights == ((1.0, 9.0) if counts else None)


def test_memory_counts_where_not_all_ngrams_fit(reviews_folder: Path) -> None:
    reviews = make_reviews().model_copy(update={"folder": reviews_folder.name})
    options = {"artifacts_dir": Path(), "data_dir": reviews_folder.parent, "label_names": ["neg", "pos"]}
    decided = [
        plan_baseline(BASELINES[name], reviews, memory=memory, **options)[0].decided_by["settings"]
        for name, memory in (("nb-svm", 10**9), ("nb-svm", 1_000), ("majority", 1_000))
    ]
    assert [it.get("memory") for it in decided] == [None, 1_000, None]
    assert BaselineSettings(**decided[1]).memory == 1_000


def test_number_of_classes_counts() -> None:
    assert identify(num_classes=3) != identify()


@pytest.mark.parametrize(("split", "counts"), [("train", True), ("validation", True), ("test", False)])
def test_baseline_depends_on_what_it_learns_from_and_not_on_the_test_split(split: str, counts: bool) -> None:  # noqa: FBT001
    assert (identify(reviews=make_reviews(**{split: "other"})) != identify()) is counts


def test_texts_without_labels_count_where_they_are_used() -> None:
    texts = make_reviews().model_copy(update={"kind": "unlabelled"})
    alone, both = (
        decide_baseline(BASELINES["lsa-unlabelled"], make_reviews(), num_classes=2, unlabelled=it)
        for it in (None, texts)
    )
    assert fingerprint(alone) != fingerprint(both)
    assert both["unlabelled"] == texts.content_hash
    assert "unlabelled" not in alone


def test_dimensions_are_among_the_settings_of_those_that_have_some() -> None:
    settings = BASELINES["lsa"].settings()
    assert BaselineSettings(seed=1, **settings).num_dimensions == settings["num_dimensions"] == 256
    assert "num_dimensions" not in BaselineSettings(seed=1, **BASELINES["nb-svm"].settings()).model_dump()
    assert identify(weighting="tf-idf", num_dimensions=2) != identify(weighting="tf-idf")


def test_everything_that_decides_is_plain_json() -> None:
    decided = decide_baseline(BASELINES["nb-svm"], make_reviews(), num_classes=2)
    assert json.loads(json.dumps(decided)) == decided
    assert decided["settings"]["seed"] == 1
    assert set(decided["libraries"]) == {"scikit-learn", "scipy", "threadpoolctl", "numpy", "pandas", "pyarrow"}
