"""Prefect task that evaluates one trained model."""

from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.evaluate.facts import EvaluationFacts, ModelManifest
from tasks.evaluate.output import plan_evaluation
from tasks.ingest.facts import ReviewsManifest
from tasks.objective.facts import Objective
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.outputs import Manifest


@task(
    name="evaluate-model",
    task_run_name="evaluate-{model.name}-{model.decided_by[settings][seed]}",
    cache_policy=NO_CACHE,
)
def evaluate_model(
    model: ModelManifest,
    reviews: ReviewsManifest,
    *,
    data_dir: Path,
    artifacts_dir: Path,
    objective: Objective | None = None,
) -> State[Manifest[EvaluationFacts]]:
    """Score validation and test, the latter once, and complete the model's bundle."""
    plan = plan_evaluation(model, reviews, data_dir=data_dir, artifacts_dir=artifacts_dir, objective=objective)
    return produce_in_task(*plan)
