"""The main flow: train every chosen variant on one dataset, evaluate it and write the leaderboard."""

import sys

if __name__ == "__main__":
    # Ahead of the other imports, so that --help and usage errors do not wait for Prefect.
    from tasks.cli.main import run_script

    sys.exit(run_script("train"))

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from rich.console import Console

from tasks.baseline.baselines import Baseline
from tasks.baseline.task import train_baseline
from tasks.clean.task import clean_outputs
from tasks.compare.results import BASELINE, STACKED, Entrant, ModelResult
from tasks.compare.run import Candidate, attempt, attempt_all, describe_run
from tasks.compare.task import compare_models
from tasks.drift.facts import Drift
from tasks.drift.render import describe_drift
from tasks.drift.stability import ALARM
from tasks.drift.task import has_comparable_champion, measure_drift
from tasks.encode.encodings import Encoding
from tasks.encode.facts import EncodingChoice, EncodingFacts
from tasks.encode.task import choose_kind_of_encoding, encode_reviews, encode_unlabelled
from tasks.errors import TrainingError, UserError
from tasks.evaluate.ensemble_facts import STACK
from tasks.evaluate.task import evaluate_model
from tasks.formatting.control import escape_control
from tasks.ingest.datasets import AUTO, FALLBACK_WARNING, Choice, has_plain_words
from tasks.ingest.facts import ReviewsManifest, UnlabelledManifest
from tasks.ingest.task import ingest_reviews, ingest_unlabelled, obtain_dataset
from tasks.ingest.unlabelled import choose_unlabelled
from tasks.objective.facts import Aims
from tasks.orchestrate.alerts import Event, alert, alert_of_end
from tasks.orchestrate.outputs import run
from tasks.orchestrate.turns import work_in_turn
from tasks.process.side_by_side import choose_jobs
from tasks.promote.render import describe_gate
from tasks.promote.task import gate_candidate
from tasks.report.run.facts import RunLeaderboard
from tasks.report.run.render import render_terminal
from tasks.report.run.verdict import describe_verdict, list_advice
from tasks.report.task import write_report
from tasks.settings.clean import KEEP_RUNS
from tasks.settings.run import RunConfig
from tasks.settings.tuning import add_tuned, find_studies, list_subjects, make_budget, render_tuned
from tasks.stack.output import choose_best, choose_stack
from tasks.stack.task import stack_models
from tasks.store.layout import RUNS
from tasks.store.outputs import Manifest
from tasks.store.usage import LOCK_FOLDER
from tasks.teach.output import describe_untaught
from tasks.teach.task import answer_unlabelled
from tasks.track.facts import Target
from tasks.track.task import mirror_run
from tasks.train.device import CPU, Device, find_device, use_device
from tasks.train.effort import estimate_effort, find_slowness
from tasks.train.facts import TrainingFacts
from tasks.train.output import LessonOutputs
from tasks.train.task import settle_device, train_variant
from tasks.train.variants import Variant
from tasks.tune.facts import Tuning
from tasks.tune.task import Bench, divide_reviews, tune_models

# The lessons of a student with a seed and an encoding; None for one that learns from labels alone.
PrepareLessons = Callable[[int, Manifest[EncodingFacts]], LessonOutputs | None]


class VariantsFailedError(TrainingError):
    """Some variants failed; `leaderboard` reports all of them, with the reasons."""

    def __init__(self, message: str, leaderboard: dict[str, Any]) -> None:
        super().__init__(message)
        self.leaderboard = leaderboard


def name_run() -> str:
    """Name the flow run after what it does: "imdb-reviews · 10 variants · 3 seeds"."""
    config = RunConfig.model_validate(runtime.flow_run.parameters["config"])
    num_variants, seeds = len(config.variant_names), config.seeds
    counts = [f"{num_variants} variant{'s'[: num_variants > 1]}", f"{seeds} seed{'s'[: seeds > 1]}"]
    return " · ".join([config.dataset_name.replace("_", "-"), *counts])


