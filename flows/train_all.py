"""The main flow: train every chosen variant on one dataset, evaluate it and write the leaderboard."""

import sys

if __name__ == "__main__":
    # Ahead of the other imports, so that --help and usage errors do not wait for Prefect.
    from tasks.cli.main import run_script

    sys.exit(run_script("train"))

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from rich.console import Console

from tasks.challenge.facts import Challenge
from tasks.challenge.summary import summarise_challenge
from tasks.challenge.task import answer_challenge
from tasks.clean.task import clean_outputs
from tasks.cluster.choice import use_cluster
from tasks.compare.results import ModelResult, TrainedModel
from tasks.compare.run import describe_run
from tasks.compare.task import compare_models
from tasks.contest.contest import Contest
from tasks.contest.task import TaskStages, ingest_dataset
from tasks.contest.time_limit import TimeLimit
from tasks.drift.facts import Drift
from tasks.drift.render import describe_drift
from tasks.drift.stability import ALARM
from tasks.drift.task import has_comparable_champion, measure_drift
from tasks.encode.facts import EncodingChoice
from tasks.encode.task import choose_kind_of_encoding
from tasks.errors import TrainingError, UserError
from tasks.formatting.addresses import spell_place
from tasks.formatting.control import escape_control
from tasks.ingest.challenge import choose_challenge
from tasks.ingest.datasets import AUTO, FALLBACK_WARNING, Choice, is_familiar
from tasks.ingest.facts import ChallengeManifest, ReviewsManifest, UnlabelledManifest
from tasks.ingest.task import ingest_challenge, ingest_unlabelled
from tasks.ingest.unlabelled import choose_unlabelled
from tasks.objective.facts import Aims
from tasks.orchestrate.alerts import Event, alert, alert_of_end
from tasks.orchestrate.outputs import name_results, run
from tasks.orchestrate.turns import work_in_turn
from tasks.process.side_by_side import choose_jobs
from tasks.promote.render import describe_gate
from tasks.promote.shared import receive_champion
from tasks.promote.task import gate_candidate
from tasks.report.run.bounds import list_bounds
from tasks.report.run.challenges import describe_challenges
from tasks.report.run.facts import RunLeaderboard
from tasks.report.run.render import render_terminal
from tasks.report.run.time_budget import describe_left_out
from tasks.report.run.verdict import describe_verdict, list_advice
from tasks.report.task import write_report
from tasks.settings.clean import KEEP_RUNS
from tasks.settings.run import RunConfig
from tasks.settings.training import TrainingSettings
from tasks.settings.tuning import add_tuned, find_studies, list_subjects, make_budget, render_tuned
from tasks.store.layout import RUNS
from tasks.store.usage import LOCK_FOLDER
from tasks.teach.output import describe_untaught
from tasks.track.facts import Target
from tasks.track.task import mirror_run
from tasks.train.device import CPU, find_device, use_device
from tasks.train.effort import find_slowness
from tasks.tune.facts import Tuning
from tasks.tune.task import Bench, divide_reviews, tune_models


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
    try:
        with use_cluster(config.scheduler, roots=list(folders(config).values()), say=get_run_logger().warning):
            outcome = train_and_report(config)
    except UserError as error:
        outcome = Failed(message=str(error), data=error)
    if config.cleaning_age or config.budget:
        clean_outputs(age=config.cleaning_age, budget=config.budget, keep_runs=KEEP_RUNS, **folders(config))
    return outcome


def train_and_report(config: RunConfig) -> dict[str, Any] | State[Any]:
    """Do the work of the flow, step by step."""
    started, time_limit = datetime.now(UTC), TimeLimit.of(config.minutes)
    try:
        use_device(config.device)
        if slowness := find_slowness(config.chosen_variants, config.kernels):
            get_run_logger().warning("%s", slowness)
        choice, reviews = ingest_dataset(config)
        aims = config.find_aims(reviews.facts)
        further = ingest_challenges(config, reviews)
        drift = compare_with_champion(config, choice, reviews)
        encoding = choose_encoding(config, choice, reviews)
        tuning = tune(config, reviews, encoding, aims)
        wanted, config = config, add_tuned(config, tuning.studies if tuning else ())
        contest = Contest(config, reviews, aims, TaskStages(**folders(config)), time_limit)
        sequences, by_variant = contest.encode(encoding)
        unlabelled = find_unlabelled(config, choice, reviews)
        results = contest.hold(encoding, by_variant, unlabelled)
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
                time_budget=time_limit.describe() if time_limit else None,
                run_id=name_results(started),
                limit=config.limit,
                seeds=config.seeds,
                started=started,
            ),
            drift=drift,
            tuning=tuning,
            challenges=tuple(meet_challenge(config, texts, results) for texts in further),
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


