"""Everything that decides the evaluation of a model, for its fingerprint; found without importing Keras."""

from typing import Any, Final

from tasks.evaluate.classifier import MODEL_FILES
from tasks.ingest.facts import ReviewsManifest
from tasks.store.closure import describe_code
from tasks.store.fingerprint import library_versions
from tasks.store.layout import SPLIT_FILES
from tasks.store.outputs import Manifest
from tasks.train.identity import BACKEND_PACKAGES, describe_computing

EVALUATE: Final = "tasks.evaluate.evaluation:evaluate_model"
LIBRARIES: Final = ("numpy", "pyarrow", "scikit-learn", "scipy")
# Each kind of model leaves the other kind's code unused.
UNUSED_BY_BASELINES: Final = (
    "tasks.train.*",
    "tasks.encode.sequences",
    "tasks.encode.padding",
    "tasks.encode.subwords",
)
UNUSED_BY_NETWORKS: Final = ("tasks.baseline.*",)


def decide_evaluation(model: Manifest[Any], reviews: ReviewsManifest, *, dataset: dict[str, Any]) -> dict[str, Any]:
    """List what decides predictions and metrics, as plain JSON; `dataset` is what the bundle says about the data."""
    return {
        "model": {name: model.files[name].sha256 for name in MODEL_FILES if name in model.files},
        # The bundle keeps a profile of the training split.
        "reviews": {name: reviews.files[name].sha256 for name in SPLIT_FILES.values()},
        "label_names": reviews.facts.label_names,
        "dataset": dataset,
        **decide_prediction(EVALUATE, kernels=model.decided_by["settings"].get("kernels")),
    }


def decide_prediction(function: str, *, kernels: Any) -> dict[str, Any]:
    """List what decides the scores that a function gets from a model; `kernels` is None for a baseline."""
    if kernels is None:
        return {
            "code": describe_code(function, without=UNUSED_BY_BASELINES),
            "libraries": library_versions(*LIBRARIES),
        }
    computing = describe_computing(kernels)
    return {
        "computing": computing,
        "code": describe_code(function, without=UNUSED_BY_NETWORKS),
        "libraries": library_versions(*LIBRARIES, "keras", *BACKEND_PACKAGES[computing["backend"]], "tokenizers"),
    }