@flow(
    name="train-all",
    flow_run_name=name_run,
    on_failure=[alert_of_end],
    on_crashed=[alert_of_end],
    on_cancellation=[alert_of_end],
)
def train_all(config: RunConfig = RunConfig()) -> dict[str, Any] | State[Any]:
    """Ingest, encode, train, evaluate, report; returns the content of leaderboard.json.

    Ends as Failed if the data cannot be used, or if a variant failed, in which case the others are still reported.
    Otherwise it completes; the state is named Nothing learned, No verdict, Promotion refused or Drift alarm if there is
    something to look at. Ends as Cancelled if another run of the same deployment is still working.
    """
    return work_in_turn(lambda: train_and_clean(config), locks=config.artifacts_dir / LOCK_FOLDER)


def train_and_clean(config: RunConfig) -> dict[str, Any] | State[Any]:
    """Do the work of the flow, and then clean up if that is wanted, even if a full disk has ended the work."""
    outcome = train_and_report(config)
    if config.cleaning_age or config.budget:
        clean_outputs(age=config.cleaning_age, budget=config.budget, keep_runs=KEEP_RUNS, **folders(config))
    return outcome


def train_and_report(config: RunConfig) -> dict[str, Any] | State[Any]:
    """Do the work of the flow, step by step."""
    started = datetime.now(UTC)
    try:
        use_device(config.device)
        if slowness := find_slowness(config.chosen_variants, config.kernels):
            get_run_logger().warning("%s", slowness)
        choice = obtain_dataset(config.dataset, config.data_dir, config.files)
        reviews = run(
            ingest_reviews,
            choice,
            data_dir=config.data_dir,
            validation_fraction=config.validation_fraction,
            limit=config.limit,
            ordinal=config.ordinal,
        )
        aims = config.find_aims(reviews.facts)
        drift = compare_with_champion(config, choice, reviews)
        encoding = choose_encoding(config, choice, reviews)
        tuning = tune(config, reviews, encoding)
        wanted, config = config, add_tuned(config, tuning.studies if tuning else ())
        encodings = {row.name: config.choose_encoding(row, encoding) for row in config.chosen_variants}
        sequences = encode_all(config, reviews, encodings.values())
        unlabelled = find_unlabelled(config, choice, reviews)
        students = config.student_names if unlabelled else []
        encoded = {name: sequences[row.name] for name, row in encodings.items()}
        results = train_and_evaluate(
            config,
            reviews,
            config.choose_baselines(encoding),
            {name: own for name, own in encoded.items() if name not in students},
            aims,
        )
        if unlabelled:
            lessons = prepare_lessons(config, reviews, results, unlabelled)
            own = {name: encoded[name] for name in students}
            results += train_students(config, reviews, own, lessons, aims=aims)
        if config.stack:
            results += [
                it for seed in config.seed_values for it in stack_and_evaluate(config, results, seed, reviews, aims)
            ]
        comparison = run(compare_models, results, reviews, sequences, **folders(config))
        gate = run(
            gate_candidate,
            comparison,
            results,
            reviews,
            sequences,
            rules=config.gate_rules,
            run_id=name_results(started),
            **folders(config),
        )
        leaderboard = write_report(
            comparison,
            gate=gate,
            run=describe_run(
                choice,
                reviews,
                results,
                encoding=encoding,
                unlabelled=unlabelled.facts if unlabelled else None,
                run_id=name_results(started),
                limit=config.limit,
                seeds=config.seeds,
                started=started,
            ),
            drift=drift,
            tuning=tuning,
            config_json=wanted.model_dump_json(indent=2),
            tuned_toml=render_tuned(wanted, tuning, encoding) if tuning else None,
            artifacts_dir=config.artifacts_dir,
        )
    except (TrainingError, UserError) as error:
        return Failed(message=str(error), data=error)
    if config.track:
        target = Target(config.track_name, config.artifacts_dir, config.artifacts_dir / RUNS / leaderboard.run.id)
        run(mirror_run, config.track, target, seconds=config.track_seconds)
    return conclude(leaderboard)


def name_results(started: datetime) -> str:
    """Name the folder of this run's results after its start and its flow run."""
    return f"{started:%Y%m%d-%H%M%S}-{str(runtime.flow_run.id)[:8]}"


def folders(config: RunConfig) -> dict[str, Path]:
    """Return the two root folders as keyword arguments of the tasks."""
    return {"data_dir": config.data_dir, "artifacts_dir": config.artifacts_dir}


