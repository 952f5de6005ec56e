"""Write the files of an ensemble: copies of those of its members, and the list of members."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tasks.baseline.facts import BaselineFacts
from tasks.compare.results import TrainedModel
from tasks.evaluate.bundle import read_bundle_file
from tasks.evaluate.ensemble import EnsembleFile, Member
from tasks.evaluate.ensemble_facts import EnsembleFacts
from tasks.evaluate.model_files import ENSEMBLE_FILE, begin_names, select_model_files
from tasks.train.facts import TrainingFacts


class Stack(NamedTuple):
    """An ensemble that is worth making: its members, their weights, and its numbers on validation."""

    models: tuple[TrainedModel, ...]
    weights: tuple[float, ...]
    accuracy: float
    loss: float

    def describe(self) -> str:
        """Name the members with their weights: "0.61 nb-svm + 0.55 onehot-conv"."""
        pairs = zip(self.weights, self.models, strict=True)
        return " + ".join(f"{weight:.2f} {model.variant}" for weight, model in pairs)


def write_ensemble(stack: Stack, folders: Sequence[Path], folder: Path) -> EnsembleFacts:
    """Copy the members' files under their own names, and write ensemble.json."""
    members = []
    for model, weight, source in zip(stack.models, stack.weights, folders, strict=True):
        bundle = read_bundle_file(source)
        for name in select_model_files([path.name for path in source.iterdir()]):
            shutil.copyfile(source / name, folder / f"{begin_names(model.variant)}{name}")
        # The weights are those of calibrated probabilities, but a member gives what its model says.
        own = weight / bundle.temperature
        members.append(
            Member(variant=model.variant, fingerprint=bundle.fingerprint, weight=own, encoding=bundle.encoding)
        )
    EnsembleFile(members=tuple(members)).write(folder / ENSEMBLE_FILE)
    trainings = [model.training for model in stack.models]
    latent = [it.latent for it in trainings if isinstance(it, BaselineFacts) and it.latent]
    regions = [it.regions for it in trainings if isinstance(it, TrainingFacts) and it.regions]
    return EnsembleFacts(
        num_params=sum(it.num_params for it in trainings),
        device=trainings[0].device,
        peak_memory_mb=max(it.peak_memory_mb for it in trainings),
        description=f"a weighted sum of log-probabilities: {stack.describe()}",
        val_accuracy=stack.accuracy,
        val_loss=stack.loss,
        train_seconds=sum(it.train_seconds for it in trainings),
        jobs=max(it.jobs for it in trainings),
        lessons=next((it.lessons for it in trainings if isinstance(it, TrainingFacts) and it.lessons), None),
        vectors=next((it.vectors for it in trainings if isinstance(it, TrainingFacts) and it.vectors), None),
        latent=max(latent, key=lambda it: it.num_unlabelled, default=None),
        regions=max(regions, key=lambda it: it.num_unlabelled, default=None),
        encoder=next((it.encoder for it in trainings if isinstance(it, TrainingFacts) and it.encoder), None),
    )
