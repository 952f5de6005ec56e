"""Prefect task that evaluates one trained model."""

from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.baseline.baselines import BASELINES
from tasks.evaluate.identity import EVALUATE, decide_evaluation
from tasks.ingest.facts import ReviewsManifest
from tasks.orchestrate.outputs import produce_in_task
from tasks.process.child import run_apart
from tasks.store.outputs import Manifest, Output


@task(
    name="evaluate-model",
    task_run_name="evaluate-{model.name}-{model.decided_by[settings][seed]}",
    cache_policy=NO_CACHE,
)
def evaluate_model(
    model: Manifest, reviews: ReviewsManifest, *, data_dir: Path, artifacts_dir: Path
) -> State[Manifest]:
    """Score validation and test, the latter once, and complete the model's bundle."""
    label_names = reviews.facts.label_names
    output = Output(
        root=artifacts_dir,
        kind="evaluation",
        name=model.name,
        family=f"models/{model.name}",
        folder=model.folder,
        facts_type=dict,
        decided_by=decide_evaluation(model, reviews, dataset=describe_dataset(reviews)),
    )

    def make(folder: Path) -> dict[str, Any]:
        metrics: dict[str, Any] = run_apart(
            EVALUATE,
            model_folder=artifacts_dir / model.folder,
            reviews_folder=data_dir / reviews.folder,
            folder=folder,
            label_names=label_names,
            bundle=describe_bundle(model, reviews),
        )
        return metrics

    return produce_in_task(output, make)


def describe_bundle(model: Manifest, reviews: ReviewsManifest) -> dict[str, Any]:
    """List what a user of the model needs to know of its making; a baseline has no encoding, it reads the text."""
    is_baseline = model.name in BASELINES
    return {
        "variant": model.name,
        "description": BASELINES[model.name].description if is_baseline else model.facts["description"],
        "kind": "baseline" if is_baseline else "neural",
        "fingerprint": model.fingerprint,
        "encoding": None if is_baseline else {"name": model.facts["encoding"], **model.decided_by["encoding"]},
        "settings": model.decided_by["settings"],
        "training": model.facts,
        "dataset": describe_dataset(reviews),
        "data": {name: record.sha256 for name, record in reviews.files.items()},
        "versions": model.decided_by["libraries"],
    }


def describe_dataset(reviews: ReviewsManifest) -> dict[str, Any]:
    """List what a bundle says of the data, besides their hashes."""
    return {
        "name": reviews.name,
        "counts": reviews.facts.counts,
        "limit": reviews.decided_by["limit"],
        "validation_fraction": reviews.decided_by["validation_fraction"],
        "file_options": reviews.decided_by.get("source", {}).get("options"),
    }
