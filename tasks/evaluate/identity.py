"""Everything that decides the evaluation of a model, for its fingerprint; found without importing Keras."""

from typing import Any, Final

from tasks.evaluate.model_files import KindOfModel, select_model_files, tell_kind
from tasks.ingest.facts import ReviewsManifest
from tasks.objective.facts import Objective
from tasks.store.fingerprint import library_versions
from tasks.store.layout import SPLIT_FILES
from tasks.store.outputs import Manifest
from tasks.store.remembered import describe_code
from tasks.train.device import Device
from tasks.train.identity import BACKEND_PACKAGES, describe_computing

EVALUATE: Final = "tasks.evaluate.evaluation:evaluate_model"
LIBRARIES: Final = ("numpy", "pandas", "pyarrow", "scikit-learn", "scipy")
# Each kind of model leaves the code of others unused.
UNUSED_BY_KIND: Final[dict[KindOfModel, tuple[str, ...]]] = {
    "baseline": (
        "tasks.train.*",
        "tasks.encode.sequences",
        "tasks.encode.padding",
        "tasks.encode.subwords",
        "tasks.encode.unigram",
        "tasks.evaluate.ensemble",
    ),
    "neural": ("tasks.baseline.*", "tasks.evaluate.ensemble"),
    "ensemble": (),
}


def decide_evaluation(
    model: Manifest[Any], reviews: ReviewsManifest, *, dataset: dict[str, Any], objective: Objective | None = None
) -> dict[str, Any]:
    """List what decides predictions and metrics, as plain JSON; `dataset` is what the bundle says about the data."""
    settings = model.decided_by["settings"]
    return {
        "model": {name: model.files[name].sha256 for name in select_model_files(model.files)},
        # The bundle keeps a profile of the training split.
        "reviews": {name: reviews.files[name].sha256 for name in SPLIT_FILES.values()},
        "label_names": reviews.facts.label_names,
        "dataset": dataset,
        **({"objective": objective.model_dump(mode="json")} if objective else {}),
        **decide_prediction(
            EVALUATE,
            kind=tell_kind(model.files),
            kernels=settings.get("kernels"),
            device=settings.get("device", "auto"),
        ),
    }


def decide_prediction(function: str, *, kind: KindOfModel, kernels: Any, device: Device = "auto") -> dict[str, Any]:
    """List what decides the scores that a function gets from a model; a baseline has no kernels and no device."""
    code = describe_code(function, without=UNUSED_BY_KIND[kind])
    if kind == "baseline":
        return {"code": code, "libraries": library_versions(*LIBRARIES)}
    computing = describe_computing(kernels, device)
    return {
        "computing": computing,
        "code": code,
        "libraries": library_versions(*LIBRARIES, "keras", *BACKEND_PACKAGES[computing["backend"]], "tokenizers"),
    }
