"""Measure how far back models remember, on generated texts in which one word at a known distance decides the label."""

import sys

if __name__ == "__main__":
    # Ahead of the other imports, so that --help and usage errors do not wait for Prefect.
    from tasks.cli.main import run_script

    sys.exit(run_script("probe"))

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from rich.console import Console

from tasks.cluster.choice import use_cluster
from tasks.encode.encodings import ENCODINGS
from tasks.encode.facts import EncodingFacts
from tasks.encode.task import encode_reviews
from tasks.errors import TrainingError, UserError
from tasks.evaluate.task import evaluate_model
from tasks.formatting.addresses import spell_place
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ReviewsManifest
from tasks.ingest.task import ingest_reviews
from tasks.orchestrate.alerts import alert_of_end
from tasks.orchestrate.outputs import name_results, run
from tasks.orchestrate.turns import announce_run
from tasks.probe.facts import Probe, ProbeRun
from tasks.probe.plan import FIRST_SEEDS, Cell, is_settled, make_settings
from tasks.probe.results import CellResult, CellTraining, TrainedModel
from tasks.probe.task import measure_memory
from tasks.process.child import ChildError
from tasks.process.side_by_side import choose_jobs, work_side_by_side
from tasks.report.probe.folder import find_page
from tasks.report.probe.tables import render_terminal
from tasks.report.task import write_probe_report
from tasks.settings.probe import ProbeConfig
from tasks.store.fingerprint import library_versions
from tasks.store.outputs import Manifest
from tasks.train.device import CPU, find_device, use_device
from tasks.train.facts import TrainingFacts
from tasks.train.task import settle_device, train_variant


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
def probe_context(config: ProbeConfig = ProbeConfig()) -> Probe | State[Any]:
    """Ingest, encode, train and evaluate each cell, measure and report; returns the content of probe.json.

    A shard trains its cells and writes no report.
    """
    announce_run()
    started = datetime.now(UTC)
    try:
        with use_cluster(config.scheduler, roots=[config.data_dir, config.artifacts_dir], say=get_run_logger().warning):
            use_device(config.device)
            results = train_cells(config)
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


def train_cells(config: ProbeConfig) -> list[CellResult]:
    """Train and evaluate each cell; further seeds are trained only if the first ones disagree."""
    first = [cell for cell in config.cells if cell.seed <= FIRST_SEEDS]
    results = train_side_by_side(config, first)
    accuracies = gather_accuracies(results)
    further = [cell for cell in config.cells if cell.seed > FIRST_SEEDS]
    results += train_side_by_side(
        config, [cell for cell in further if not is_settled(accuracies.get(cell._replace(seed=0), []))]
    )
    order = {cell: index for index, cell in enumerate(config.cells)}
    return sorted(results, key=lambda result: order[result.cell])


def gather_accuracies(results: Sequence[CellResult]) -> dict[Cell, list[float]]:
    """Gather the accuracies of the seeds of each condition, by its cell with seed 0."""
    accuracies: dict[Cell, list[float]] = {}
    for result in results:
        if result.trained:
            accuracies.setdefault(result.cell._replace(seed=0), []).append(result.trained.accuracy)
    return accuracies


def train_side_by_side(config: ProbeConfig, cells: Sequence[Cell]) -> list[CellResult]:
    """Train and evaluate cells, several at a time."""
    jobs = choose_jobs(config.jobs, num_works=len(cells), shares_gpu=find_device() != CPU)
    works = [partial(train_and_evaluate, config, cell) for cell in cells]
    return [future.result() for future in work_side_by_side(works, jobs=jobs)]


def train_and_evaluate(config: ProbeConfig, cell: Cell) -> CellResult:
    """Make a cell's texts and sequences, then train and evaluate its model; a failure becomes part of the result."""
    folders = {"data_dir": config.data_dir, "artifacts_dir": config.artifacts_dir}
    settings = make_settings(cell, epochs=config.num_epochs, kernels=config.kernels, device=config.device)
    reviews, sequences = make_texts(config, cell)
    num_classes = len(reviews.facts.label_names)
    device = settle_device(cell.variant, settings, sequences, num_classes=num_classes, **folders)
    settings = replace(settings, device=device)
    try:
        model = run(train_variant, cell.variant, settings, sequences, num_classes=num_classes, **folders)
        evaluation = run(evaluate_model, model, reviews, **folders)
    except (TrainingError, ChildError) as error:
        return CellResult(cell=cell, reason=str(error))
    trained = TrainedModel(
        folder=model.folder,
        reviews=reviews.folder,
        num_train=reviews.facts.num_reviews["train"],
        training=select_facts(model),
        accuracy=evaluation.facts.accuracy,
        threshold=evaluation.facts.threshold,
    )
    return CellResult(cell=cell, trained=trained)


def select_facts(model: Manifest[TrainingFacts]) -> CellTraining:
    """Select the facts of a training that the probe's report needs."""
    facts = model.facts
    return CellTraining(
        num_params=facts.num_params,
        epochs=facts.epochs,
        batch_size=facts.batch_size,
        train_seconds=facts.train_seconds,
        device=facts.device,
    )


def make_texts(config: ProbeConfig, cell: Cell) -> tuple[ReviewsManifest, Manifest[EncodingFacts]]:
    """Generate the texts of a cell and encode them."""
    reviews = run(
        ingest_reviews,
        Choice(cell.dataset),
        data_dir=config.data_dir,
        validation_fraction=0.1,
        limit=config.limit,
    )
    return reviews, run(encode_reviews, reviews, ENCODINGS[cell.variant.encoding], data_dir=config.data_dir)


def describe_run(config: ProbeConfig, results: list[CellResult], started: datetime) -> ProbeRun:
    """Collect what the report says about the run as a whole."""
    trainings = [result.trained.training for result in results if result.trained]
    return ProbeRun(
        id=name_results(started),
        profile=config.profile,
        epochs=config.num_epochs,
        limit=config.limit,
        num_planned=len(config.all_cells),
        num_trained=len(trainings),
        failed=tuple(
            f"{result.cell.dataset}, {result.cell.model}: {result.reason}" for result in results if result.reason
        ),
        started=started.isoformat(timespec="seconds"),
        seconds=(datetime.now(UTC) - started).total_seconds(),
        train_seconds=sum(training.train_seconds for training in trainings),
        device="; ".join(sorted({training.device for training in trainings})) or "none",
        versions=library_versions("prefect", "keras", "tensorflow", "numpy"),
    )


def main(config: ProbeConfig) -> int:
    """Run the flow and print the tables, the verdicts and, last, the path of the report; returns the exit status."""
    outcome: Any = probe_context(config, return_state=True).result(raise_on_failure=False)
    if isinstance(outcome, BaseException):
        raise outcome
    if not isinstance(outcome, Probe):
        return 0
    Console(width=None if sys.stdout.isatty() else 160, soft_wrap=True).print(render_terminal(outcome))
    print(spell_place(find_page(Path(config.artifacts_dir), outcome.run.id)))
    return 1 if outcome.run.failed else 0
