"""A teacher's answers as an output: where they go, what decides them, and how they are made."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tasks.compare.results import TrainedModel
from tasks.evaluate.bundle import MANIFESTS
from tasks.evaluate.identity import decide_prediction
from tasks.ingest.facts import UnlabelledManifest
from tasks.process.child import run_apart
from tasks.stack.output import hash_model
from tasks.stack.writing import Stack
from tasks.store.layout import LESSONS, UNLABELLED_FILE
from tasks.store.outputs import Manifest, Output, Plan, read_manifest
from tasks.teach.answering import TeachingMember
from tasks.train.facts import LessonFacts

ANSWER: Final = "tasks.teach.answering:write_answers"


def plan_answers(
    teacher: Stack, texts: UnlabelledManifest, *, label_names: Sequence[str], data_dir: Path, artifacts_dir: Path
) -> Plan[LessonFacts]:
    """Plan what a teacher says of texts without labels."""
    trainings = [find_training(model, artifacts_dir) for model in teacher.models]
    members = [
        TeachingMember(artifacts_dir / model.folder, weight)
        for model, weight in zip(teacher.models, teacher.weights, strict=True)
    ]
    output = Output(
        root=artifacts_dir,
        kind="lessons",
        name=texts.name,
        family=LESSONS,
        folder=f"{LESSONS}/{{fingerprint}}",
        facts_type=LessonFacts,
        decided_by={
            "texts": texts.content_hash,
            "teacher": {
                model.variant: {
                    "weight": weight,
                    "temperature": model.metrics.temperature,
                    "files": hash_model(training),
                }
                for model, weight, training in zip(teacher.models, teacher.weights, trainings, strict=True)
            },
            "label_names": list(label_names),
            **decide_prediction(ANSWER, kind="ensemble", kernels=find_kernels(trainings)),
        },
    )

    def make(folder: Path) -> LessonFacts:
        run_apart(
            ANSWER,
            members=members,
            texts=data_dir / texts.folder / UNLABELLED_FILE,
            folder=folder,
            label_names=label_names,
        )
        return describe_lessons(teacher, texts)

    return output, make


def describe_untaught(names: Sequence[str]) -> str:
    """Say that models lack texts without labels: describe_untaught(["distilled"]) -> "distilled learns ..."."""
    verb = "learn" if len(names) > 1 else "learns"
    *others, last = names
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{listed} {verb} from the training texts alone, because there are no texts without labels"


def find_training(model: TrainedModel, artifacts_dir: Path) -> Manifest:
    """Read the manifest of a model's files."""
    return read_manifest(artifacts_dir / model.folder / MANIFESTS[0], dict)


def find_kernels(trainings: Sequence[Manifest]) -> Any:
    """Return the kernels of the networks among some models; a baseline has none to choose."""
    return next((found for it in trainings if (found := it.decided_by["settings"].get("kernels"))), "auto")


def describe_lessons(teacher: Stack, texts: UnlabelledManifest) -> LessonFacts:
    """Say who teaches, and with how many texts."""
    return LessonFacts(
        dataset=texts.name,
        num_texts=texts.facts.num_used,
        teacher={model.variant: weight for model, weight in zip(teacher.models, teacher.weights, strict=True)},
        val_accuracy=teacher.accuracy,
        val_loss=teacher.loss,
    )
