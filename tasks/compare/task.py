"""Prefect task that compares the models of a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.compare.facts import ComparisonFacts
from tasks.compare.output import plan_comparison
from tasks.compare.results import ModelResult
from tasks.encode.facts import EncodingFacts
from tasks.ingest.facts import ReviewsManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.outputs import Manifest


@task(name="compare-models", cache_policy=NO_CACHE)
def compare_models(
    results: Sequence[ModelResult],
    reviews: ReviewsManifest,
    sequences: Mapping[str, Manifest[EncodingFacts]],
    *,
    data_dir: Path,
    artifacts_dir: Path,
) -> State[Manifest[ComparisonFacts]]:
    """Write comparison.json: leaderboard, differences, calibration, slices, errors, costs, data card, claims."""
    plan = plan_comparison(results, reviews, sequences, data_dir=data_dir, artifacts_dir=artifacts_dir)
    return produce_in_task(*plan)
