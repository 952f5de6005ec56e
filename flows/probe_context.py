"""Measure how far back models remember: generated texts, one word of which decides, at growing distances."""

import sys

if __name__ == "__main__":
    # Ahead of the other imports: --help and usage errors are answered before Prefect is imported.
    from tasks.cli.launch import check_training, launch
    from tasks.settings.probe import ProbeConfig

    sys.exit(launch("flows.probe_context", ProbeConfig, check_training))

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas import State
from prefect.states import Completed, Failed
from rich.console import Console

from tasks.encode.encodings import ENCODINGS
from tasks.encode.task import encode_reviews
from tasks.errors import TrainingError, UserError
from tasks.evaluate.task import evaluate_model
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ReviewsManifest
from tasks.ingest.task import ingest_reviews
from tasks.orchestrate.alerts import alert_of_end
from tasks.orchestrate.outputs import run
from tasks.probe.plan import FIRST_SEEDS, Cell, is_settled, make_settings
from tasks.probe.results import CellResult
from tasks.probe.task import measure_memory
from tasks.process.child import ChildError
from tasks.report.probe.tables import render_terminal
from tasks.report.task import write_probe_report
from tasks.settings.probe import ProbeConfig
from tasks.store.fingerprint import library_versions
from tasks.store.outputs import Manifest
from tasks.train.task import train_variant


def name_run() -> str:
    """Name the flow run after what it does: "full · 885 trainings"."""
    config = ProbeConfig.model_validate(runtime.flow_run.parameters["config"])
    shard = f" · part {config.shard}" if config.shard else ""
    return f"{config.profile} · {len(config.cells)} trainings{shard}"


@flow(
    name="probe-context",
    flow_run_name=name_run,
    on_failure=[alert_of_end],
    on_crashed=[alert_of_end],
    on_cancellation=[alert_of_end],
)
def probe_context(config: ProbeConfig = ProbeConfig()) -> dict[str, Any] | State[Any]:
    """Ingest, encode, train and evaluate each cell, measure and report; returns the content of probe.json.

    A shard trains its cells and reports nothing.
    """
    started = datetime.now(UTC)
    try:
        results = list(train_cells(config))
        if config.shard:
            return Completed(message=f"part {config.shard}: {len(results)} trainings done", data={})
        measured = run(measure_memory, results, data_dir=config.data_dir, artifacts_dir=config.artifacts_dir)
        return write_probe_report(
            measured,
            run=describe_run(config, results, started),
            config_json=config.model_dump_json(indent=2),
            artifacts_dir=config.artifacts_dir,
        )
    except (TrainingError, UserError) as error:
        return Failed(message=str(error), data=error)


def train_cells(config: ProbeConfig) -> Iterator[CellResult]:
    """Train and evaluate each cell; further seeds only where the first disagree."""
    accuracies: dict[Cell, list[float]] = {}
    for cell in config.cells:
        known = accuracies.setdefault(cell._replace(seed=0), [])
        if cell.seed > FIRST_SEEDS and is_settled(known):
            continue
        result = train_and_evaluate(config, cell)
        if result.accuracy is not None:
            known.append(result.accuracy)
        yield result


def train_and_evaluate(config: ProbeConfig, cell: Cell) -> CellResult:
    """Make a cell's texts and sequences, train and evaluate; a training that goes wrong becomes its result."""
    folders = {"data_dir": config.data_dir, "artifacts_dir": config.artifacts_dir}
    settings = make_settings(cell, epochs=config.num_epochs, kernels=config.kernels)
    reviews, sequences = make_texts(config, cell)
    num_classes = len(reviews.facts.label_names)
    try:
        model = run(train_variant, cell.variant, settings, sequences, num_classes=num_classes, **folders)
        evaluation = run(evaluate_model, model, reviews, **folders)
    except (TrainingError, ChildError) as error:
        return CellResult(cell=cell, status="failed", reason=str(error))
    return CellResult(
        cell=cell,
        folder=model.folder,
        reviews=reviews.folder,
        num_train=reviews.facts.num_reviews["train"],
        training=model.facts,
        accuracy=evaluation.facts["accuracy"],
    )


def make_texts(config: ProbeConfig, cell: Cell) -> tuple[ReviewsManifest, Manifest]:
    """Make a cell's texts and their sequences."""
    reviews = run(
        ingest_reviews,
        Choice(cell.dataset),
        data_dir=config.data_dir,
        validation_fraction=0.1,
        limit=config.limit,
    )
    return reviews, run(encode_reviews, reviews, ENCODINGS[cell.variant.encoding], data_dir=config.data_dir)


def describe_run(config: ProbeConfig, results: list[CellResult], started: datetime) -> dict[str, Any]:
    """Gather what the report says of the run as a whole."""
    trained = [result.training for result in results if result.training]
    return {
        "id": f"{started:%Y%m%d-%H%M%S}-{str(runtime.flow_run.id)[:8]}",
        "profile": config.profile,
        "epochs": config.num_epochs,
        "limit": config.limit,
        "num_planned": len(config.all_cells),
        "num_trained": len(trained),
        "failed": [
            f"{result.cell.dataset}, {result.cell.model}: {result.reason}" for result in results if result.reason
        ],
        "started": started.isoformat(timespec="seconds"),
        "seconds": (datetime.now(UTC) - started).total_seconds(),
        "train_seconds": sum(training["train_seconds"] for training in trained),
        "device": "; ".join(sorted({training["device"] for training in trained})) or "none",
        "versions": library_versions("prefect", "keras", "tensorflow", "numpy"),
    }


def main(config: ProbeConfig) -> int:
    """Run the flow and print the table and the verdicts, the page's path last; returns the exit status."""
    outcome: Any = probe_context(config, return_state=True).result(raise_on_failure=False)
    if isinstance(outcome, BaseException):
        raise outcome
    if outcome:
        Console(width=None if sys.stdout.isatty() else 160, soft_wrap=True).print(render_terminal(outcome))
        print(Path(config.artifacts_dir) / "probe" / outcome["run"]["id"] / "report.html")
    return 1 if outcome and outcome["run"]["failed"] else 0