def compare_with_champion(config: RunConfig, choice: Choice, reviews: ReviewsManifest) -> Drift | None:
    """Measure the drift of the training data from the champion's, if the champion was trained on this dataset."""
    try:
        if not has_comparable_champion(choice, config.artifacts_dir):
            return None
        return run(measure_drift, reviews, **folders(config)).facts
    except UserError as error:
        # The gate deals with a champion that cannot be loaded; the run continues without measuring drift.
        get_run_logger().warning("drift was not measured: %s", error)
        return None


def choose_encoding(config: RunConfig, choice: Choice, reviews: ReviewsManifest) -> EncodingChoice | None:
    """Choose how the texts are encoded; None for datasets that are known to suit every variant's own encoding."""
    if config.encoding == AUTO and has_plain_words(choice.dataset):
        return None
    return choose_kind_of_encoding(config.encoding, reviews, data_dir=config.data_dir, vocab_size=config.known_words)


def tune(config: RunConfig, reviews: ReviewsManifest, encoding: EncodingChoice | None) -> Tuning | None:
    """Tune each chosen model with the same budget, on validation reviews alone; None if that is not wanted."""
    budget = make_budget(config)
    if budget is None:
        return None
    subjects = list_subjects(config, encoding)
    folds = config.folds or 0
    bench = Bench(
        parts=[run(divide_reviews, reviews, fold, folds=folds, data_dir=config.data_dir) for fold in range(folds)]
        or [reviews],
        choose_encoding=lambda variant: config.choose_encoding(variant, encoding),
        choose_fit=lambda variant: config.choose_fit(variant, seed=1),
        jobs=choose_jobs(config.jobs, num_works=len(subjects), shares_gpu=find_device() != CPU),
        **folders(config),
    )
    return Tuning(
        budget=budget,
        folds=config.folds,
        num_validation=reviews.facts.num_reviews["validation"],
        studies=tuple(tune_models(subjects, bench, budget=budget, place=find_studies(config), seed=1)),
    )


def encode_all(
    config: RunConfig, reviews: ReviewsManifest, encodings: Iterable[Encoding]
) -> dict[str, Manifest[EncodingFacts]]:
    """Encode the reviews with each encoding that the chosen variants need."""
    chosen = {encoding.name: encoding for encoding in encodings}
    return {name: run(encode_reviews, reviews, row, data_dir=config.data_dir) for name, row in chosen.items()}


def train_and_evaluate(
    config: RunConfig,
    reviews: ReviewsManifest,
    baselines: Sequence[str],
    sequences: Mapping[str, Manifest[EncodingFacts]],
    aims: Aims,
) -> list[ModelResult]:
    """Train and evaluate the baselines, and each variant on its sequences with each seed."""
    devices = settle_devices(config, reviews, sequences)
    jobs = plan_jobs(config, devices, num_works=len(baselines) + len(sequences) * config.seeds)
    candidates = [
        *(
            make_baseline_candidate(config, config.baseline_table[name], reviews, aims=aims, jobs=jobs)
            for name in baselines
        ),
        *(
            make_variant_candidate(
                config, config.variant_table[name], seed, reviews, encoded, aims=aims, device=devices[name], jobs=jobs
            )
            for name, encoded in sequences.items()
            for seed in config.seed_values
        ),
    ]
    return attempt_all(candidates, jobs=jobs)


def settle_devices(
    config: RunConfig, reviews: ReviewsManifest, sequences: Mapping[str, Manifest[EncodingFacts]]
) -> dict[str, Device]:
    """Settle on which device each variant is trained, with whatever seed."""
    num_classes, devices = len(reviews.facts.label_names), {}
    for name, encoded in sequences.items():
        variant = config.variant_table[name]
        settings = config.choose_fit(variant, seed=1)
        devices[name] = settle_device(variant, settings, encoded, num_classes=num_classes, **folders(config))
    return devices


def plan_jobs(config: RunConfig, devices: Mapping[str, Device], *, num_works: int) -> int:
    """Choose how many models are trained at a time, and log it if they are several."""
    shares_gpu = find_device() != CPU and any(device != "cpu" for device in devices.values())
    jobs = choose_jobs(config.jobs, num_works=num_works, shares_gpu=shares_gpu)
    if jobs > 1:
        get_run_logger().info("training %d models, %d at a time", num_works, jobs)
    return jobs


