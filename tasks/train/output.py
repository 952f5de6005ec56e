"""A trained model as an output, and the choice of its device: where they go, what decides them, how they are made."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tasks.encode.encodings import restore_encoding
from tasks.encode.facts import EncodingFacts
from tasks.encoders.facts import EncoderFacts, Pretrained
from tasks.errors import TrainingError
from tasks.process.child import ChildError, run_apart
from tasks.process.place import where_trained
from tasks.process.time_budget import work_in_time
from tasks.store.layout import (
    ANSWERS_FILE,
    DEVICES,
    EVENTS,
    MODELS,
    REGIONS_FILE,
    UNLABELLED_FILE,
    VECTORS_FILE,
    WEIGHTS_FILE,
)
from tasks.store.outputs import Manifest, Output, Plan
from tasks.train.device import CPU, Device, find_device, find_remote_device
from tasks.train.effort import find_slowness
from tasks.train.facts import DeviceFacts, LessonFacts, RegionFacts, TextVectorFacts, TrainingFacts
from tasks.train.identity import TRAIN, decide_device, decide_model
from tasks.train.lessons import Lessons
from tasks.train.pace import watch_pace
from tasks.train.settings import FitSettings, Listener
from tasks.train.variants import Variant
from tasks.vectors.facts import VectorFacts


class EncoderOutputs(NamedTuple):
    """An encoder that a model begins with, and if it is frozen the vectors that it gives the texts."""

    encoder: Manifest[EncoderFacts]
    text_vectors: Manifest[TextVectorFacts] | None = None

    def locate(self, data_dir: Path) -> dict[str, Any]:
        """Find what a training is given of them."""
        encoder, found = self
        return {
            "encoder": Pretrained(encoder.facts, data_dir / encoder.folder / WEIGHTS_FILE),
            "text_vectors": data_dir / found.folder if found else None,
        }


class LessonOutputs(NamedTuple):
    """The outputs that a student's lessons consist of: sequences of texts without labels, and a teacher's answers."""

    sequences: Manifest[Any]
    answers: Manifest[LessonFacts]


def plan_training(
    variant: Variant,
    settings: FitSettings,
    sequences: Manifest[EncodingFacts],
    *,
    num_classes: int,
    data_dir: Path,
    artifacts_dir: Path,
    listen: Callable[[str, Path], Listener],
    jobs: int = 1,
    lessons: LessonOutputs | None = None,
    vectors: Manifest[VectorFacts] | None = None,
    encoder: EncoderOutputs | None = None,
    regions: Manifest[RegionFacts] | None = None,
) -> Plan[TrainingFacts]:
    """Plan a variant that is trained on sequences, a student also on `lessons`.

    It begins with `vectors`, an `encoder` or embeddings of `regions`, if there are any. `listen` is called when a
    training begins, with the model's name and a folder for its events, and returns the listener that is told of its
    progress. `jobs` is how many models are trained at a time. Making it raises LeftOutError if it would not be done
    within the time budget, if there is one.
    """
    output = Output(
        root=artifacts_dir,
        kind="training",
        name=variant.name,
        family=f"{MODELS}/{variant.name}",
        folder=f"{MODELS}/{variant.name}/{{fingerprint}}",
        facts_type=TrainingFacts,
        decided_by=decide_model(
            variant,
            settings,
            sequences,
            num_classes=num_classes,
            lessons=lessons,
            vectors=vectors,
            encoder=encoder and encoder.encoder,
            regions=regions,
        ),
        manifest_name="training.json",
    )

    def make(folder: Path) -> TrainingFacts:
        name = f"{variant.name}-{settings.seed}"
        # A worker with a GPU must not use it if it was not asked for.
        device: Device = "cpu" if find_training_device() == CPU else settings.device
        with work_in_time(output.fingerprint) as admit:
            listener = listen(name, artifacts_dir / EVENTS / name / output.fingerprint)
            facts: TrainingFacts = run_apart(
                TRAIN,
                variant=variant,
                encoding=restore_encoding(sequences.name, sequences.decided_by["encoding"]),
                settings=replace(settings, device=device),
                on_gpu=device != "cpu",
                num_classes=num_classes,
                sequences_folder=data_dir / sequences.folder,
                folder=folder,
                listener=watch_pace(listener, admit, settings, data_dir / sequences.folder) if admit else listener,
                lessons=find_lessons(lessons, data_dir=data_dir, artifacts_dir=artifacts_dir) if lessons else None,
                vectors=data_dir / vectors.folder / VECTORS_FILE if vectors else None,
                regions=data_dir / regions.folder / REGIONS_FILE if regions else None,
                **(encoder.locate(data_dir) if encoder else {}),
            )
        more = {
            "lessons": lessons.answers.facts if lessons else None,
            "vectors": vectors.facts if vectors else None,
            "encoder": encoder.encoder.facts if encoder else None,
            "regions": regions.facts if regions else None,
            "most_unknown": sequences.facts.most_unknown,
        }
        return facts.model_copy(update={"jobs": jobs, **more})

    return output, make


def find_lessons(lessons: LessonOutputs, *, data_dir: Path, artifacts_dir: Path) -> Lessons:
    """Find the files of lessons."""
    return Lessons(
        sequences=data_dir / lessons.sequences.folder / UNLABELLED_FILE,
        answers=artifacts_dir / lessons.answers.folder / ANSWERS_FILE,
    )


def find_training_device() -> str:
    """Name the accelerators where the models are trained, or "CPU"."""
    return find_remote_device() or find_device()


def has_choice(variant: Variant, settings: FitSettings) -> bool:
    """Tell whether two devices might train a variant, so that it pays to measure which is faster.

    No processor trains an encoder as fast as an accelerator does.
    """
    if settings.device != "auto" or variant.encoder or find_training_device() == CPU:
        return False
    return find_slowness([variant], settings.kernels, "cpu") is None


def plan_device(
    variant: Variant,
    settings: FitSettings,
    sequences: Manifest[EncodingFacts],
    *,
    num_classes: int,
    data_dir: Path,
    artifacts_dir: Path,
) -> Plan[DeviceFacts]:
    """Plan the choice between CPU and GPU by the seconds of an update.

    The choice is kept like any other output, so that a later run, however its timings would differ, makes the same.
    """
    output = Output(
        root=artifacts_dir,
        kind="device",
        name=variant.name,
        family=DEVICES,
        folder=f"{DEVICES}/{{fingerprint}}",
        facts_type=DeviceFacts,
        decided_by=decide_device(variant, settings, sequences, num_classes=num_classes),
    )

    def make(folder: Path) -> DeviceFacts:
        failures = []

        def measure(device: Device) -> float | None:
            try:
                seconds: float = run_apart(
                    "tasks.train.update_speed:measure_update",
                    variant=variant,
                    encoding=restore_encoding(sequences.name, sequences.decided_by["encoding"]),
                    settings=replace(settings, device=device),
                    on_gpu=device == "gpu",
                    num_classes=num_classes,
                    sequences_folder=data_dir / sequences.folder,
                    folder=folder,
                )
            except (TrainingError, ChildError) as error:
                failures.append(f"{device}: {error}")
                return None
            return seconds

        with where_trained():
            return compare_devices(cpu=measure("cpu"), gpu=measure("gpu"), failures=failures)

    return output, make


def compare_devices(*, cpu: float | None, gpu: float | None, failures: Sequence[str]) -> DeviceFacts:
    """Choose the device with the faster updates; raises TrainingError if both failed."""
    if cpu is None and gpu is None:
        raise TrainingError(f"no device could train it: {'; '.join(failures)}")
    faster: Literal["cpu", "gpu"] = "cpu" if gpu is None or (cpu is not None and cpu < gpu) else "gpu"
    return DeviceFacts(device=faster, cpu_seconds=cpu, gpu_seconds=gpu, failures=tuple(failures))
