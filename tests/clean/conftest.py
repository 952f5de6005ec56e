"""A small world of outputs, made as the flows make them, of any age."""

import json
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.clean.plan import Plan, plan_cleaning
from tasks.clean.removal import remove_items
from tasks.store.outputs import Manifest, Output, produce
from tasks.store.usage import PROCESS_PREFIX

DAY = 86_400


def make_old(folder: Path, days: float) -> Path:
    """Set the times of all files of a folder back, but for the lock of this process, which began just now."""
    then = time.time() - days * DAY
    for path in [*folder.rglob("*"), folder]:
        if not path.is_symlink() and not path.name.startswith(PROCESS_PREFIX):
            os.utime(path, (then, then))
    return folder


class World:
    """Two roots, and what runs have left in them."""

    def __init__(self, root: Path) -> None:
        self.data, self.artifacts = root / "data", root / "artifacts"
        self.data.mkdir()

    def add(self, root: Path, kind: str, folder: str, *, files: Sequence[str], days: float, **options: Any) -> Manifest:
        """Produce an output that was last used some days ago; what it was made from is `decided_by`."""
        output = Output(
            root=root,
            kind=kind,
            name="any",
            family=folder.partition("/")[0],
            folder=folder,
            facts_type=dict,
            **options,
        )

        def make(work: Path) -> dict[str, Any]:
            for name in files:
                (work / name).write_text(f"{name} of {output.fingerprint}")
            return {}

        manifest = produce(output, make).manifest
        make_old(output.path, days)
        return manifest

    def add_reviews(self, name: str, *, days: float = 60) -> Manifest:
        files = ["train.parquet", "test.parquet"]
        return self.add(
            self.data, "reviews", f"reviews/{name}-{{fingerprint}}", files=files, days=days, decided_by={"set": name}
        )

    def add_encoding(self, name: str, reviews: Manifest, *, days: float = 60) -> Manifest:
        return self.add(
            self.data,
            "encoding",
            f"encodings/{name}-{{fingerprint}}",
            files=["train.parquet", "test.parquet", "tokenizer.json"],
            days=days,
            decided_by={"encoding": name, "reviews": hash_files(reviews)},
        )

    def add_model(self, variant: str, sequences: Manifest, *, seed: int = 1, days: float = 60) -> Manifest:
        """Produce a training, its evaluation and its log for TensorBoard."""
        training = self.add(
            self.artifacts,
            "training",
            f"models/{variant}/{{fingerprint}}",
            files=["model.keras", "tokenizer.json"],
            days=days,
            decided_by={"variant": variant, "seed": seed, "sequences": hash_files(sequences)},
            manifest_name="training.json",
        )
        self.add(
            self.artifacts,
            "evaluation",
            training.folder,
            files=["bundle.json"],
            days=days,
            decided_by={"model": hash_files(training)},
        )
        events = self.artifacts / "tensorboard" / f"{variant}-{seed}" / training.fingerprint
        events.mkdir(parents=True)
        (events / "events.out.tfevents.1.host.1").write_text("event")
        make_old(events, days)
        return training

    def add_run(self, *models: Manifest, days: float = 60, kind: str = "runs") -> Path:
        """Write the results of a run of an hour that ended some days ago."""
        started = datetime.now(UTC) - timedelta(days=days, hours=1)
        folder = self.artifacts / kind / f"{started:%Y%m%d-%H%M%S}-0123abcd"
        folder.mkdir(parents=True)
        content = {"variants": [{"models": [model.folder for model in models]}]}
        (folder / "metrics.json").write_text(json.dumps(content))
        (folder / "report.html").write_text("page")
        return make_old(folder, days)

    def plan(self, *, days: float | None = 30, keep_runs: int = 1, budget: int | None = None) -> Plan:
        return plan_cleaning(
            self.data,
            self.artifacts,
            age=None if days is None else timedelta(days=days),
            keep_runs=keep_runs,
            time=datetime.now(UTC),
            budget=budget,
        )

    def clean(self, *, days: float | None = 30, keep_runs: int = 1, budget: int | None = None) -> set[str]:
        """Clean and tell what was removed, lock files left out."""
        plan = self.plan(days=days, keep_runs=keep_runs, budget=budget)
        removed = list(remove_items(plan.removable, cutoff=plan.cutoff))
        return {item.name for item in removed if item.title != "lock file"}


def hash_files(manifest: Manifest) -> dict[str, str]:
    return {name: record.sha256 for name, record in manifest.files.items()}


@pytest.fixture
def world(artifacts: Path) -> World:
    return World(artifacts.parent)


@pytest.fixture
def age() -> Callable[[Path, float], Path]:
    """Sets the times of all files of a folder back by days."""
    return make_old
