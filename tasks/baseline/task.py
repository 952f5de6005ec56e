"""Prefect task that fits one baseline."""

from collections.abc import Sequence
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.baseline.baselines import Baseline
from tasks.baseline.facts import BaselineFacts
from tasks.baseline.memory import USUAL_MEMORY
from tasks.baseline.output import plan_baseline
from tasks.ingest.facts import ReviewsManifest, UnlabelledManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.outputs import Manifest


@task(name="train-baseline", task_run_name="train-{baseline.name}", cache_policy=NO_CACHE)
def train_baseline(
    baseline: Baseline,
    reviews: ReviewsManifest,
    *,
    artifacts_dir: Path,
    data_dir: Path,
    label_names: Sequence[str],
    class_weights: Sequence[float] | None = None,
    jobs: int = 1,
    memory: int = USUAL_MEMORY,
    unlabelled: UnlabelledManifest | None = None,
) -> State[Manifest[BaselineFacts]]:
    """Fit a baseline on the texts of the training split, or reuse the model of an identical fit.

    `unlabelled` are texts without labels from which it learns too.
    """
    plan = plan_baseline(
        baseline,
        reviews,
        artifacts_dir=artifacts_dir,
        data_dir=data_dir,
        label_names=label_names,
        class_weights=class_weights,
        jobs=jobs,
        memory=memory,
        unlabelled=unlabelled,
    )
    return produce_in_task(*plan)
