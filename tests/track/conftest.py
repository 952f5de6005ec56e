"""An MLflow store in a file, a champion that can be loaded, and a finished run that put it to the gate."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.promote.champion import hold_champion, promote
from tasks.report.run.facts import RunMetrics
from tasks.report.run.folder import write_run
from tasks.track.facts import Target

Mirror = Callable[[Target], Any]
NAMES = ("nb-svm", "tfidf-linear")


@pytest.fixture(scope="module")
def bundles(publish_bundle: Callable[..., Path], few_reviews: Path, tmp_path_factory: Any) -> dict[str, Path]:
    """Two baselines that were fitted and evaluated, by name."""
    root = tmp_path_factory.mktemp("bundles")
    return {name: publish_bundle(name, few_reviews, root, None) for name in NAMES}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a store in SQLite, made once because its tables take a second."""
    folder = tmp_path_factory.mktemp("mlflow")
    before, cwd = dict(os.environ), Path.cwd()
    # MLflow keeps the files of such a store under the current folder.
    os.chdir(folder)
    yield f"sqlite:///{folder / 'mlflow.db'}"
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def make_champion(tmp_path: Path, bundles: dict[str, Path]) -> Callable[[str], str]:
    """Promotes a bundle; returns its name among the champions."""

    def make(name: str) -> str:
        with hold_champion(tmp_path) as champions:
            return promote(champions, bundles[name], run=None, reasons=[]).bundle

    return make


@pytest.fixture
def finished(
    tmp_path: Path,
    bundles: dict[str, Path],
    build: Callable[..., dict[str, Any]],
    add_result: Callable[..., Any],
    fail_result: Callable[..., Any],
) -> Target:
    """A run that recommends a network, put nb-svm to the gate, and has a model that failed."""
    content = build(add_result("lstm", 90), add_result("nb-svm", 60, group="baseline"), fail_result("conv-max"))
    bundle = bundles["nb-svm"]
    (tmp_path / "models" / "nb-svm" / bundle.name).symlink_to(bundle)
    content["gate"] = {**content["gate"], "model": f"nb-svm/{bundle.name}"}
    config = '{"dataset": "sql://me:geheim@example.org/x", "epochs": 3, "limit": null, "own_variants": {}}'
    folder = write_run(tmp_path, RunMetrics.model_validate(content), config)
    return Target("bakeoff", tmp_path, folder)
