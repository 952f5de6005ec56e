"""Prefect tasks of tuning: trials, which train models like any other run, and the parts of a cross-validation."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from tasks.baseline.facts import BaselineFacts
from tasks.baseline.output import plan_baseline
from tasks.baseline.own import OwnBaseline, derive_baseline
from tasks.encode.encodings import Encoding
from tasks.encode.facts import EncodingFacts
from tasks.encode.task import encode_reviews
from tasks.encoders.facts import EncoderFacts
from tasks.encoders.task import take_encoder
from tasks.ingest.facts import ReviewsFacts, ReviewsManifest
from tasks.objective.facts import Aims
from tasks.orchestrate.outputs import produce_in_task, run
from tasks.process.side_by_side import work_side_by_side
from tasks.store.outputs import Manifest, Output, Plan, locked
from tasks.train.facts import TrainingFacts
from tasks.train.output import EncoderOutputs, plan_training
from tasks.train.own import OwnVariant, derive_variant
from tasks.train.settings import FitSettings
from tasks.train.sources import fit_encoding, fit_variant
from tasks.train.task import Progress, learn_regions, read_texts, settle_device
from tasks.train.variants import Variant
from tasks.tune.facts import Budget, Scored, StudyFacts, TrialFacts
from tasks.tune.folds import plan_fold
from tasks.tune.judging import describe_judging, judge
from tasks.tune.outcomes import Kept, PrunedError, Relay, Watch, average, read_outcome
from tasks.tune.storage import open_storage
from tasks.tune.subject import Subject
from tasks.vectors.facts import VectorFacts
from tasks.vectors.task import match_vectors


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all trials of a run share.

    `parts` are the reviews that they are judged on, by what the run aims at: those of the run, or the folds of a
    cross-validation. A variant gets its encoding and its settings from the run's, and one that begins with word vectors
    or an encoder those of the run.
    """

    parts: Sequence[ReviewsManifest]
    choose_encoding: Callable[[Variant], Encoding]
    choose_fit: Callable[[Variant], FitSettings]
    vectors: Path | None
    encoder: Path | None
    data_dir: Path
    artifacts_dir: Path
    jobs: int
    memory: int
    aims: Aims


@task(name="divide-reviews", task_run_name="divide-reviews-{fold}-of-{folds}", cache_policy=NO_CACHE)
def divide_reviews(reviews: ReviewsManifest, fold: int, *, folds: int, data_dir: Path) -> State[Manifest[ReviewsFacts]]:
    """Hold out one part of the training and validation reviews, for a cross-validation; parts are counted from 0."""
    return produce_in_task(*plan_fold(reviews, fold, folds=folds, data_dir=data_dir))


@task(name="train-trial", task_run_name="tune-{trial}", cache_policy=NO_CACHE)
def train_trial(output: Output[Any], make: Callable[[Path], Any], *, trial: str, kept: Kept) -> State[Any]:
    """Train a model with the settings of a trial, or reuse that of an identical training; ends as Pruned if it lags."""
    get_run_logger().info("trial %s", trial)
    try:
        return produce_in_task(output, make)
    except PrunedError as error:
        shutil.rmtree(output.work_folder, ignore_errors=True)
        return Completed(name="Pruned", message=str(error), data=kept.summarise())


def tune_models(
    subjects: Sequence[Subject], bench: Bench, *, budget: Budget, place: str, seed: int
) -> list[StudyFacts]:
    """Tune each model with the same budget, several side by side; the studies are in the order of the models."""
    works = [partial(tune_model, subject, bench, budget=budget, place=place, seed=seed) for subject in subjects]
    return [future.result() for future in work_side_by_side(works, jobs=bench.jobs)]


def tune_model(subject: Subject, bench: Bench, *, budget: Budget, place: str, seed: int) -> StudyFacts:
    """Tune one model; another run that tunes it in the same folders waits."""
    # Optuna is there only if models are to be tuned.
    from tasks.tune.study import run_study

    logger = get_run_logger()
    bench = bench if subject.is_baseline else settle_bench(subject, bench)
    plan_part = plan_baseline_part if subject.is_baseline else plan_variant_part

    def attempt(number: int, definition: Mapping[str, Any], watch: Watch) -> TrialFacts:
        found = []
        for index, part in enumerate(bench.parts):
            trial = f"{subject.name}-{number + 1}" + (f"-fold-{index + 1}" if len(bench.parts) > 1 else "")
            kept = Kept()
            plan = plan_part(subject.tuned, definition, part, bench, kept=kept, watch=watch if index == 0 else accept)
            outcome = run(train_trial, *plan, trial=trial, kept=kept)
            if isinstance(outcome, TrialFacts):
                return outcome
            judged = judge_part(outcome, definition, part, bench, is_baseline=subject.is_baseline)
            found.append((part.facts.num_reviews["validation"], read_outcome(outcome, judged, bench.artifacts_dir)))
        return average(found)

    with locked(bench.artifacts_dir, f"tuning-{subject.name}"):
        facts = run_study(
            subject,
            budget,
            storage=open_storage(place),
            identity=identify(subject, bench),
            seed=seed,
            num_evaluations=count_evaluations(subject, bench),
            attempt=attempt,
        )
    logger.info("%s: %d trials, of which %d were pruned", subject.name, facts.completed + facts.pruned, facts.pruned)
    if facts.failure:
        logger.warning("%s: %d trials failed, the first one because: %s", subject.name, facts.failed, facts.failure)
    return facts


