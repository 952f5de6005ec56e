"""A fitted baseline as an output: where it goes, what decides it, and how it is made."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tasks.baseline.baselines import Baseline
from tasks.baseline.facts import BaselineFacts, LatentFacts
from tasks.baseline.identity import FIT, decide_baseline
from tasks.baseline.memory import USUAL_MEMORY, check_fits, choose_limit
from tasks.baseline.pace import ask_for_fit
from tasks.ingest.facts import ReviewsManifest, UnlabelledManifest
from tasks.process.child import run_apart
from tasks.process.time_budget import work_in_time
from tasks.store.layout import MODELS, TRAIN_FILE, UNLABELLED_FILE
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
    unlabelled: UnlabelledManifest | None = None,
) -> Plan[BaselineFacts]:
    """Plan a baseline that is fitted on the texts of the training split; `jobs` models are trained at a time.

    Class weights count for baselines that read the texts. If the n-grams would take more than `memory` bytes, only
    those are known that fit; making a baseline with latent dimensions, which needs them all, then raises TrainingError.
    Making one raises LeftOutError if it would not be done within the time budget, if there is one; a baseline that does
    not read the texts takes no time. Texts without labels, `unlabelled`, are for one that uses them.
    """
    reviews_folder = data_dir / reviews.folder
    more = data_dir / unlabelled.folder / UNLABELLED_FILE if unlabelled else None
    limit = choose_limit(baseline, [reviews_folder / TRAIN_FILE, *([more] if more else [])], memory)
    class_weights = class_weights if baseline.reads_texts else None
    output = Output(
        root=artifacts_dir,
        kind="training",
        name=baseline.name,
        family=f"{MODELS}/{baseline.name}",
        folder=f"{MODELS}/{baseline.name}/{{fingerprint}}",
        facts_type=BaselineFacts,
        decided_by=decide_baseline(
            baseline,
            reviews,
            num_classes=len(label_names),
            class_weights=class_weights,
            memory=limit,
            unlabelled=unlabelled,
        ),
        manifest_name="training.json",
    )

    def make(folder: Path) -> BaselineFacts:
        given: dict[str, Any] = {
            "baseline": baseline,
            "reviews_folder": reviews_folder,
            "folder": folder,
            "label_names": label_names,
            "unlabelled": more,
        }
        if limit is not None:
            check_fits(baseline, limit)
        with work_in_time(output.fingerprint) if baseline.reads_texts else nullcontext() as admit:
            if admit:
                ask_for_fit(admit, **given, is_bounded=limit is not None)
            facts: BaselineFacts = run_apart(FIT, **given, class_weights=class_weights, memory=limit)
        described: dict[str, Any] = {"description": baseline.description, "definition": baseline.definition}
        if baseline.num_dimensions:
            described["latent"] = describe_latent(baseline, reviews, unlabelled)
        return facts.model_copy(update={"jobs": jobs, **described})

    return output, make


def describe_latent(baseline: Baseline, reviews: ReviewsManifest, unlabelled: UnlabelledManifest | None) -> LatentFacts:
    """Say in which texts the latent dimensions of a baseline are found."""
    num_unlabelled = unlabelled.facts.num_used if unlabelled else 0
    num_texts = reviews.facts.num_reviews["train"] + num_unlabelled
    return LatentFacts(
        num_dimensions=min(baseline.num_dimensions, num_texts),
        num_texts=num_texts,
        num_unlabelled=num_unlabelled,
        dataset=unlabelled.name if unlabelled else None,
    )