def find_unlabelled(config: RunConfig, choice: Choice, reviews: ReviewsManifest) -> UnlabelledManifest | None:
    """Write the texts without labels if the run has students and there are such texts."""
    if not config.student_names:
        return None
    found = choose_unlabelled(config.unlabelled_path, choice, config.unlabelled_files, config.data_dir)
    if found is None:
        get_run_logger().warning("%s; --unlabelled-path names some", describe_untaught(config.student_names))
        return None
    return run(ingest_unlabelled, found, reviews, data_dir=config.data_dir, limit=config.limit)


def prepare_lessons(
    config: RunConfig, reviews: ReviewsManifest, results: Sequence[ModelResult], texts: UnlabelledManifest
) -> PrepareLessons:
    """Return a function that makes the lessons of a student with a seed and an encoding.

    The teacher is the best model of the seed that has learned from labels alone, or the best combination of several;
    where there is none, there are no lessons.
    """
    teachers = {
        seed: choose_best(results, seed=seed, artifacts_dir=config.artifacts_dir) for seed in config.seed_values
    }
    for seed, teacher in teachers.items():
        found = teacher.describe() if teacher else "none, so that they learn from labels alone"
        get_run_logger().info("the teacher of the students with seed %d: %s", seed, found)

    def prepare(seed: int, encoded: Manifest[EncodingFacts]) -> LessonOutputs | None:
        teacher = teachers[seed]
        if teacher is None:
            return None
        names = reviews.facts.label_names
        return LessonOutputs(
            run(encode_unlabelled, texts, encoded, data_dir=config.data_dir),
            run(answer_unlabelled, teacher, texts, seed=seed, label_names=names, **folders(config)),
        )

    return prepare


def train_students(
    config: RunConfig,
    reviews: ReviewsManifest,
    sequences: Mapping[str, Manifest[EncodingFacts]],
    prepare: PrepareLessons,
    *,
    aims: Aims,
) -> list[ModelResult]:
    """Train and evaluate each student with each seed."""
    devices = settle_devices(config, reviews, sequences)
    jobs = plan_jobs(config, devices, num_works=len(sequences) * config.seeds)
    candidates = [
        make_variant_candidate(
            config,
            config.variant_table[name],
            seed,
            reviews,
            encoded,
            aims=aims,
            device=devices[name],
            jobs=jobs,
            prepare=prepare,
        )
        for name, encoded in sequences.items()
        for seed in config.seed_values
    ]
    return attempt_all(candidates, jobs=jobs)


def make_variant_candidate(
    config: RunConfig,
    variant: Variant,
    seed: int,
    reviews: ReviewsManifest,
    sequences: Manifest[EncodingFacts],
    *,
    aims: Aims,
    device: Device,
    jobs: int,
    prepare: PrepareLessons = lambda _seed, _encoded: None,
) -> Candidate:
    """Say how one variant is trained and evaluated with one seed; `prepare` makes the lessons of a student."""
    settings = replace(config.choose_fit(variant, seed, aims), device=device)
    num_classes = len(reviews.facts.label_names)

    def train() -> Manifest[TrainingFacts]:
        lessons = prepare(seed, sequences)
        options = {"num_classes": num_classes, "jobs": jobs, "lessons": lessons, **folders(config)}
        return run(train_variant, variant, settings, sequences, **options)

    return Candidate(
        Entrant(variant=variant.name, group=variant.group, encoding=sequences.name, seed=seed),
        train,
        lambda model: run(evaluate_model, model, reviews, objective=aims.objective, **folders(config)),
        effort=estimate_effort(variant),
    )


def make_baseline_candidate(
    config: RunConfig, baseline: Baseline, reviews: ReviewsManifest, *, aims: Aims, jobs: int
) -> Candidate:
    """Say how one baseline is fitted and evaluated, only once, because it does not depend on the seed."""
    options = {"label_names": reviews.facts.label_names, "class_weights": aims.class_weights, **folders(config)}
    return Candidate(
        Entrant(variant=baseline.name, group=BASELINE, encoding="text", seed=1),
        lambda: run(train_baseline, baseline, reviews, jobs=jobs, **options),
        lambda model: run(evaluate_model, model, reviews, objective=aims.objective, **folders(config)),
    )