def count_evaluations(subject: Subject, bench: Bench) -> int:
    """Count the evaluations that a training has at most; a baseline has one."""
    if subject.is_baseline:
        return 1
    settings = bench.choose_fit(derive_variant(subject.tuned, OwnVariant.model_validate(subject.definition)))
    return settings.epochs * settings.evaluations_per_epoch


def judge_part(
    model: Manifest[Any], definition: Mapping[str, Any], part: ReviewsManifest, bench: Bench, *, is_baseline: bool
) -> Scored:
    """Judge a model that was trained with the settings of a trial on one part."""
    settings = (
        None if is_baseline else bench.choose_fit(derive_variant(model.name, OwnVariant.model_validate(definition)))
    )
    return judge(
        model, settings, bench.aims, artifacts_dir=bench.artifacts_dir, reviews_folder=bench.data_dir / part.folder
    )


def settle_bench(subject: Subject, bench: Bench) -> Bench:
    """Let all trials of a variant compute on the same device: the one that trains its usual settings faster."""
    row = derive_variant(subject.tuned, OwnVariant.model_validate(subject.definition))
    part = bench.parts[0]
    row, sequences, *_ = prepare_variant(row, part, bench)
    device = settle_device(
        row,
        bench.choose_fit(row),
        sequences,
        num_classes=len(part.facts.label_names),
        data_dir=bench.data_dir,
        artifacts_dir=bench.artifacts_dir,
    )
    return replace(bench, choose_fit=lambda variant: replace(bench.choose_fit(variant), device=device))


def accept(_losses: Sequence[float]) -> None:
    """Let a training go on."""


def plan_variant_part(
    name: str, definition: Mapping[str, Any], part: ReviewsManifest, bench: Bench, *, kept: Kept, watch: Watch
) -> Plan[TrainingFacts]:
    """Plan the training of a variant on one part."""
    row = derive_variant(name, OwnVariant.model_validate(definition))
    settings = bench.choose_fit(row)
    row, sequences, vectors, encoder = prepare_variant(row, part, bench)
    regions = run(learn_regions, sequences, None, data_dir=bench.data_dir) if row.regions else None
    read = None
    if encoder and row.encoder == "frozen":
        read = run(read_texts, encoder, sequences, device=settings.device, data_dir=bench.data_dir)
    return plan_training(
        row,
        settings,
        sequences,
        num_classes=len(part.facts.label_names),
        listen=lambda title, folder: Relay(Progress(title, folder, settings=settings), kept, watch),
        jobs=bench.jobs,
        data_dir=bench.data_dir,
        artifacts_dir=bench.artifacts_dir,
        vectors=vectors,
        encoder=EncoderOutputs(encoder, read) if encoder else None,
        regions=regions,
    )


class Prepared(NamedTuple):
    """A variant as it fits what it begins with: the sequences of a part, word vectors of its words, an encoder."""

    row: Variant
    sequences: Manifest[EncodingFacts]
    vectors: Manifest[VectorFacts] | None
    encoder: Manifest[EncoderFacts] | None


def prepare_variant(row: Variant, part: ReviewsManifest, bench: Bench) -> Prepared:
    """Encode a part for a variant, and take the word vectors or the encoder that it begins with."""
    encoder: Manifest[EncoderFacts] | None = None
    vectors: Manifest[VectorFacts] | None = None
    if row.encoder and bench.encoder:
        encoder = run(take_encoder, bench.encoder, data_dir=bench.data_dir)
    encoding = fit_encoding(bench.choose_encoding(row), encoder.facts if encoder else None)
    sequences = run(encode_reviews, part, encoding, data_dir=bench.data_dir, encoder=encoder)
    if row.vectors and bench.vectors:
        vectors = run(match_vectors, bench.vectors, sequences, data_dir=bench.data_dir)
    row = fit_variant(row, vectors.facts if vectors else None, encoder.facts if encoder else None)
    return Prepared(row, sequences, vectors, encoder)


def plan_baseline_part(
    name: str, definition: Mapping[str, Any], part: ReviewsManifest, bench: Bench, *, kept: Kept, watch: Watch
) -> Plan[BaselineFacts]:
    """Plan the fit of a baseline on one part; it has no epochs, so nothing is kept or watched."""
    del kept, watch
    row = derive_baseline(name, OwnBaseline.model_validate(definition))
    return plan_baseline(
        row,
        part,
        label_names=part.facts.label_names,
        class_weights=bench.aims.class_weights,
        jobs=bench.jobs,
        memory=bench.memory,
        data_dir=bench.data_dir,
        artifacts_dir=bench.artifacts_dir,
    )


def identify(subject: Subject, bench: Bench) -> dict[str, Any]:
    """List what decides the losses of a study's trials besides their settings, as plain JSON."""
    plan_part = plan_baseline_part if subject.is_baseline else plan_variant_part
    usual, _ = plan_part(subject.tuned, subject.definition, bench.parts[0], bench, kept=Kept(), watch=accept)
    return {
        "usual": usual.decided_by,
        "parts": [part.content_hash for part in bench.parts],
        "judged": describe_judging("baseline" if subject.is_baseline else "neural", bench.aims),
    }
