"""Prefect task that scores a file and logs its progress."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from tasks.errors import TrainingError, UserError, disk_errors_explained
from tasks.formatting.addresses import spell_place
from tasks.formatting.markdown import render_table
from tasks.predict.database import fetched
from tasks.predict.facts import ScoringFacts
from tasks.predict.job import SCORE, Job, Listener
from tasks.predict.tables import list_results
from tasks.process.child import run_apart
from tasks.store.fingerprint import fingerprint
from tasks.store.inputs import send_output
from tasks.store.outputs import locked

SECONDS_BETWEEN_LINES: Final = 5.0
SHOWN_CHARACTERS: Final = 40


class Progress(Listener):
    """Logs the progress of a scoring run."""

    def __init__(self) -> None:
        self.logger = get_run_logger()
        self.told = 0.0

    def on_start(self, num_parts: int) -> None:
        """Log that the work of an interrupted run is reused."""
        if num_parts:
            self.logger.info("resuming after %s batches that an interrupted run has scored", f"{num_parts:,}")

    def on_progress(self, num_rows: int, seconds: float) -> None:
        """Log a line every few seconds."""
        if seconds - self.told > SECONDS_BETWEEN_LINES:
            self.told = seconds
            self.logger.info("%s rows scored, %s rows/s", f"{num_rows:,}", f"{num_rows / seconds:,.0f}")


@task(name="score-texts", task_run_name="score-{job.files.path.name}", cache_policy=NO_CACHE)
def score_texts(job: Job, *, artifacts_dir: Path) -> State[ScoringFacts]:
    """Score a file in a separate process; if two runs have the same output, the second one waits."""
    logger = get_run_logger()
    name = f"predict-{fingerprint({'output': str(job.output)})}"
    try:
        with (
            disk_errors_explained(job.output.parent),
            locked(artifacts_dir, name, on_wait=lambda: logger.info("waiting for another run with the same output")),
            fetched(job.files, job.url, output=job.output) as files,
        ):
            facts: ScoringFacts = run_apart(SCORE, job=replace(job, files=files), listener=Progress())
            send_output(job.output)
    except (TrainingError, UserError) as error:
        return Failed(message=str(error), data=error)
    for warning in facts.warnings:
        logger.warning("%s", warning)
    if facts.num_unknown_labels:
        logger.warning(
            "%s labels that the model does not know, such as %s, are left out of the metrics",
            f"{facts.num_unknown_labels:,}",
            ", ".join(repr(label[:SHOWN_CHARACTERS]) for label in facts.unknown_labels),
        )
    create_markdown_artifact(
        key="predictions", markdown=render_table(list_results(facts)), description=spell_place(job.output)
    )
    return Completed(message=f"{facts.num_rows:,} rows, {facts.rows_per_second:,.0f} rows/s", data=facts)
