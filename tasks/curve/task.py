"""Prefect tasks of a learning curve: a subset of the reviews, and what all models at all sizes show."""

from collections.abc import Sequence
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.curve.facts import CurveFacts, Entry
from tasks.curve.output import plan_curves, plan_subset
from tasks.ingest.facts import ReviewsFacts, ReviewsManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.outputs import Manifest


@task(name="choose-subset", task_run_name="choose-subset-{share:.1%}-{seed}", cache_policy=NO_CACHE)
def choose_subset(
    reviews: ReviewsManifest, *, share: float, seed: int, data_dir: Path
) -> State[Manifest[ReviewsFacts]]:
    """Write a share of the training and validation reviews, or reuse an identical subset."""
    return produce_in_task(*plan_subset(reviews, share=share, seed=seed, data_dir=data_dir))


@task(name="measure-curves", cache_policy=NO_CACHE)
def measure_curves(
    entries: Sequence[Entry], reviews: ReviewsManifest, *, artifacts_dir: Path
) -> State[Manifest[CurveFacts]]:
    """Fit the curves of all models, or reuse those of identical results."""
    return produce_in_task(*plan_curves(entries, reviews, artifacts_dir=artifacts_dir))
