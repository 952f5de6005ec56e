"""The reviews of a dataset as an output: where they go, what decides them, and how they are made."""

from pathlib import Path
from typing import Final

from tasks.ingest import datasets
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ReviewsFacts
from tasks.ingest.files.paths import make_slug
from tasks.process.child import run_apart
from tasks.store.closure import describe_code
from tasks.store.fingerprint import library_versions
from tasks.store.layout import REVIEWS
from tasks.store.outputs import Output, Plan

WRITE: Final = "tasks.ingest.reviews:write_dataset"
LIBRARIES: Final = ("pyarrow", "numpy", "pandas", "tensorflow-datasets")


def plan_reviews(
    choice: Choice, *, data_dir: Path, validation_fraction: float, limit: int | None, ordinal: bool = False
) -> Plan[ReviewsFacts]:
    """Plan the train, validation and test Parquet of a dataset that is on disk."""
    output = Output(
        root=data_dir,
        kind="reviews",
        name=choice.dataset,
        family=REVIEWS,
        folder=f"{REVIEWS}/{make_slug(choice.dataset)}-{{fingerprint}}",
        facts_type=ReviewsFacts,
        decided_by={
            "source": datasets.identify(choice, data_dir),
            "validation_fraction": validation_fraction,
            "limit": limit,
            "ordinal": ordinal,
            "code": describe_code(WRITE),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> ReviewsFacts:
        facts: ReviewsFacts = run_apart(
            WRITE,
            choice=choice,
            data_dir=data_dir,
            folder=folder,
            validation_fraction=validation_fraction,
            limit=limit,
            ordinal=ordinal,
        )
        return facts

    return output, make