def ingest_challenges(config: RunConfig, reviews: ReviewsManifest) -> list[ChallengeManifest]:
    """Write the further test sets, ahead of the trainings, so that what is wrong with them is told early."""
    choices = [choose_challenge(name, path, config.other_files) for name, path in config.challenge_paths.items()]
    return [run(ingest_challenge, choice, reviews, data_dir=config.data_dir) for choice in choices]


def meet_challenge(config: RunConfig, texts: ChallengeManifest, results: Sequence[ModelResult]) -> Challenge:
    """Try every model on a further test set."""
    trained = [it for it in results if isinstance(it, TrainedModel)]
    answers = [(it, run(answer_challenge, it, texts, **folders(config))) for it in trained]
    return summarise_challenge(texts, answers, config.artifacts_dir)


def folders(config: TrainingSettings) -> dict[str, Path]:
    """Return the two root folders as keyword arguments of the tasks."""
    return {"data_dir": config.data_dir, "artifacts_dir": config.artifacts_dir}


def compare_with_champion(config: RunConfig, choice: Choice, reviews: ReviewsManifest) -> Drift | None:
    """Measure the drift of the training data from the champion's, if the champion was trained on this dataset."""
    try:
        receive_champion(config.artifacts_dir)
        if not has_comparable_champion(choice, config.artifacts_dir):
            return None
        return run(measure_drift, reviews, **folders(config)).facts
    except UserError as error:
        # The gate deals with a champion that cannot be loaded; the run continues without measuring drift.
        get_run_logger().warning("drift was not measured: %s", error)
        return None


def choose_encoding(config: TrainingSettings, choice: Choice, reviews: ReviewsManifest) -> EncodingChoice | None:
    """Choose how the texts are encoded; None for datasets that are known to suit every variant's own encoding."""
    if config.encoding == AUTO and is_familiar(choice.dataset):
        return None
    return choose_kind_of_encoding(config.encoding, reviews, data_dir=config.data_dir, vocab_size=config.known_words)


def tune(config: RunConfig, reviews: ReviewsManifest, encoding: EncodingChoice | None, aims: Aims) -> Tuning | None:
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
        choose_fit=lambda variant: config.choose_fit(variant, 1, aims),
        vectors=config.vectors,
        encoder=config.encoder,
        memory=config.memory_bytes,
        aims=aims,
        jobs=choose_jobs(config.jobs, num_works=len(subjects), shares_gpu=find_device() != CPU),
        **folders(config),
    )
    return Tuning(
        budget=budget,
        folds=config.folds,
        num_validation=reviews.facts.num_reviews["validation"],
        aim=aims.objective.title if aims.objective else None,
        studies=tuple(tune_models(subjects, bench, budget=budget, place=find_studies(config), seed=1)),
    )


def find_unlabelled(config: RunConfig, choice: Choice, reviews: ReviewsManifest) -> UnlabelledManifest | None:
    """Write the texts without labels if models of the run use them and there are such texts."""
    if not config.names_with_unlabelled:
        return None
    found = choose_unlabelled(config.unlabelled_path, choice, config.other_files, config.data_dir)
    if found is None:
        get_run_logger().warning("%s; --unlabelled-path names some", describe_untaught(config.names_with_unlabelled))
        return None
    return run(ingest_unlabelled, found, reviews, data_dir=config.data_dir, limit=config.limit)


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
    findings = (*list_bounds(leaderboard), *describe_challenges(leaderboard), *describe_left_out(leaderboard.run))
    for line in (describe_verdict(leaderboard), *list_advice(leaderboard), *findings):
        console.print(escape_control(line), markup=False, highlight=False)
    console.print(f"Gate: {describe_gate(leaderboard.gate)}", markup=False, highlight=False)
    print(spell_place(config.artifacts_dir / RUNS / leaderboard.run.id / "report.html"))
