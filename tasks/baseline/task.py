"""Prefect task that fits one baseline."""

from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.baseline.baselines import Baseline
from tasks.baseline.identity import FIT, decide_baseline
from tasks.ingest.facts import ReviewsManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.process.child import run_apart
from tasks.store.outputs import Manifest, Output


@task(name="train-baseline", task_run_name="train-{baseline.name}", cache_policy=NO_CACHE)
def train_baseline(
    baseline: Baseline, reviews: ReviewsManifest, *, artifacts_dir: Path, data_dir: Path, label_names: list[str]
) -> State[Manifest]:
    """Fit a baseline on the texts of the training split, or reuse the model that the same fit gave."""
    output = Output(
        root=artifacts_dir,
        kind="training",
        name=baseline.name,
        family=f"models/{baseline.name}",
        folder=f"models/{baseline.name}/{{fingerprint}}",
        facts_type=dict,
        decided_by=decide_baseline(baseline, reviews, num_classes=len(label_names)),
        manifest_name="training.json",
    )

    def make(folder: Path) -> dict[str, Any]:
        facts: dict[str, Any] = run_apart(
            FIT,
            baseline=baseline,
            reviews_folder=data_dir / reviews.folder,
            folder=folder,
            label_names=label_names,
        )
        return facts

    return produce_in_task(output, make)
