"""The comparison of a run's models as an output: where it goes, what its content depends on, and how it is made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tasks.compare.facts import ComparedData, ComparedEncoding, ComparisonFacts
from tasks.compare.results import ModelResult
from tasks.encode.facts import EncodingFacts
from tasks.ingest.facts import ReviewsManifest
from tasks.process.child import run_apart
from tasks.store.fingerprint import hash_json, library_versions
from tasks.store.layout import COMPARISONS
from tasks.store.outputs import Manifest, Output, Plan
from tasks.store.remembered import describe_code

COMPARE: Final = "tasks.compare.comparison:write_comparison"
# A comparison asks models again as their evaluations did, whose fingerprints are among the results.
COUNTED_BEFORE: Final = ("tasks.evaluate.bundle",)
LIBRARIES: Final = ("scipy", "statsmodels", "numpy", "scikit-learn", "pandas", "pyarrow", "tokenizers")


def plan_comparison(
    results: Sequence[ModelResult],
    reviews: ReviewsManifest,
    sequences: Mapping[str, Manifest[EncodingFacts]],
    *,
    data_dir: Path,
    artifacts_dir: Path,
) -> Plan[ComparisonFacts]:
    """Plan comparison.json: leaderboard, differences, calibration, slices, errors, costs, data card, claims."""
    output = Output(
        root=artifacts_dir,
        kind="comparison",
        name=reviews.name,
        family=COMPARISONS,
        folder=f"{COMPARISONS}/{{fingerprint}}",
        facts_type=ComparisonFacts,
        decided_by={
            "results": hash_json([result.model_dump() for result in results]),
            "dataset": describe_dataset(reviews).model_dump(mode="json"),
            "code": describe_code(COMPARE, without=COUNTED_BEFORE),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> ComparisonFacts:
        facts: ComparisonFacts = run_apart(
            COMPARE,
            results=results,
            dataset=describe_dataset(reviews),
            reviews_folder=data_dir / reviews.folder,
            encodings=describe_encodings(results, sequences, data_dir),
            artifacts_dir=artifacts_dir,
            folder=folder,
        )
        return facts

    return output, make


def describe_dataset(reviews: ReviewsManifest) -> ComparedData:
    """Gather what the comparison says about the data from their manifest, without reading them."""
    return ComparedData(
        name=reviews.name,
        label_names=tuple(reviews.facts.label_names),
        is_whole=reviews.decided_by["limit"] is None,
        warnings=tuple(reviews.facts.warnings),
        duplicates=reviews.facts.duplicates,
        rows=reviews.facts.rows,
        hashes={name: record.sha256 for name, record in reviews.files.items()},
    )


def describe_encodings(
    results: Sequence[ModelResult], sequences: Mapping[str, Manifest[EncodingFacts]], data_dir: Path
) -> dict[str, ComparedEncoding]:
    """Describe the encodings by name, starting with the one that most models use."""
    uses = Counter(result.encoding for result in results)
    return {
        name: ComparedEncoding(
            length=sequences[name].decided_by["encoding"]["length"],
            folder=data_dir / sequences[name].folder,
            splits=sequences[name].facts.splits,
        )
        for name, _ in uses.most_common()
        if name in sequences
    }
