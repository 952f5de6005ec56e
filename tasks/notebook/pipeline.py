"""Compare models on a data frame: the stages of the training flow, one after the other, without Prefect."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pandas as pd

from tasks.compare.facts import FILE, Comparison
from tasks.compare.output import describe_encodings, plan_comparison
from tasks.compare.results import FailedModel
from tasks.compare.run import describe_run
from tasks.contest.contest import Contest
from tasks.contest.time_limit import TimeLimit
from tasks.encode.choice import Wanted, choose_encoding, describe_choice
from tasks.encoders.weights import check_encoder
from tasks.errors import disk_errors_explained
from tasks.ingest.datasets import AUTO, Choice, choose_dataset
from tasks.ingest.facts import ReviewsManifest
from tasks.ingest.output import plan_reviews
from tasks.notebook.frames import frame_as_file, list_columns, name_frame
from tasks.notebook.leaderboard import Leaderboard
from tasks.notebook.outputs import make
from tasks.notebook.settings import NotebookConfig, arguments_named, build_config, name_arguments
from tasks.notebook.stages import DirectStages
from tasks.promote.candidate import judge_candidate
from tasks.report.run.facts import RunMetrics
from tasks.report.run.folder import write_run
from tasks.settings.files import gather_files
from tasks.teach.output import describe_untaught
from tasks.train.effort import find_slowness
from tasks.train.identity import check_backend
from tasks.train.kernels.choice import Kernels, choose_kernels
from tasks.vectors.formats import check_vectors

LOGGER: Final = logging.getLogger(__name__)
DEFAULT_VARIANTS: Final = ("flatten", "conv-max")


def compare(
    frame: pd.DataFrame,
    *,
    text: str | Sequence[str] = "text",
    label: str = "label",
    slices: str | Sequence[str] = (),
    variants: str | Sequence[str] | None = None,
    baselines: str | Sequence[str] = ("auto",),
    own_variants: Mapping[str, Any] | None = None,
    own_baselines: Mapping[str, Any] | None = None,
    encoding: Wanted = "auto",
    length: int | None = None,
    vocab_size: int | None = None,
    vectors: str | Path | None = None,
    encoder: str | Path | None = None,
    stack: bool = False,
    seeds: int = 1,
    class_weight: str | Path = "none",
    metric: str = "accuracy",
    costs: str | Path | None = None,
    epochs: int = 10,
    patience: int = 2,
    evaluations_per_epoch: int | None = None,
    batch_size: int | None = None,
    limit: int | None = None,
    validation_fraction: float = 0.1,
    max_dropped_share: float = 0.05,
    ordinal: bool = False,
    kernels: Kernels = "auto",
    jobs: int | None = None,
    minutes: float | None = None,
    name: str = "frame",
    folder: str | Path = "bakeoff",
) -> Leaderboard:
    """Train models on rows of a data frame, evaluate them on the test set, and write the report.

    `text` and `label` name the columns; several texts are joined by a space. The report compares the models on the test
    rows of each value of the columns that `slices` names. A column "split" says which rows are train, validation and
    test; missing splits are held out by stratified sampling. The other settings are those of `bakeoff train`, with the
    same defaults except for the variants, which are flatten and conv-max or those of one's own:
    own_variants={"my-lstm": {"base": "lstm", "units": 64}}. With `minutes`, they are all that do not use texts without
    labels, the best first, as far as the time allows. `name` is the name of the data in the report.

    Everything is kept under `folder`: a second call with the same rows and settings reuses what the first one made, and
    an interrupted call can be resumed by repeating it. The champion does not change. Raises UserError for settings and
    data that cannot be used; a model that fails is a row of the leaderboard with the reason.
    """
    started = datetime.now(UTC)
    texts = list_columns(text)
    slice_columns = list_columns(slices)
    config = build_config(
        Path(folder).expanduser().absolute(),
        dataset=name,
        text_column=texts,
        label_column=label,
        slice_column=slice_columns,
        variants=variants or tuple(own_variants or ((AUTO,) if minutes else DEFAULT_VARIANTS)),
        baselines=baselines,
        own_variants=dict(own_variants or {}),
        own_baselines=dict(own_baselines or {}),
        encoding=encoding,
        length=length,
        vocab_size=vocab_size,
        vectors=vectors,
        encoder=encoder,
        stack=stack,
        seeds=seeds,
        class_weight=str(class_weight),
        metric=metric,
        costs=costs,
        epochs=epochs,
        patience=patience,
        evaluations_per_epoch=evaluations_per_epoch,
        batch_size=batch_size,
        limit=limit,
        validation_fraction=validation_fraction,
        max_dropped_share=max_dropped_share,
        ordinal=ordinal,
        kernels=kernels,
        jobs=jobs,
        minutes=minutes,
    )
    time_limit = TimeLimit.of(config.minutes)
    with disk_errors_explained(folder), arguments_named():
        config.check_aims()
        choose_kernels(config.kernels, backend=check_backend())
        if config.vectors:
            check_vectors(config.vectors)
        if config.encoder:
            check_encoder(config.encoder)
        with frame_as_file(
            frame, texts=texts, label=label, slices=slice_columns, name=name, data_dir=config.data_dir
        ) as path:
            choice = choose_dataset(str(path), config.data_dir, gather_files(config, path))
            reviews = ingest(config, choice)
        for warning in reviews.facts.warnings:
            LOGGER.warning("%s: %s", choice.dataset, name_arguments(name_frame(warning, path.name)))
        return run_stages(config, choice, reviews, started, time_limit)


def ingest(config: NotebookConfig, choice: Choice) -> ReviewsManifest:
    """Check and split the reviews."""
    return make(
        plan_reviews(
            choice,
            data_dir=config.data_dir,
            validation_fraction=config.validation_fraction,
            limit=config.limit,
            ordinal=config.ordinal,
        )
    )


def run_stages(
    config: NotebookConfig, choice: Choice, reviews: ReviewsManifest, started: datetime, time_limit: TimeLimit | None
) -> Leaderboard:
    """Encode, train, evaluate, compare and write the report."""
    run_id = f"{started:%Y%m%d-%H%M%S}-{uuid4().hex[:8]}"
    folder = config.data_dir / reviews.folder
    encoding = choose_encoding(config.encoding, folder, vocab_size=config.known_words)
    LOGGER.info("%s", describe_choice(encoding))
    if config.names_with_unlabelled:
        LOGGER.warning("%s; a notebook gives none", describe_untaught(config.names_with_unlabelled))
    if slowness := find_slowness(config.chosen_variants, config.kernels):
        LOGGER.warning("%s", slowness)
    contest = Contest(config, reviews, config.find_aims(reviews.facts), DirectStages(**folders(config)), time_limit)
    sequences, by_variant = contest.encode(encoding)
    results = contest.hold(encoding, by_variant, None)
    for result in results:
        if isinstance(result, FailedModel):
            LOGGER.warning("%s with seed %d failed: %s", result.variant, result.seed, result.reason)
    comparison = make(plan_comparison(results, reviews, sequences, **folders(config)))
    compared = Comparison.read(config.artifacts_dir / comparison.folder / FILE)
    metrics = RunMetrics.gather(
        compared,
        run=describe_run(
            choice,
            reviews,
            results,
            encoding=encoding,
            time_budget=time_limit.describe() if time_limit else None,
            run_id=run_id,
            limit=config.limit,
            seeds=config.seeds,
            started=started,
        ),
        gate=judge_candidate(
            compared,
            reviews,
            describe_encodings(results, sequences, config.data_dir),
            rules=config.gate_rules,
            run_id=run_id,
            data_dir=config.data_dir,
            artifacts_dir=config.artifacts_dir,
        ),
        drift=None,
        probe=None,
    )
    written = write_run(config.artifacts_dir, metrics, config.model_dump_json(indent=2))
    return Leaderboard(metrics.select_leaderboard(), config.artifacts_dir, written / "report.html")


def folders(config: NotebookConfig) -> dict[str, Path]:
    """Return the two root folders as keyword arguments of the stages."""
    return {"data_dir": config.data_dir, "artifacts_dir": config.artifacts_dir}
