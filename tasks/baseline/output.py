"""A fitted baseline as an output: where it goes, what decides it, and how it is made."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tasks.baseline.baselines import Baseline
from tasks.baseline.facts import BaselineFacts
from tasks.baseline.identity import FIT, decide_baseline
from tasks.baseline.memory import USUAL_MEMORY, choose_limit
from tasks.baseline.pace import ask_for_fit
from tasks.ingest.facts import ReviewsManifest
from tasks.process.child import run_apart
from tasks.process.time_budget import work_in_time
from tasks.store.layout import MODELS, TRAIN_FILE
from tasks.store.outputs import Output, Plan


def plan_baseline(
    baseline: Baseline,
    reviews: ReviewsManifest,
    *,
    artifacts_dir: Path,
    data_dir: Path,
    label_names: Sequence[str],
    class_weights: Sequence[float] | None = None,
    jobs: int = 1,
    memory: int = USUAL_MEMORY,
) -> Plan[BaselineFacts]:
    """Plan a baseline that is fitted on the texts of the training split; `jobs` models are trained at a time.

    Class weights count for baselines that read the texts. If the n-grams would take more than `memory` bytes, only
    those are known that fit. Making it raises LeftOutError if it would not be done within the time budget, if there is
    one; a baseline that does not read the texts takes no time.
    """
    reviews_folder = data_dir / reviews.folder
    limit = choose_limit(baseline, reviews_folder / TRAIN_FILE, memory)
    class_weights = class_weights if baseline.reads_texts else None
    output = Output(
        root=artifacts_dir,
        kind="training",
        name=baseline.name,
        family=f"{MODELS}/{baseline.name}",
        folder=f"{MODELS}/{baseline.name}/{{fingerprint}}",
        facts_type=BaselineFacts,
        decided_by=decide_baseline(
            baseline, reviews, num_classes=len(label_names), class_weights=class_weights, memory=limit
        ),
        manifest_name="training.json",
    )

    def make(folder: Path) -> BaselineFacts:
        given: dict[str, Any] = {
            "baseline": baseline,
            "reviews_folder": reviews_folder,
            "folder": folder,
            "label_names": label_names,
        }
        with work_in_time(output.fingerprint) if baseline.reads_texts else nullcontext() as admit:
            if admit:
                ask_for_fit(admit, **given, is_bounded=limit is not None)
            facts: BaselineFacts = run_apart(FIT, **given, class_weights=class_weights, memory=limit)
        described = {"description": baseline.description, "definition": baseline.definition}
        return facts.model_copy(update={"jobs": jobs, **described})

    return output, make
