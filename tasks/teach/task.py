"""Prefect task that lets a teacher answer for texts without labels."""

from collections.abc import Sequence
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.ingest.facts import UnlabelledManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.stack.writing import Stack
from tasks.store.outputs import Manifest
from tasks.teach.output import plan_answers
from tasks.train.facts import LessonFacts


@task(name="answer-unlabelled", task_run_name="answer-unlabelled-{seed}", cache_policy=NO_CACHE)
def answer_unlabelled(
    teacher: Stack,
    texts: UnlabelledManifest,
    *,
    seed: int,
    label_names: Sequence[str],
    data_dir: Path,
    artifacts_dir: Path,
) -> State[Manifest[LessonFacts]]:
    """Write what the teacher of a seed says of texts without labels."""
    del seed  # only for the name of the task's run
    plan = plan_answers(teacher, texts, label_names=label_names, data_dir=data_dir, artifacts_dir=artifacts_dir)
    return produce_in_task(*plan)
