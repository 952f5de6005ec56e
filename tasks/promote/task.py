"""Prefect task that compares a run's candidate with the champion and promotes it when it passes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from tasks.compare.facts import FILE, Comparison, ComparisonFacts
from tasks.compare.output import describe_encodings
from tasks.compare.results import ModelResult
from tasks.encode.facts import EncodingFacts
from tasks.errors import UserError
from tasks.ingest.facts import ReviewsManifest
from tasks.promote.candidate import judge_candidate
from tasks.promote.facts import Decision
from tasks.promote.render import describe_gate, render_gate
from tasks.promote.rules import GateRules
from tasks.store.outputs import Manifest

STATE_NAMES: Final = {"promoted": "Promoted", "refused": "Refused", "kept": "Kept", "held": "Held"}


@task(name="gate-candidate", task_run_name="gate-candidate", cache_policy=NO_CACHE)
def gate_candidate(
    comparison: Manifest[ComparisonFacts],
    results: Sequence[ModelResult],
    reviews: ReviewsManifest,
    sequences: Mapping[str, Manifest[EncodingFacts]],
    *,
    rules: GateRules,
    run_id: str,
    data_dir: Path,
    artifacts_dir: Path,
) -> State[Decision]:
    """Decide whether the champion changes, and change it; the state's name is the outcome, its data the decision."""
    logger = get_run_logger()
    try:
        decision = judge_candidate(
            Comparison.read(artifacts_dir / comparison.folder / FILE),
            reviews,
            describe_encodings(results, sequences, data_dir),
            rules=rules,
            run_id=run_id,
            data_dir=data_dir,
            artifacts_dir=artifacts_dir,
            on_wait=lambda: logger.info("gate-candidate: waiting for another run that is at the gate"),
        )
    except UserError as error:
        return Failed(message=str(error), data=error)
    return publish(decision)


def publish(decision: Decision) -> State[Decision]:
    """Show the decision in the log and the Prefect UI, and name the task's final state after it."""
    sentence = describe_gate(decision)
    for line in (sentence, *decision.reasons, *decision.warnings):
        get_run_logger().info("gate: %s", line)
    create_markdown_artifact(key="gate", markdown=render_gate(decision), description=sentence)
    return Completed(name=STATE_NAMES[decision.outcome], message=sentence, data=decision)
