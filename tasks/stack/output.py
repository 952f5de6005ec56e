"""An ensemble as an output: which models of a run it is made of, and what decides it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from tasks.compare.results import BASELINE, CONSTANT, STACKED, ModelResult, TrainedModel, check_evaluation
from tasks.evaluate.bundle import MANIFESTS
from tasks.evaluate.ensemble_facts import STACK, EnsembleFacts, EnsembleSettings
from tasks.evaluate.model_files import select_model_files
from tasks.evaluate.predictions import read_predictions
from tasks.stack.members import Choice, choose_members
from tasks.stack.weights import gather_answers
from tasks.stack.writing import Stack, write_ensemble
from tasks.store.layout import MODELS
from tasks.store.outputs import Manifest, Output, Plan, read_manifest
from tasks.store.remembered import describe_code

MAKE: Final = "tasks.stack.writing:write_ensemble"
VALIDATION_PREDICTIONS: Final = "validation_predictions.parquet"


def choose_stack(results: Sequence[ModelResult], *, seed: int, artifacts_dir: Path) -> Stack | None:
    """Choose an ensemble among the networks of one seed and the baselines; None if no second model helps the best.

    Raises UserError when another run has re-evaluated a model in the meantime.
    """
    found = choose_best(results, seed=seed, artifacts_dir=artifacts_dir)
    return found if found and len(found.models) > 1 else None


def choose_best(results: Sequence[ModelResult], *, seed: int, artifacts_dir: Path) -> Stack | None:
    """Choose as `choose_stack` does, but the best model alone if no second one helps it; None if there are no models.

    Raises UserError when another run has re-evaluated a model in the meantime.
    """
    models = [it for it in results if isinstance(it, TrainedModel) and is_candidate(it, seed)]
    if not models:
        return None
    for model in models:
        check_evaluation(artifacts_dir / model.folder, model)
    found = [read_predictions(artifacts_dir / model.folder / VALIDATION_PREDICTIONS) for model in models]
    choice = choose_members(gather_answers([probabilities for probabilities, _ in found], found[0][1]))
    return name_members(choice, models) if choice.members else None


def is_candidate(model: TrainedModel, seed: int) -> bool:
    """Tell whether a model may be a member: one that is no ensemble itself and does not ignore the text."""
    is_of_seed = model.seed == seed or model.group == BASELINE
    return is_of_seed and model.group != STACKED and model.variant != CONSTANT


def name_members(choice: Choice, models: Sequence[TrainedModel]) -> Stack:
    """Look up the members."""
    return Stack(
        models=tuple(models[index] for index, _ in choice.members),
        weights=tuple(weight for _, weight in choice.members),
        accuracy=choice.accuracy,
        loss=choice.loss,
    )


def plan_stack(stack: Stack, settings: EnsembleSettings, *, artifacts_dir: Path) -> Plan[EnsembleFacts]:
    """Plan a bundle with copies of the members' files; `settings` say how its networks were trained."""
    folders = [artifacts_dir / model.folder for model in stack.models]
    trainings = [read_manifest(folder / MANIFESTS[0], dict) for folder in folders]
    members = {model.variant: find_definition(model) for model in stack.models}
    own = {name: definition for name, definition in members.items() if definition}
    settings = settings.model_copy(update={"members": tuple(members), "definitions": own})
    output = Output(
        root=artifacts_dir,
        kind="training",
        name=STACK,
        family=f"{MODELS}/{STACK}",
        folder=f"{MODELS}/{STACK}/{{fingerprint}}",
        facts_type=EnsembleFacts,
        decided_by={
            "settings": settings.model_dump(mode="json"),
            "members": {
                training.name: {"weight": weight, "files": hash_model(training)}
                for training, weight in zip(trainings, stack.weights, strict=True)
            },
            "code": describe_code(MAKE),
            "libraries": {name: version for it in trainings for name, version in it.decided_by["libraries"].items()},
        },
        manifest_name=MANIFESTS[0],
    )
    return output, lambda folder: write_ensemble(stack, folders, folder)


def find_definition(model: TrainedModel) -> dict[str, JsonValue] | None:
    """Return the definition of a model of one's own, None for one of the table."""
    return None if isinstance(model.training, EnsembleFacts) else model.training.definition


def hash_model(training: Manifest) -> dict[str, str]:
    """List the hashes of the files that a model needs."""
    return {name: training.files[name].sha256 for name in select_model_files(training.files)}
