"""Prefect task that makes an ensemble of models that a run has trained."""

from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.evaluate.ensemble_facts import EnsembleFacts, EnsembleSettings
from tasks.orchestrate.outputs import produce_in_task
from tasks.stack.output import plan_stack
from tasks.stack.writing import Stack
from tasks.store.outputs import Manifest


@task(name="stack-models", task_run_name="stack-{settings.seed}", cache_policy=NO_CACHE)
def stack_models(stack: Stack, settings: EnsembleSettings, *, artifacts_dir: Path) -> State[Manifest[EnsembleFacts]]:
    """Make the bundle of an ensemble, or reuse an identical one."""
    return produce_in_task(*plan_stack(stack, settings, artifacts_dir=artifacts_dir))
