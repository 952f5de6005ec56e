"""A run as a whole: the outcome of each model, and what the leaderboard says about the run."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tasks.baseline.facts import BaselineFacts
from tasks.compare.leaderboard_facts import NumReviews, RunFacts, TimeBudgetFacts
from tasks.compare.results import BASELINE, Entrant, FailedModel, ModelResult, TrainedModel, find_objective
from tasks.encode.facts import EncodingChoice
from tasks.encoders.facts import EncoderFacts
from tasks.errors import SpokenError, UserError
from tasks.evaluate.ensemble_facts import EnsembleFacts
from tasks.evaluate.facts import AnyTraining, EvaluationFacts
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ReviewsManifest, UnlabelledFacts
from tasks.process.gate import shared_gate
from tasks.process.place import ELSEWHERE, Place
from tasks.process.side_by_side import choose_jobs_here, work_side_by_side
from tasks.process.time_budget import LeftOutError
from tasks.store.fingerprint import library_versions
from tasks.store.outputs import Manifest
from tasks.train.device import CPU, find_device
from tasks.train.facts import LessonFacts, RegionFacts, TrainingFacts
from tasks.vectors.facts import VectorFacts

AnyTrainingT = TypeVar("AnyTrainingT", TrainingFacts, BaselineFacts, EnsembleFacts)


class Candidate(NamedTuple):
    """A model that is to be trained and evaluated.

    The higher the effort, the longer the training takes; the higher the merit, the better the model usually is.
    """

    entrant: Entrant
    train: Callable[[], Manifest[Any]]
    evaluate: Callable[[Manifest[Any]], Manifest[EvaluationFacts]]
    effort: int = 0
    merit: float = 0.0


# Is told of a model that the time budget leaves out.
LeaveOut = Callable[[Entrant, LeftOutError], None]


def attempt_all(candidates: Sequence[Candidate], *, jobs: int, locks: Path | None = None) -> list[ModelResult]:
    """Train and evaluate all models; results are in the order of the candidates. Raises UserError.

    Several jobs train side by side, the longest trainings first. They evaluate afterwards, here, even if the trainings
    were elsewhere: side by side on all cores, but they measure the speeds of prediction one model at a time, so that
    these are comparable. `locks` is a folder for the lock by which they do so; without one, each waits for the other.
    """
    if is_sequential(jobs):
        return [attempt(it.entrant, it.train, it.evaluate) for it in candidates]
    order = sorted(range(len(candidates)), key=lambda index: candidates[index].effort, reverse=True)
    trained = train_in_order(candidates, order, jobs=jobs)
    return evaluate_all([(it, trained[index]) for index, it in enumerate(candidates)], jobs=jobs, locks=locks)


def attempt_best_first(
    candidates: Sequence[Candidate], *, jobs: int, leave_out: LeaveOut, locks: Path | None = None
) -> list[ModelResult]:
    """Do the same for as many models as the time budget of this thread allows, the best ones first.

    Baselines are first, then every variant with its first seed, then with the next one.
    """
    order = sorted(range(len(candidates)), key=lambda index: rank(candidates[index]))
    results: dict[int, ModelResult] = {}
    if is_sequential(jobs):
        for index in order:
            it = candidates[index]
            try:
                results[index] = attempt(it.entrant, it.train, it.evaluate)
            except LeftOutError as error:
                leave_out(it.entrant, error)
        return [result for _, result in sorted(results.items())]
    kept = []
    for index, future in train_in_order(candidates, order, jobs=jobs).items():
        if isinstance(failure := future.exception(), LeftOutError):
            leave_out(candidates[index].entrant, failure)
        else:
            kept.append((index, future))
    trained = [(candidates[index], future) for index, future in sorted(kept, key=lambda pair: pair[0])]
    return evaluate_all(trained, jobs=jobs, locks=locks)


def evaluate_all(
    trained: Sequence[tuple[Candidate, Future[Manifest[Any]]]], *, jobs: int, locks: Path | None
) -> list[ModelResult]:
    """Evaluate models that were trained side by side, as `attempt_all` says."""
    works = [partial(attempt, it.entrant, future.result, it.evaluate) for it, future in trained]
    if locks is None:
        return [work() for work in works]
    wanted = jobs if ELSEWHERE.get(None) is None else None
    at_a_time = choose_jobs_here(wanted, num_works=len(works), shares_gpu=find_device() != CPU)
    with shared_gate(locks):
        done = work_side_by_side(works, jobs=at_a_time, places=[Place() for _ in range(at_a_time)])
    return [it.result() for it in done]


def is_sequential(jobs: int) -> bool:
    """Tell whether each model is evaluated before the next one is trained."""
    return jobs == 1 and ELSEWHERE.get(None) is None


def rank(candidate: Candidate) -> tuple[bool, int, float]:
    """Return the key of the order in which a time budget is used, the smallest first."""
    entrant = candidate.entrant
    return entrant.group != BASELINE, entrant.seed, -candidate.merit


def train_in_order(
    candidates: Sequence[Candidate], order: Sequence[int], *, jobs: int
) -> dict[int, Future[Manifest[Any]]]:
    """Train the candidates side by side, in an order of their indices; returns their futures by index."""
    futures = work_side_by_side([candidates[index].train for index in order], jobs=jobs)
    return dict(zip(order, futures, strict=True))


def attempt(
    entrant: Entrant,
    train: Callable[[], Manifest[AnyTrainingT]],
    evaluate: Callable[[Manifest[AnyTrainingT]], Manifest[EvaluationFacts]],
) -> ModelResult:
    """Train and evaluate one model; if that fails, its result says why.

    Raises UserError, which concerns all models, and LeftOutError.
    """
    try:
        model = train()
        evaluation = evaluate(model)
    except (UserError, LeftOutError):
        raise
    except Exception as error:  # noqa: BLE001  one failed variant does not stop the others
        spoken = error if isinstance(error, SpokenError) else SpokenError(f"{type(error).__name__}: {error}")
        return FailedModel(**dict(entrant), reason=" ".join(str(spoken).split())[:500])
    return TrainedModel(
        **dict(entrant),
        folder=model.folder,
        evaluation=evaluation.fingerprint,
        training=model.facts,
        metrics=evaluation.facts,
    )


def describe_run(
    choice: Choice,
    reviews: ReviewsManifest,
    results: Sequence[ModelResult],
    *,
    encoding: EncodingChoice | None,
    unlabelled: UnlabelledFacts | None = None,
    time_budget: TimeBudgetFacts | None = None,
    run_id: str,
    limit: int | None,
    seeds: int,
    started: datetime,
) -> RunFacts:
    """Gather what the leaderboard says about the run as a whole."""
    trainings = [result.training for result in results if isinstance(result, TrainedModel)]
    devices = sorted({describe_device(training) for training in trainings})
    return RunFacts(
        id=run_id,
        dataset=choice.dataset,
        is_fallback=choice.is_fallback,
        fallback_reason=choice.reason,
        label_names=tuple(reviews.facts.label_names),
        num_reviews=NumReviews(**reviews.facts.num_reviews),
        warnings=tuple(reviews.facts.warnings),
        dropped=reviews.facts.rows.dropped,
        encoding=encoding,
        unlabelled=unlabelled,
        teachers=find_teachers(results),
        vectors=find_vectors(results),
        regions=find_regions(results),
        encoder=find_encoder(results),
        time_budget=time_budget,
        limit=limit,
        seeds=seeds,
        objective=find_objective(results),
        started=started.isoformat(timespec="seconds"),
        seconds=(datetime.now(UTC) - started).total_seconds(),
        device="; ".join(devices) or "none",
        peak_memory_mb=max((training.peak_memory_mb for training in trainings), default=0),
        versions=library_versions("prefect", "keras", "tensorflow", "tensorflow-datasets", "numpy", "scikit-learn"),
    )


def find_teachers(results: Sequence[ModelResult]) -> dict[int, LessonFacts]:
    """Find what the students of each seed were taught; all students of a seed have the same teacher."""
    trained = [(it.seed, it.training) for it in results if isinstance(it, TrainedModel)]
    return {seed: it.lessons for seed, it in trained if isinstance(it, TrainingFacts) and it.lessons}


def find_vectors(results: Sequence[ModelResult]) -> dict[str, VectorFacts]:
    """Find the word vectors that models began with, by encoding."""
    trained = [(it.encoding, it.training) for it in results if isinstance(it, TrainedModel)]
    return {encoding: it.vectors for encoding, it in trained if isinstance(it, TrainingFacts) and it.vectors}


def find_regions(results: Sequence[ModelResult]) -> dict[str, RegionFacts]:
    """Find the embeddings of regions that models read, by variant."""
    trained = [(it.variant, it.training) for it in results if isinstance(it, TrainedModel)]
    return {variant: it.regions for variant, it in trained if isinstance(it, TrainingFacts) and it.regions}


def find_encoder(results: Sequence[ModelResult]) -> EncoderFacts | None:
    """Find the encoder that models began with; None if none did."""
    trained = (it.training for it in results if isinstance(it, TrainedModel))
    return next((it.encoder for it in trained if isinstance(it, TrainingFacts) and it.encoder), None)


def describe_device(training: AnyTraining) -> str:
    """Describe what a model was trained on: "CPU (2 cores), tensorflow, C library (avx512)"."""
    instructions = training.instructions if isinstance(training, TrainingFacts) else None
    return f"{training.device}, C library ({instructions})" if instructions else training.device
