"""How good a trained model is on the validation reviews of its part: what decides which settings are chosen.

The loss is that of calibrated probabilities, because every model is calibrated before it is used: an uncalibrated loss
would prefer settings that are less sure of themselves to better ones.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tasks.evaluate.calibration import apply_temperature, fit_temperature
from tasks.evaluate.classifier import load_classifier
from tasks.evaluate.evaluation import return_to_device, score_split
from tasks.evaluate.facts import EncodingOfModel
from tasks.evaluate.identity import UNUSED_BY_KIND
from tasks.evaluate.model_files import KindOfModel
from tasks.objective.decisions import choose_decision
from tasks.objective.facts import Aims, Objective
from tasks.process.child import run_apart
from tasks.process.place import PLACE, Place
from tasks.store.closure import describe_code
from tasks.store.layout import VALIDATION_FILE
from tasks.store.outputs import Manifest
from tasks.train.settings import FitSettings
from tasks.tune.facts import Scored

JUDGE: Final = "tasks.tune.judging:judge_model"


def judge(
    model: Manifest[Any], settings: FitSettings | None, aims: Aims, *, artifacts_dir: Path, reviews_folder: Path
) -> Scored:
    """Judge a model in a child process of this machine; `settings` are None for a baseline."""
    encoding = EncodingOfModel(name=model.facts.encoding, **model.decided_by["encoding"]) if settings else None
    with on_this_machine():
        found: Scored = run_apart(
            JUDGE,
            model_folder=artifacts_dir / model.folder,
            path=reviews_folder / VALIDATION_FILE,
            encoding=encoding,
            settings=settings,
            class_weights=aims.class_weights,
            objective=aims.objective,
        )
    return found


def judge_model(
    model_folder: Path,
    path: Path,
    *,
    encoding: EncodingOfModel | None,
    settings: FitSettings | None,
    class_weights: Sequence[float] | None,
    objective: Objective | None,
) -> Scored:
    """Score a file of reviews: the calibrated loss with class weights, accuracy, and the metric that decides."""
    # Keras is for the child that judges.
    from tasks.train.predict import negative_log_likelihood

    if settings:
        return_to_device(settings)
    classifier = load_classifier(model_folder, encoding, kernels=settings.kernels if settings else "auto")
    split = score_split(classifier, path)
    probabilities = apply_temperature(split.probabilities, fit_temperature(split.probabilities, split.labels))
    return Scored(
        loss=negative_log_likelihood(probabilities, split.labels, class_weights),
        accuracy=float((probabilities.argmax(axis=1) == split.labels).mean()),
        score=choose_decision(probabilities, split.labels, objective).value if objective else None,
    )


@contextlib.contextmanager
def on_this_machine() -> Iterator[None]:
    """Let the work of this thread run here, even if its trainings are elsewhere."""
    place = PLACE.get(None)
    if place is None or place.elsewhere is None:
        yield
        return
    token = PLACE.set(Place())
    try:
        yield
    finally:
        PLACE.reset(token)


def describe_judging(kind: KindOfModel, aims: Aims) -> dict[str, Any]:
    """List what decides the judgement of a model of a kind, besides the model, as plain JSON."""
    return {
        "objective": aims.objective.model_dump(mode="json") if aims.objective else None,
        "code": describe_code(JUDGE, without=UNUSED_BY_KIND[kind]),
    }
