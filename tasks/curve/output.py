"""A subset of a dataset's reviews, and the curves, as outputs: where they go, what decides them, how they are made."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tasks.curve.facts import CurveFacts, Entry
from tasks.curve.subsets import SHRUNK, describe_subset, write_subset
from tasks.ingest.facts import ReviewsFacts, ReviewsManifest
from tasks.process.child import run_apart
from tasks.store.fingerprint import hash_json, library_versions
from tasks.store.layout import GROWTHS, REVIEWS
from tasks.store.outputs import Output, Plan
from tasks.store.remembered import describe_code

WRITE: Final = "tasks.curve.subsets:write_subset"
WRITE_CURVES: Final = "tasks.curve.summary:write_curves"
LIBRARIES: Final = ("pyarrow", "numpy")
LIBRARIES_OF_CURVES: Final = (*LIBRARIES, "scipy", "statsmodels")


def plan_subset(reviews: ReviewsManifest, *, share: float, seed: int, data_dir: Path) -> Plan[ReviewsFacts]:
    """Plan a share of the training and validation reviews, chosen by a seed, beside the whole test split."""
    source = data_dir / reviews.folder
    kept = [name for name in reviews.files if name not in SHRUNK.values()]
    output = Output(
        root=data_dir,
        kind="reviews",
        name=reviews.name,
        family=REVIEWS,
        folder=f"{reviews.folder}-subset-{seed}-{{fingerprint}}",
        facts_type=ReviewsFacts,
        decided_by={
            **{name: value for name, value in reviews.decided_by.items() if name not in {"code", "libraries"}},
            "reviews": {name: record.sha256 for name, record in sorted(reviews.files.items())},
            "subset": {"share": share, "seed": seed},
            "code": describe_code(WRITE),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> ReviewsFacts:
        counts = write_subset(source, folder, share=share, seed=seed)
        for name in kept:
            shutil.copyfile(source / name, folder / name)
        return describe_subset(reviews.facts, counts)

    return output, make


def plan_curves(entries: Sequence[Entry], reviews: ReviewsManifest, *, artifacts_dir: Path) -> Plan[CurveFacts]:
    """Plan curve.json: the accuracy of each model at each size, the laws that fit it, and what follows from them."""
    counts = list(reviews.facts.counts["train"].values())
    constant = counts.index(max(counts))
    output = Output(
        root=artifacts_dir,
        kind="curve",
        name=reviews.name,
        family=GROWTHS,
        folder=f"{GROWTHS}/{{fingerprint}}",
        facts_type=CurveFacts,
        decided_by={
            "entries": hash_json([entry.model_dump(mode="json") for entry in entries]),
            "constant": constant,
            "code": describe_code(WRITE_CURVES),
            "libraries": library_versions(*LIBRARIES_OF_CURVES),
        },
    )

    def make(folder: Path) -> CurveFacts:
        num_models: int = run_apart(
            WRITE_CURVES, entries=entries, constant=constant, artifacts_dir=artifacts_dir, folder=folder
        )
        return CurveFacts(num_models=num_models)

    return output, make
