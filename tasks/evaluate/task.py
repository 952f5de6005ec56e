"""Prefect task that evaluates one trained model on the test split."""

from pathlib import Path
from typing import Any, Final

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State

from tasks.fingerprint import hash_room, library_versions
from tasks.isolation import run_apart
from tasks.orchestration import produce_in_task
from tasks.store import Manifest, Output

ROOM: Final = Path(__file__).parent


@task(
    name="evaluate-model",
    task_run_name="evaluate-{model.name}-{model.decided_by[settings][seed]}",
    cache_policy=NO_CACHE,
)
def evaluate_model(
    model: Manifest, sequences: Manifest, *, label_names: list[str], data_dir: Path, artifacts_dir: Path
) -> State[Manifest]:
    """Predict the test split, once, and complete the model's bundle with predictions and metrics."""
    output = Output(
        root=artifacts_dir,
        kind="evaluation",
        name=model.name,
        family=f"models/{model.name}",
        folder=model.folder,
        decided_by={
            "model": model.files["model.keras"].sha256,
            "test": sequences.files["test.parquet"].sha256,
            "label_names": label_names,
            "code": hash_room(ROOM, without=("task.py", "intervals.py")),
            "libraries": library_versions("keras", "scikit-learn"),
        },
    )

    def make(folder: Path) -> dict[str, Any]:
        metrics: dict[str, Any] = run_apart(
            "tasks.evaluate.evaluation:evaluate_model",
            model_folder=artifacts_dir / model.folder,
            test_path=data_dir / sequences.folder / "test.parquet",
            folder=folder,
            label_names=label_names,
            bundle=describe_bundle(model, sequences),
            kernels=model.decided_by["settings"]["kernels"],
        )
        return metrics

    return produce_in_task(output, make)


def describe_bundle(model: Manifest, sequences: Manifest) -> dict[str, Any]:
    """List what a user of the model needs to know of its making."""
    return {
        "variant": model.name,
        "fingerprint": model.fingerprint,
        "encoding": {"name": sequences.name, **sequences.decided_by["encoding"]},
        "settings": model.decided_by["settings"],
        "training": model.facts,
        "data": {name: record.sha256 for name, record in sequences.files.items() if name.endswith(".parquet")},
        "versions": model.decided_by["libraries"],
    }
