"""Prefect task that lets a model answer a further test set."""

from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.challenge.facts import AnswerFacts
from tasks.challenge.output import plan_challenge_answers
from tasks.compare.results import TrainedModel
from tasks.ingest.facts import ChallengeManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.outputs import Manifest


@task(
    name="answer-challenge", task_run_name="answer-{reviews.name}-{model.variant}-{model.seed}", cache_policy=NO_CACHE
)
def answer_challenge(
    model: TrainedModel, reviews: ChallengeManifest, *, data_dir: Path, artifacts_dir: Path
) -> State[Manifest[AnswerFacts]]:
    """Write what a model answers to a further test set, or reuse it."""
    return produce_in_task(*plan_challenge_answers(model, reviews, data_dir=data_dir, artifacts_dir=artifacts_dir))
