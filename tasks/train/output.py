"""A trained model as an output: where it goes, what decides it, and how it is made."""

from collections.abc import Callable
from pathlib import Path

from tasks.encode.encodings import restore_encoding
from tasks.encode.facts import EncodingFacts
from tasks.process.child import run_apart
from tasks.store.layout import EVENTS, MODELS
from tasks.store.outputs import Manifest, Output, Plan
from tasks.train.facts import TrainingFacts
from tasks.train.identity import TRAIN, decide_model
from tasks.train.settings import FitSettings, Listener
from tasks.train.variants import Variant


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
) -> Plan[TrainingFacts]:
    """Plan a variant that is trained on sequences.

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
        decided_by=decide_model(variant, settings, sequences, num_classes=num_classes),
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
        )
        return facts.model_copy(update={"jobs": jobs})

    return output, make
