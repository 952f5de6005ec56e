"""Everything that decides a fitted baseline, for its fingerprint; found without importing scikit-learn."""

from collections.abc import Sequence
from typing import Any, Final

from tasks.baseline.baselines import SEED, Baseline
from tasks.ingest.facts import ReviewsManifest, UnlabelledManifest
from tasks.store.fingerprint import library_versions
from tasks.store.layout import TRAIN_FILE, VALIDATION_FILE
from tasks.store.remembered import describe_code

FIT: Final = "tasks.baseline.fitting:fit_baseline"
LIBRARIES: Final = ("scikit-learn", "scipy", "threadpoolctl", "numpy", "pandas", "pyarrow")


def decide_baseline(
    baseline: Baseline,
    reviews: ReviewsManifest,
    *,
    num_classes: int,
    class_weights: Sequence[float] | None = None,
    memory: int | None = None,
    unlabelled: UnlabelledManifest | None = None,
) -> dict[str, Any]:
    """List what decides the numbers, as plain JSON; `memory` counts only where not all n-grams fit into it."""
    weights: dict[str, Any] = {"class_weights": list(class_weights)} if class_weights else {}
    bound = {} if memory is None else {"memory": memory}
    return {
        "settings": {"seed": SEED, **baseline.settings(), **weights, **bound},
        "reviews": {name: reviews.files[name].sha256 for name in (TRAIN_FILE, VALIDATION_FILE)},
        **({"unlabelled": unlabelled.content_hash} if unlabelled else {}),
        "num_classes": num_classes,
        "code": describe_code(FIT),
        "libraries": library_versions(*LIBRARIES),
    }
