"""A trained model as an output: where it goes, what decides it, and how it is made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tasks.encode.encodings import restore_encoding
from tasks.encode.facts import EncodingFacts
from tasks.process.child import run_apart
from tasks.store.layout import ANSWERS_FILE, EVENTS, MODELS, UNLABELLED_FILE
from tasks.store.outputs import Manifest, Output, Plan
from tasks.train.facts import LessonFacts, TrainingFacts
from tasks.train.identity import TRAIN, decide_model
from tasks.train.lessons import Lessons
from tasks.train.settings import FitSettings, Listener
from tasks.train.variants import Variant


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
) -> Plan[TrainingFacts]:
    """Plan a variant that is trained on sequences, a student also on `lessons`.

    `listen` is called when a training begins, with the model's name and a folder for its events, and returns the
    listener that is told of its progress. `jobs` is how many models are trained at a time.
    """
    output = Output(
        root=artifacts_dir,
        kind="training",
        name=variant.name,
        family=f"{MODELS}/{variant.name}",
        folder=f"{MODELS}/{variant.name}/{{fingerprint}}",
        facts_type=TrainingFacts,
        decided_by=decide_model(variant, settings, sequences, num_classes=num_classes, lessons=lessons),
        manifest_name="training.json",
    )

    def make(folder: Path) -> TrainingFacts:
        name = f"{variant.name}-{settings.seed}"
        facts: TrainingFacts = run_apart(
            TRAIN,
            variant=variant,
            encoding=restore_encoding(sequences.name, sequences.decided_by["encoding"]),
            settings=settings,
            num_classes=num_classes,
            sequences_folder=data_dir / sequences.folder,
            folder=folder,
            listener=listen(name, artifacts_dir / EVENTS / name / output.fingerprint),
            lessons=find_lessons(lessons, data_dir=data_dir, artifacts_dir=artifacts_dir) if lessons else None,
        )
        return facts.model_copy(update={"jobs": jobs, "lessons": lessons.answers.facts if lessons else None})

    return output, make


def find_lessons(lessons: LessonOutputs, *, data_dir: Path, artifacts_dir: Path) -> Lessons:
    """Find the files of lessons."""
    return Lessons(
        sequences=data_dir / lessons.sequences.folder / UNLABELLED_FILE,
        answers=artifacts_dir / lessons.answers.folder / ANSWERS_FILE,
    )
