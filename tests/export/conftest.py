"""Reviews as ingest writes them, and bundles of each kind of model."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.compare.results import TrainedModel
from tasks.encode.encodings import Encoding
from tasks.evaluate.ensemble_facts import STACK, EnsembleFacts, EnsembleSettings
from tasks.evaluate.evaluation import evaluate_model
from tasks.evaluate.facts import BundleFacts, EvaluationFacts, Origin
from tasks.stack.writing import Stack, write_ensemble
from tasks.store.outputs import Output, produce


@pytest.fixture
def write_reviews() -> Callable[..., None]:
    """Writes splits of reviews, pairs of text and label, into a folder."""

    def write(folder: Path, **splits: Sequence[tuple[str, int]]) -> None:
        for split, rows in splits.items():
            ids = [f"{split}-{index}" for index in range(len(rows))]
            texts, labels = zip(*rows, strict=True)
            table = pa.table({"id": ids, "text": pa.array(texts, pa.string()), "label": pa.array(labels, pa.int32())})
            pq.write_table(table, folder / f"{split}.parquet")

    return write


ENCODING = Encoding(name="tiny", kind="words", vocab_size=12, length=8, padding="post", description="")
NAMES = ("nb-svm", "average-pool")


@pytest.fixture(scope="session")
def bundles(
    publish_bundle: Callable[..., Path], reviews_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The folders of a baseline, a network and the ensemble of both; tests copy them before they change them."""
    root = tmp_path_factory.mktemp("artifacts")
    folders = {name: publish_bundle(name, reviews_folder, root, ENCODING) for name in NAMES}
    return {**folders, STACK: publish_ensemble(list(folders.values()), reviews_folder, root)}


def publish_ensemble(folders: Sequence[Path], reviews_folder: Path, root: Path) -> Path:
    """Make an ensemble of published models and evaluate it, as the tasks do."""
    bundles = [BundleFacts.read(folder / "bundle.json") for folder in folders]
    models = [describe_model(facts, folder, root) for facts, folder in zip(bundles, folders, strict=True)]
    folder = root / "models" / STACK
    folder.mkdir()
    stack = Stack(tuple(models), (0.75, 0.5), accuracy=0.9, loss=0.3)
    settings = EnsembleSettings(seed=1, kernels="auto", epochs=3, patience=2, batch_size=None, members=NAMES)
    paths: dict[str, Any] = {"root": root, "name": STACK, "family": "models", "folder": f"models/{STACK}"}
    training = Output(facts_type=EnsembleFacts, kind="training", manifest_name="training.json", decided_by={}, **paths)
    facts = produce(training, lambda work: write_ensemble(stack, folders, work)).manifest.facts
    origin = Origin(
        **bundles[0].model_dump(include={"dataset", "data", "versions"}),
        variant=STACK, description=facts.description, kind="ensemble", fingerprint="f1", encoding=None,
        settings=settings, training=facts,
    )  # fmt: skip

    def evaluate(work: Path) -> EvaluationFacts:
        return evaluate_model(folder, reviews_folder, work, label_names=["bad", "good"], origin=origin)

    produce(Output(facts_type=EvaluationFacts, kind="evaluation", decided_by={}, **paths), evaluate)
    return folder


def describe_model(facts: BundleFacts, folder: Path, root: Path) -> TrainedModel:
    """Describe a published model as a run does."""
    return TrainedModel(
        variant=facts.variant, group="any", encoding="text", seed=1, folder=str(folder.relative_to(root)),
        evaluation="", training=facts.training, metrics=facts.metrics,
    )  # fmt: skip
