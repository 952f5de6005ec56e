"""An audit of labels as an output: where it goes, what decides it, and how it is made."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tasks.audit.facts import AuditFacts
from tasks.audit.held_out import Listener
from tasks.baseline.baselines import Baseline
from tasks.ingest.facts import ReviewsManifest
from tasks.process.child import run_apart
from tasks.store.fingerprint import library_versions
from tasks.store.layout import AUDITS, SPLIT_FILES
from tasks.store.outputs import Output, Plan
from tasks.store.remembered import describe_code

AUDIT: Final = "tasks.audit.auditing:write_audit"
LIBRARIES: Final = ("cleanlab", "scikit-learn", "scipy", "threadpoolctl", "statsmodels", "numpy", "pandas", "pyarrow")


def plan_audit(
    baselines: Sequence[Baseline],
    reviews: ReviewsManifest,
    *,
    folds: int,
    data_dir: Path,
    artifacts_dir: Path,
    listener: Listener | None = None,
) -> Plan[AuditFacts]:
    """Plan label_errors.json and label_errors.parquet: which labels are probably wrong, and what they are worth."""
    hashes = {name: reviews.files[name].sha256 for name in SPLIT_FILES.values()}
    output = Output(
        root=artifacts_dir,
        kind="audit",
        name=reviews.name,
        family=AUDITS,
        folder=f"{AUDITS}/{{fingerprint}}",
        facts_type=AuditFacts,
        decided_by={
            "baselines": {baseline.name: baseline.settings() for baseline in baselines},
            "folds": folds,
            "reviews": hashes,
            "dataset": reviews.name,
            "label_names": reviews.facts.label_names,
            "code": describe_code(AUDIT),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> AuditFacts:
        facts: AuditFacts = run_apart(
            AUDIT,
            baselines=baselines,
            reviews_folder=data_dir / reviews.folder,
            folder=folder,
            dataset=reviews.name,
            label_names=reviews.facts.label_names,
            hashes=hashes,
            folds=folds,
            listener=listener or Listener(),
        )
        return facts

    return output, make
