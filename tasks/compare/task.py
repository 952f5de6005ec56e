"""Prefect task that compares the models of a run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.compare.results import ModelResult
from tasks.ingest.facts import ReviewsManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.process.child import run_apart
from tasks.store.closure import describe_code
from tasks.store.fingerprint import hash_json, library_versions
from tasks.store.outputs import Manifest, Output

COMPARE: Final = "tasks.compare.comparison:write_comparison"
LIBRARIES: Final = ("scipy", "statsmodels", "numpy", "scikit-learn", "pandas", "pyarrow")


@task(name="compare-models", cache_policy=NO_CACHE)
def compare_models(
    results: Sequence[ModelResult],
    reviews: ReviewsManifest,
    sequences: Mapping[str, Manifest],
    *,
    data_dir: Path,
    artifacts_dir: Path,
) -> State[Manifest]:
    """Write comparison.json: leaderboard, differences, calibration, slices, errors, costs, data card, claims."""
    output = Output(
        root=artifacts_dir,
        kind="comparison",
        name=reviews.name,
        family="comparisons",
        folder="comparisons/{fingerprint}",
        facts_type=dict,
        decided_by={
            "results": hash_json([result.model_dump() for result in results]),
            "dataset": describe_dataset(reviews),
            "code": describe_code(COMPARE),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> dict[str, Any]:
        facts: dict[str, Any] = run_apart(
            COMPARE,
            results=results,
            dataset=describe_dataset(reviews),
            reviews_folder=data_dir / reviews.folder,
            encodings=describe_encodings(results, sequences, data_dir),
            artifacts_dir=artifacts_dir,
            folder=folder,
        )
        return facts

    return produce_in_task(output, make)


def describe_dataset(reviews: ReviewsManifest) -> dict[str, Any]:
    """List what the comparison says of the data without reading them."""
    return {
        "name": reviews.name,
        "label_names": reviews.facts.label_names,
        "is_whole": reviews.decided_by["limit"] is None,
        "warnings": reviews.facts.warnings,
        "duplicates": reviews.facts.duplicates.model_dump(),
        "hashes": {name: record.sha256 for name, record in reviews.files.items()},
    }


def describe_encodings(
    results: Sequence[ModelResult], sequences: Mapping[str, Manifest], data_dir: Path
) -> dict[str, dict[str, Any]]:
    """Describe the encodings by name, the one that most models use first."""
    uses = Counter(result.encoding for result in results)
    return {
        name: {
            "length": sequences[name].decided_by["encoding"]["length"],
            "folder": data_dir / sequences[name].folder,
            "splits": sequences[name].facts["splits"],
        }
        for name, _ in uses.most_common()
        if name in sequences
    }
