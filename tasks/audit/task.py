"""Prefect task that finds the labels that are probably wrong."""

from collections.abc import Sequence
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger

from tasks.audit.facts import AuditFacts
from tasks.audit.held_out import Listener
from tasks.audit.output import plan_audit
from tasks.baseline.baselines import Baseline
from tasks.ingest.facts import ReviewsManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.store.outputs import Manifest


class Progress(Listener):
    """Logs each fit."""

    def __init__(self) -> None:
        self.logger = get_run_logger()

    def on_fit(self, name: str, what: str) -> None:
        """Log what is fitted next."""
        self.logger.info("fitting %s, %s", name, what)


@task(name="audit-labels", task_run_name="audit-{reviews.name}", cache_policy=NO_CACHE)
def audit_labels(
    baselines: Sequence[Baseline], reviews: ReviewsManifest, *, folds: int, data_dir: Path, artifacts_dir: Path
) -> State[Manifest[AuditFacts]]:
    """Write label_errors.json and label_errors.parquet, or reuse those of an identical audit."""
    plan = plan_audit(
        baselines, reviews, folds=folds, data_dir=data_dir, artifacts_dir=artifacts_dir, listener=Progress()
    )
    return produce_in_task(*plan)