def stack_and_evaluate(
    config: RunConfig, results: Sequence[ModelResult], seed: int, reviews: ReviewsManifest, aims: Aims = Aims()
) -> list[ModelResult]:
    """Combine the models of one seed and evaluate the ensemble; an empty list if no second model helps the best."""
    stack = choose_stack(results, seed=seed, artifacts_dir=config.artifacts_dir)
    if stack is None:
        get_run_logger().info("%s: with seed %d, no second model helps the best on validation", STACK, seed)
        return []
    get_run_logger().info("%s: with seed %d, %s", STACK, seed, stack.describe())
    settings = config.describe_stack(seed, aims)
    ensemble = attempt(
        Entrant(variant=STACK, group=STACKED, encoding="text", seed=seed),
        lambda: run(stack_models, stack, settings, artifacts_dir=config.artifacts_dir),
        lambda model: run(evaluate_model, model, reviews, objective=aims.objective, **folders(config)),
    )
    return [ensemble]


def conclude(leaderboard: RunLeaderboard) -> dict[str, Any] | State[Any]:
    """Return the content of leaderboard.json, or a state that carries it and is named after what needs attention."""
    rows = leaderboard.variants
    content = leaderboard.model_dump(mode="json")
    alarms = list_alarms(leaderboard)
    for event, message in alarms.items():
        alert(event, message, flow_run=runtime.flow_run, dataset=leaderboard.run.dataset)
    failed = [row.name for row in rows if row.status == "failed"]
    if failed:
        message = f"{len(failed)} of {len(rows)} variants failed: {', '.join(failed)}"
        return Failed(message=message, data=VariantsFailedError(message, content))
    findings = {event.replace("-", " "): message for event, message in alarms.items()}
    if leaderboard.recommendation and (nothing := leaderboard.recommendation.nothing_learned):
        findings = {nothing.outcome: describe_verdict(leaderboard), **findings}
    if findings:
        name = " · ".join(findings).capitalize()
        return Completed(name=name, message=" ".join(findings.values()), data=content)
    return content


def list_alarms(leaderboard: RunLeaderboard) -> dict[Event, str]:
    """List the events of a run that need attention, each with its message."""
    alarms: dict[Event, str] = {}
    if leaderboard.gate.outcome == "refused":
        alarms["promotion-refused"] = describe_gate(leaderboard.gate)
    if leaderboard.drift and leaderboard.drift.level == ALARM:
        alarms["drift-alarm"] = describe_drift(leaderboard.drift)
    return alarms


def main(config: RunConfig) -> int:
    """Run the flow and print the leaderboard; returns the exit status."""
    outcome: Any = train_all(config, return_state=True).result(raise_on_failure=False)
    status, _ = finish(config, outcome)
    return status


def finish(config: RunConfig, outcome: Any) -> tuple[int, RunLeaderboard]:
    """Print the leaderboard of a flow run's result, or raise its error; returns the exit status and the leaderboard."""
    if isinstance(outcome, BaseException) and not isinstance(outcome, VariantsFailedError):
        raise outcome
    content = outcome.leaderboard if isinstance(outcome, VariantsFailedError) else outcome
    leaderboard = RunLeaderboard.model_validate(content)
    show_leaderboard(config, leaderboard)
    return (1 if isinstance(outcome, VariantsFailedError) else 0), leaderboard


def show_leaderboard(config: RunConfig, leaderboard: RunLeaderboard) -> None:
    """Print the result on standard output, the path of the report last."""
    console = Console(width=None if sys.stdout.isatty() else 160, soft_wrap=True)
    if leaderboard.run.is_fallback:
        warning = escape_control(f"{FALLBACK_WARNING} {leaderboard.run.fallback_reason}")
        console.print(warning, style="bold red", markup=False)
    console.print(render_terminal(leaderboard, console))
    for line in (describe_verdict(leaderboard), *list_advice(leaderboard)):
        console.print(escape_control(line), markup=False, highlight=False)
    console.print(f"Gate: {describe_gate(leaderboard.gate)}", markup=False, highlight=False)
    print(config.artifacts_dir / RUNS / leaderboard.run.id / "report.html")
