"""Prefect task that holds a run's candidate against the champion and promotes it when it passes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from tasks.compare.results import FILE, ModelResult
from tasks.compare.task import describe_encodings
from tasks.errors import UserError, disk_errors_explained
from tasks.ingest.facts import ReviewsManifest
from tasks.process.child import run_apart
from tasks.promote.champion import hold_champion, promote
from tasks.promote.decision import (
    Challenge,
    Decision,
    choose_candidate,
    decide,
    decide_without_candidate,
)
from tasks.promote.render import describe_gate, render_gate
from tasks.promote.rules import GateRules
from tasks.store.outputs import Manifest

STATE_NAMES: Final = {"promoted": "Promoted", "refused": "Refused", "kept": "Kept", "held": "Held"}


@task(name="gate-candidate", task_run_name="gate-candidate", cache_policy=NO_CACHE)
def gate_candidate(
    comparison: Manifest,
    results: Sequence[ModelResult],
    reviews: ReviewsManifest,
    sequences: Mapping[str, Manifest],
    *,
    rules: GateRules,
    run_id: str,
    data_dir: Path,
    artifacts_dir: Path,
) -> State[dict[str, Any]]:
    """Decide whether the champion changes, and change it; the state's name is the outcome, its data the decision."""
    logger = get_run_logger()
    compared = json.loads((artifacts_dir / comparison.folder / FILE).read_text(encoding="utf-8"))
    model = choose_candidate(compared, rules.candidate)

    def rescore(champion: Path) -> dict[str, Any]:
        measured: dict[str, Any] = run_apart(
            "tasks.promote.rescore:rescore_champion",
            candidate_folder=artifacts_dir / str(model),
            champion_folder=champion,
            test_path=data_dir / reviews.folder / "test.parquet",
            label_names=reviews.facts.label_names,
            encodings=describe_encodings(results, sequences, data_dir),
            margins=rules.margins,
        )
        return measured

    try:
        with (
            disk_errors_explained(artifacts_dir),
            hold_champion(
                artifacts_dir, on_wait=lambda: logger.info("gate-candidate: waiting for another that is at the gate")
            ) as champions,
        ):
            if model is None:
                decision = decide_without_candidate(champions, rules)
            else:
                decision = decide(describe_challenge(model, reviews, artifacts_dir), champions, rules, rescore)
            if decision.outcome == "promoted":
                promote(champions, artifacts_dir / str(model), run=run_id, reasons=decision.reasons)
    except UserError as error:
        return Failed(message=str(error), data=error)
    return publish(decision)


def describe_challenge(model: str, reviews: ReviewsManifest, artifacts_dir: Path) -> Challenge:
    """Gather what the candidate is judged on."""
    return Challenge(
        folder=artifacts_dir / model,
        model=model.removeprefix("models/"),
        dataset=reviews.name,
        data={name: record.sha256 for name, record in reviews.files.items()},
    )


def publish(decision: Decision) -> State[dict[str, Any]]:
    """Show the decision in the Prefect UI and end the task by its name."""
    gate = decision.model_dump()
    sentence = describe_gate(gate)
    for line in (sentence, *decision.reasons, *decision.warnings):
        get_run_logger().info("gate: %s", line)
    create_markdown_artifact(key="gate", markdown=render_gate(gate), description=sentence)
    return Completed(name=STATE_NAMES[decision.outcome], message=sentence, data=gate)
