"""Prefect tasks that choose a variant's device, and train it with one seed and show its progress."""

import time
from functools import partial
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

from prefect import task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from tqdm import tqdm

from tasks.encode.facts import EncodingFacts
from tasks.encoders.facts import EncoderFacts
from tasks.errors import TrainingError
from tasks.orchestrate.outputs import produce_in_task, run
from tasks.process.outlook import tell_round
from tasks.store.outputs import Manifest
from tasks.train.device import Device
from tasks.train.events import write_events
from tasks.train.facts import DeviceFacts, RegionFacts, TextVectorFacts, TrainingFacts
from tasks.train.output import EncoderOutputs, LessonOutputs, has_choice, plan_device, plan_training
from tasks.train.regions.output import UnlabelledSequences, plan_regions
from tasks.train.settings import EpochRecord, FitSettings, Listener, describe_epoch, measure_epoch
from tasks.train.text_vector_output import plan_text_vectors
from tasks.train.variants import Variant
from tasks.vectors.facts import VectorFacts

SECONDS_BETWEEN_UPDATES: Final = 2.0


class Progress(Listener):
    """Shows a training's progress: a bar on a terminal, a log line per epoch, an artifact in the UI, TensorBoard."""

    def __init__(self, name: str, event_folder: Path, *, settings: FitSettings) -> None:
        self.name = name
        self.settings = settings
        self.event_folder = event_folder
        self.logger = get_run_logger()
        self.bar: tqdm[Any] | None = None
        self.updated = 0.0
        self.artifact_id = cast("UUID", create_progress_artifact(0.0, key=f"progress-{name}", description=name))

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        """Update the bar, and the artifact every few seconds."""
        if self.bar is None:
            # disable=None: no bar unless standard error is a terminal.
            self.bar = tqdm(
                total=num_reviews, desc=f"{self.name} epoch {epoch}", unit="review", leave=False, disable=None
            )
        self.bar.update(num_done - self.bar.n)
        if time.monotonic() - self.updated > SECONDS_BETWEEN_UPDATES:
            self.update_artifact(100 * (epoch - 1 + num_done / num_reviews) / self.settings.epochs)

    def on_epoch(self, history: list[EpochRecord]) -> None:
        """Log the epoch, and update the artifact and TensorBoard."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
        record = history[-1]
        self.logger.info("%s: %s", self.name, describe_epoch(history, self.settings))
        self.update_artifact(100 * record.epoch / self.settings.epochs)
        tell_round(record.epoch, self.settings.epochs, measure_epoch(history))
        write_events(self.event_folder, history)

    def update_artifact(self, percent: float) -> None:
        """Show a percentage in the UI."""
        self.updated = time.monotonic()
        update_progress_artifact(self.artifact_id, percent)


@task(name="train-variant", task_run_name="train-{variant.name}-{settings.seed}", cache_policy=NO_CACHE)
def train_variant(
    variant: Variant,
    settings: FitSettings,
    sequences: Manifest[EncodingFacts],
    *,
    num_classes: int,
    data_dir: Path,
    artifacts_dir: Path,
    jobs: int = 1,
    lessons: LessonOutputs | None = None,
    vectors: Manifest[VectorFacts] | None = None,
    encoder: EncoderOutputs | None = None,
    regions: Manifest[RegionFacts] | None = None,
) -> State[Manifest[TrainingFacts]]:
    """Train a variant on sequences, a student also on `lessons`, or reuse the model of an identical training.

    It begins with `vectors`, an `encoder` or embeddings of `regions`, if there are any. `jobs` models are trained at a
    time.
    """
    plan = plan_training(
        variant,
        settings,
        sequences,
        num_classes=num_classes,
        data_dir=data_dir,
        artifacts_dir=artifacts_dir,
        listen=partial(Progress, settings=settings),
        jobs=jobs,
        lessons=lessons,
        vectors=vectors,
        encoder=encoder,
        regions=regions,
    )
    return produce_in_task(*plan)


@task(name="read-texts", task_run_name="read-texts-{sequences.name}", cache_policy=NO_CACHE)
def read_texts(
    encoder: Manifest[EncoderFacts], sequences: Manifest[EncodingFacts], *, device: Device, data_dir: Path
) -> State[Manifest[TextVectorFacts]]:
    """Compute the vectors that a frozen encoder gives the texts, or reuse those of an earlier run."""
    say = get_run_logger().info
    return produce_in_task(*plan_text_vectors(encoder, sequences, device=device, data_dir=data_dir, say=say))


@task(name="learn-regions", task_run_name="learn-regions-{sequences.name}", cache_policy=NO_CACHE)
def learn_regions(
    sequences: Manifest[EncodingFacts], unlabelled: UnlabelledSequences | None, *, data_dir: Path
) -> State[Manifest[RegionFacts]]:
    """Learn embeddings of regions from training texts and others without labels, or reuse those of an earlier run."""
    return produce_in_task(*plan_regions(sequences, unlabelled, data_dir=data_dir, say=get_run_logger().info))


@task(name="choose-device", task_run_name="choose-device-{variant.name}", cache_policy=NO_CACHE)
def choose_device(
    variant: Variant,
    settings: FitSettings,
    sequences: Manifest[EncodingFacts],
    *,
    num_classes: int,
    data_dir: Path,
    artifacts_dir: Path,
) -> State[Manifest[DeviceFacts]]:
    """Measure on which device a variant's updates are faster, or reuse the choice of an earlier run."""
    return produce_in_task(
        *plan_device(
            variant, settings, sequences, num_classes=num_classes, data_dir=data_dir, artifacts_dir=artifacts_dir
        )
    )


def settle_device(
    variant: Variant,
    settings: FitSettings,
    sequences: Manifest[EncodingFacts],
    *,
    num_classes: int,
    data_dir: Path,
    artifacts_dir: Path,
) -> Device:
    """Return the wanted device, or the faster one if there is a choice; what fails is left to the training to tell."""
    if not has_choice(variant, settings):
        return settings.device
    folders = {"data_dir": data_dir, "artifacts_dir": artifacts_dir}
    try:
        facts = run(choose_device, variant, settings, sequences, num_classes=num_classes, **folders).facts
    except TrainingError as error:
        get_run_logger().warning("%s: %s", variant.name, error)
        return settings.device
    get_run_logger().info("%s: %s", variant.name, facts.describe())
    return facts.device
