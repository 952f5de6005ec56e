"""Measure how accuracy grows with the number of training reviews, and tell what more of them would bring."""

import sys

if __name__ == "__main__":
    # Ahead of the other imports, so that --help and usage errors do not wait for Prefect.
    from tasks.cli.main import run_script

    sys.exit(run_script("learning-curve"))

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.states import Failed
from rich.console import Console

from flows.train_all import choose_encoding, folders
from tasks.cluster.choice import use_cluster
from tasks.compare.results import FailedModel, TrainedModel
from tasks.compare.run import describe_device
from tasks.contest.sizes import Part, train_parts
from tasks.contest.task import TaskStages, ingest_dataset
from tasks.curve.facts import CurveRun, Entry, LearningCurve
from tasks.curve.sizes import Size, settle_sizes
from tasks.curve.task import choose_subset, measure_curves
from tasks.errors import TrainingError, UserError
from tasks.formatting.addresses import spell_place
from tasks.formatting.control import escape_control
from tasks.ingest.datasets import FALLBACK_WARNING, Choice
from tasks.ingest.facts import ReviewsManifest
from tasks.orchestrate.alerts import alert_of_end
from tasks.orchestrate.outputs import name_results, run
from tasks.orchestrate.turns import work_in_turn
from tasks.report.curve.folder import find_page
from tasks.report.curve.sentences import describe_curve
from tasks.report.curve.tables import render_terminal
from tasks.report.task import write_curve_report
from tasks.settings.learning_curve import CurveConfig
from tasks.store.fingerprint import library_versions
from tasks.store.usage import LOCK_FOLDER
from tasks.teach.output import describe_untaught
from tasks.train.device import use_device
from tasks.train.effort import find_slowness


def name_run() -> str:
    """Name the flow run after what it does: "imdb-reviews · 5 sizes · 3 seeds"."""
    config = CurveConfig.model_validate(runtime.flow_run.parameters["config"])
    dataset = config.dataset_name.replace("_", "-")
    return f"{dataset} · {len(config.sizes)} sizes · {config.seeds} seed{'s'[: config.seeds > 1]}"


@flow(
    name="learning-curve",
    flow_run_name=name_run,
    on_failure=[alert_of_end],
    on_crashed=[alert_of_end],
    on_cancellation=[alert_of_end],
)
def learn_by_size(config: CurveConfig = CurveConfig()) -> LearningCurve | State[Any]:
    """Train each model at each size with each seed, fit the curves and report; returns the content of curve.json."""
    return work_in_turn(lambda: measure(config), locks=config.artifacts_dir / LOCK_FOLDER)


def measure(config: CurveConfig) -> LearningCurve | State[Any]:
    """Do the work of the flow, its trainings on the workers of --scheduler if there is one."""
    try:
        with use_cluster(config.scheduler, roots=list(folders(config).values()), say=get_run_logger().warning):
            return measure_and_report(config)
    except (TrainingError, UserError) as error:
        return Failed(message=str(error), data=error)


def measure_and_report(config: CurveConfig) -> LearningCurve:
    """Do the work of the flow, step by step."""
    started = datetime.now(UTC)
    use_device(config.device)
    if slowness := find_slowness(config.chosen_variants, config.kernels):
        get_run_logger().warning("%s", slowness)
    if config.names_with_unlabelled:
        get_run_logger().warning("%s; a learning curve gives none", describe_untaught(config.names_with_unlabelled))
    choice, reviews = ingest_dataset(config)
    sizes, left_out = settle_sizes(config.sizes, reviews.facts)
    for sentence in left_out:
        get_run_logger().warning("%s", sentence)
    encoding = choose_encoding(config, choice, reviews)
    parts = [part for size in sizes for part in divide_reviews(config, reviews, size)]
    entries = train_parts(config, parts, encoding, TaskStages(**folders(config)))
    measured = run(measure_curves, entries, reviews, artifacts_dir=config.artifacts_dir)
    return write_curve_report(
        measured,
        run=describe_run(config, choice, reviews, entries, left_out=left_out, started=started),
        config_json=config.model_dump_json(indent=2),
        artifacts_dir=config.artifacts_dir,
    )


def divide_reviews(config: CurveConfig, reviews: ReviewsManifest, size: Size) -> Iterator[Part]:
    """Yield the reviews of a size as each seed draws them; the whole split is the same for all."""
    for seed in config.seed_values:
        own = reviews
        if size.share < 1:
            own = run(choose_subset, reviews, share=size.share, seed=seed, data_dir=config.data_dir)
        yield Part(size, seed, own)


def describe_run(
    config: CurveConfig,
    choice: Choice,
    reviews: ReviewsManifest,
    entries: Sequence[Entry],
    *,
    left_out: Sequence[str],
    started: datetime,
) -> CurveRun:
    """Collect what the report says about the run as a whole."""
    trained = [entry.result for entry in entries if isinstance(entry.result, TrainedModel)]
    return CurveRun(
        id=name_results(started),
        dataset=choice.dataset,
        is_fallback=choice.is_fallback,
        fallback_reason=choice.reason,
        label_names=tuple(reviews.facts.label_names),
        num_reviews=reviews.facts.num_reviews,
        hashes={name: record.sha256 for name, record in reviews.files.items()},
        sizes=config.sizes,
        left_out=tuple(left_out),
        seeds=config.seeds,
        failed=tuple(
            f"{entry.result.variant} on {entry.num_train:,} reviews, seed {entry.result.seed}: {entry.result.reason}"
            for entry in entries
            if isinstance(entry.result, FailedModel)
        ),
        started=started.isoformat(timespec="seconds"),
        seconds=(datetime.now(UTC) - started).total_seconds(),
        device="; ".join(sorted({describe_device(result.training) for result in trained})) or "none",
        versions=library_versions("prefect", "keras", "tensorflow", "numpy", "scikit-learn"),
    )


def main(config: CurveConfig) -> int:
    """Run the flow and print the curve, what follows and, last, the path of the report; returns the exit status."""
    outcome: Any = learn_by_size(config, return_state=True).result(raise_on_failure=False)
    if isinstance(outcome, BaseException):
        raise outcome
    console = Console(width=None if sys.stdout.isatty() else 160, soft_wrap=True)
    if outcome.run.is_fallback:
        warning = escape_control(f"{FALLBACK_WARNING} {outcome.run.fallback_reason}")
        console.print(warning, style="bold red", markup=False)
    console.print(render_terminal(outcome))
    for line in describe_curve(outcome):
        console.print(escape_control(line), markup=False, highlight=False)
    print(spell_place(find_page(config.artifacts_dir, outcome.run.id)))
    return 1 if outcome.run.failed else 0
