"""The reviews of a dataset as an output: where they go, what decides them, and how they are made."""

from pathlib import Path
from typing import Final

from tasks.ingest import datasets
from tasks.ingest.challenge import ChallengeChoice, identify_challenge
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ChallengeSetFacts, ReviewsFacts, ReviewsManifest, UnlabelledFacts
from tasks.ingest.files.paths import make_slug
from tasks.ingest.unlabelled import UnlabelledChoice, identify_unlabelled
from tasks.process.child import run_apart
from tasks.store.fingerprint import library_versions
from tasks.store.layout import CHALLENGES, REVIEWS, SPLIT_FILES, UNLABELLED
from tasks.store.outputs import Output, Plan
from tasks.store.remembered import describe_code

WRITE: Final = "tasks.ingest.reviews:write_dataset"
WRITE_UNLABELLED: Final = "tasks.ingest.unlabelled_writing:write_unlabelled"
WRITE_CHALLENGE: Final = "tasks.ingest.challenge:write_challenge"
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


def plan_unlabelled(
    choice: UnlabelledChoice, reviews: ReviewsManifest, *, data_dir: Path, limit: int | None
) -> Plan[UnlabelledFacts]:
    """Plan the Parquet file of texts without labels; those of the reviews are left out."""
    output = Output(
        root=data_dir,
        kind="unlabelled",
        name=choice.name,
        family=UNLABELLED,
        folder=f"{UNLABELLED}/{make_slug(choice.name)}-{{fingerprint}}",
        facts_type=UnlabelledFacts,
        decided_by={
            "source": identify_unlabelled(choice, data_dir),
            "reviews": {name: reviews.files[name].sha256 for name in SPLIT_FILES.values()},
            "limit": limit,
            "code": describe_code(WRITE_UNLABELLED),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> UnlabelledFacts:
        facts: UnlabelledFacts = run_apart(
            WRITE_UNLABELLED,
            choice=choice,
            data_dir=data_dir,
            reviews_folder=data_dir / reviews.folder,
            folder=folder,
            limit=limit,
        )
        return facts

    return output, make


def plan_challenge(choice: ChallengeChoice, reviews: ReviewsManifest, *, data_dir: Path) -> Plan[ChallengeSetFacts]:
    """Plan the Parquet file of a further test set; texts that models of the reviews learn from are left out."""
    output = Output(
        root=data_dir,
        kind="challenge",
        name=choice.name,
        family=CHALLENGES,
        folder=f"{CHALLENGES}/{make_slug(choice.name)}-{{fingerprint}}",
        facts_type=ChallengeSetFacts,
        decided_by={
            "name": choice.name,
            "source": identify_challenge(choice),
            "reviews": {name: reviews.files[name].sha256 for name in SPLIT_FILES.values()},
            "label_names": list(reviews.facts.label_names),
            "code": describe_code(WRITE_CHALLENGE),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> ChallengeSetFacts:
        facts: ChallengeSetFacts = run_apart(
            WRITE_CHALLENGE,
            choice=choice,
            reviews_folder=data_dir / reviews.folder,
            folder=folder,
            label_names=reviews.facts.label_names,
        )
        return facts

    return output, make
