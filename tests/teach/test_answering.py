"""A teacher's answers: a weighted sum of what its calibrated models say of each text, and what decides it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.compare.results import TrainedModel
from tasks.encode.encodings import Encoding
from tasks.evaluate.bundle import load_bundle
from tasks.evaluate.calibration import apply_temperature
from tasks.evaluate.ensemble import combine
from tasks.evaluate.facts import BundleFacts
from tasks.evaluate.predictions import read_predictions
from tasks.ingest.facts import UnlabelledFacts, UnlabelledManifest
from tasks.stack.writing import Stack
from tasks.store.outputs import FileRecord, Manifest, read_manifest
from tasks.teach.answering import TeachingMember, write_answers
from tasks.teach.output import describe_untaught, plan_answers
from tasks.train.lessons import read_answers

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

PublishBundle = Callable[[str, Path, Path, Any], Path]
WORDS = "good bad fine dull great poor film plot very not".split()  # noqa: SIM905
ENCODING = Encoding(name="tiny", kind="words", vocab_size=12, length=8, padding="post", description="")
LABELS = ["bad", "good"]
WEIGHTS = (0.75, 0.5)


def write_texts(path: Path, num_texts: int, *, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    texts = [" ".join(random.choice(WORDS, random.integers(1, 12))) for _ in range(num_texts)]
    labels = pa.array([int("good" in text) for text in texts], pa.int32())
    table = pa.table({"id": [f"{path.stem}-{index}" for index in range(num_texts)], "text": texts, "label": labels})
    pq.write_table(table, path)
    return texts


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for seed, (name, num_texts) in enumerate({"train": 60, "validation": 30, "test": 30, "unlabelled": 25}.items()):
        write_texts(folder / f"{name}.parquet", num_texts, seed=seed)
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
def teacher(publish_bundle: PublishBundle, data: Path, root: Path) -> Stack:
    models = []
    for name, group in {"nb-svm": "baseline", "average-pool": "seed"}.items():
        folder = publish_bundle(name, data, root, ENCODING)
        training = json.loads((folder / "training.json").read_text())
        training["decided_by"], training["checksum"] = {"settings": {}}, None
        (folder / "training.json").write_text(json.dumps(training))
        facts = BundleFacts.read(folder / "bundle.json")
        models.append(
            TrainedModel(
                variant=name,
                group=group,
                encoding="text",
                seed=1,
                folder=str(folder.relative_to(root)),
                evaluation=read_manifest(folder / "manifest.json", dict).fingerprint,
                training=facts.training,
                metrics=facts.metrics,
            )
        )
    return Stack(tuple(models), WEIGHTS, accuracy=0.9, loss=0.3)


def answer(teacher: Stack, root: Path, data: Path, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    pairs = zip(teacher.models, teacher.weights, strict=True)
    members = [TeachingMember(root / model.folder, weight) for model, weight in pairs]
    write_answers(members, data / "unlabelled.parquet", folder, label_names=LABELS)
    return read_predictions(folder / "answers.parquet")


def test_answers_are_the_weighted_sum_of_calibrated_log_probabilities(
    teacher: Stack, root: Path, data: Path, tmp_path: Path
) -> None:
    found, labels = answer(teacher, root, data, tmp_path)
    texts = pq.read_table(data / "unlabelled.parquet").column("text").combine_chunks()
    expected = combine([load_bundle(root / it.folder).decide(texts).probabilities for it in teacher.models], WEIGHTS)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(labels, expected.argmax(axis=1))
    assert len(set(labels)) == 2


def test_single_model_teaches_alone(teacher: Stack, root: Path, data: Path, tmp_path: Path) -> None:
    alone = Stack(teacher.models[:1], (0.5,), accuracy=0.9, loss=0.3)
    found, _ = answer(alone, root, data, tmp_path)
    texts = pq.read_table(data / "unlabelled.parquet").column("text").combine_chunks()
    of_model = load_bundle(root / alone.models[0].folder).decide(texts).probabilities
    np.testing.assert_allclose(found, apply_temperature(of_model, 2.0), atol=1e-6)


def test_students_read_the_answers_in_the_order_of_the_texts(
    teacher: Stack, root: Path, data: Path, tmp_path: Path
) -> None:
    found, _ = answer(teacher, root, data, tmp_path)
    np.testing.assert_allclose(read_answers(tmp_path / "answers.parquet"), found, rtol=1e-6)
    ids = pq.read_table(tmp_path / "answers.parquet").column("id")
    assert ids.to_pylist() == [f"unlabelled-{index}" for index in range(25)]


def test_students_without_texts_are_named() -> None:
    reason = "from the training texts alone, because there are no texts without labels"
    assert describe_untaught(["distilled"]) == f"distilled learns {reason}"
    assert describe_untaught(["a", "b", "c"]) == f"a, b and c learn {reason}"


def make_manifest(sha256: str = "0") -> UnlabelledManifest:
    return Manifest[UnlabelledFacts](
        kind="unlabelled",
        name="films",
        fingerprint="f",
        folder="unlabelled/f",
        decided_by={},
        facts=UnlabelledFacts(
            dataset="films",
            num_read=25,
            num_used=25,
            num_left_out=0,
            num_repeated=0,
            overlaps={},
            dropped={},
            warnings=[],
        ),
        files={"unlabelled.parquet": FileRecord(sha256=sha256, num_bytes=1)},
        created="today",
    )


def test_texts_and_teacher_decide_the_answers(teacher: Stack, root: Path, data: Path) -> None:
    def find_fingerprint(teacher: Stack, texts: UnlabelledManifest) -> str:
        return plan_answers(teacher, texts, label_names=LABELS, data_dir=data, artifacts_dir=root)[0].fingerprint

    plain = find_fingerprint(teacher, make_manifest())
    assert plain == find_fingerprint(teacher._replace(loss=0.2), make_manifest())
    assert plain != find_fingerprint(teacher, make_manifest("1"))
    assert plain != find_fingerprint(teacher._replace(weights=(0.75, 0.6)), make_manifest())
    assert plain != find_fingerprint(teacher._replace(models=teacher.models[::-1]), make_manifest())
