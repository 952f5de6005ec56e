"""Prefect tasks that obtain the data: choose a dataset, download it, write its reviews."""

from pathlib import Path
from typing import Any, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.tasks import exponential_backoff

from tasks.ingest import datasets
from tasks.ingest.challenge import ChallengeChoice, describe_challenge
from tasks.ingest.datasets import AUTO, Choice
from tasks.ingest.facts import ChallengeManifest, ReviewsManifest, UnlabelledManifest
from tasks.ingest.files.options import FileOptions
from tasks.ingest.output import plan_challenge, plan_reviews, plan_unlabelled
from tasks.ingest.sources.tfds import DownloadError
from tasks.ingest.unlabelled import UnlabelledChoice, describe_unlabelled
from tasks.orchestrate.outputs import produce_in_task


def is_worth_retrying(_task: Any, _run: Any, state: State[Any]) -> bool:
    """Retry only a download that failed for a reason outside this program."""
    return isinstance(state.result(raise_on_failure=False), DownloadError)


@task(
    name="download-dataset",
    task_run_name="download-{choice.dataset}",
    cache_policy=NO_CACHE,
    # A host's outage may be short: four attempts, with about 15 seconds of waiting between them.
    retries=3,
    retry_delay_seconds=exponential_backoff(backoff_factor=2),
    retry_condition_fn=is_worth_retrying,
)
def download_dataset(choice: Choice, data_dir: Path) -> None:
    """Download and prepare the chosen dataset unless it is on disk."""
    datasets.download_dataset(choice, data_dir)


def obtain_dataset(name: str, data_dir: Path, files: FileOptions | None = None) -> Choice:
    """Choose a dataset and download it if needed; `auto` falls back to the sample if IMDB reviews are unavailable."""
    choice = datasets.choose_dataset(name, data_dir, files)
    if choice.files is not None:
        return choice
    try:
        download_dataset(choice, data_dir)
    except DownloadError as error:
        if name != AUTO:
            raise
        choice = Choice(datasets.SAMPLE, is_fallback=True, reason=str(error))
    if choice.is_fallback:
        get_run_logger().warning("%s %s", datasets.FALLBACK_WARNING, choice.reason)
    return choice


@task(name="ingest-reviews", task_run_name="ingest-{choice.dataset}", cache_policy=NO_CACHE)
def ingest_reviews(
    choice: Choice, *, data_dir: Path, validation_fraction: float, limit: int | None, ordinal: bool = False
) -> State[ReviewsManifest]:
    """Write the dataset's reviews as train, validation and test Parquet; warnings of the data check are logged."""
    plan = plan_reviews(
        choice, data_dir=data_dir, validation_fraction=validation_fraction, limit=limit, ordinal=ordinal
    )
    state = produce_in_task(*plan)
    if state.is_completed():
        for warning in cast("ReviewsManifest", state.data).facts.warnings:
            get_run_logger().warning("%s: %s", choice.dataset, warning)
    return state


@task(name="ingest-unlabelled", task_run_name="ingest-unlabelled-{choice.name}", cache_policy=NO_CACHE)
def ingest_unlabelled(
    choice: UnlabelledChoice, reviews: ReviewsManifest, *, data_dir: Path, limit: int | None
) -> State[UnlabelledManifest]:
    """Write the texts without labels, except those that are also in a split; what was left out is logged."""
    state = produce_in_task(*plan_unlabelled(choice, reviews, data_dir=data_dir, limit=limit))
    if state.is_completed():
        facts = cast("UnlabelledManifest", state.data).facts
        get_run_logger().info("%s", describe_unlabelled(facts))
        for warning in facts.warnings:
            get_run_logger().warning("%s: %s", choice.name, warning)
    return state


@task(name="ingest-challenge", task_run_name="ingest-challenge-{choice.name}", cache_policy=NO_CACHE)
def ingest_challenge(choice: ChallengeChoice, reviews: ReviewsManifest, *, data_dir: Path) -> State[ChallengeManifest]:
    """Write a further test set, except texts that models have learned from; what was left out is logged."""
    state = produce_in_task(*plan_challenge(choice, reviews, data_dir=data_dir))
    if state.is_completed():
        facts = cast("ChallengeManifest", state.data).facts
        get_run_logger().info("%s", describe_challenge(facts))
        for warning in facts.warnings:
            get_run_logger().warning("%s: %s", choice.name, warning)
    return state
