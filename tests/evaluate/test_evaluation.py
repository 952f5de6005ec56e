"""Evaluating a saved model: its bundle and its predictions, and that the two agree."""

import fcntl
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.encode.encodings import Encoding
from tasks.encode.words import OOV, PAD, make_tokenizer
from tasks.evaluate.bundle import read_bundle_file
from tasks.evaluate.evaluation import FEWEST_SPEEDS, ScoredSplit, decide, evaluate_model, measure, score_and_time
from tasks.evaluate.facts import EvaluationFacts, Origin
from tasks.evaluate.metric_table import compute_metrics
from tasks.evaluate.metrics import predict_labels
from tasks.evaluate.model_card import describe_command
from tasks.evaluate.predictions import read_predictions
from tasks.ingest.facts import Duplicates, ReviewsFacts, RowCounts
from tasks.ingest.files.options import FileOptions
from tasks.objective.facts import Objective
from tasks.store.outputs import FileRecord, manifest_of
from tasks.train.build import build_model
from tasks.train.facts import TrainingFacts
from tasks.train.settings import FitSettings
from tasks.train.variants import VARIANTS

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

TRAINING = TrainingFacts(
    num_params=1,
    device="CPU",
    kernel="stock",
    peak_memory_mb=1,
    batch_size=4,
    epochs=3,
    best_epoch=1,
    train_accuracy=0.5,
    train_loss=0.5,
    val_accuracy=0.5,
    val_loss=0.5,
    train_seconds=2.0,
    epoch_seconds=0.5,
    reviews_per_second=9.0,
    encoding="tiny",
    description="a model",
)
ENCODING = Encoding(name="tiny", kind="words", vocab_size=30, length=6, padding="pre", description="for tests")
LABEL_NAMES = ["bad film", "good film"]
NUM_REVIEWS = 20
SETTINGS = FitSettings(epochs=3, patience=2, batch_size=4, learning_rate=0.01, seed=7)


def make_manifest(kind: str, name: str, files: dict[str, str], **fields: Any) -> Any:
    records = {file: FileRecord(sha256=sha256, num_bytes=1) for file, sha256 in files.items()}
    facts = fields.pop("facts")
    return manifest_of(type(facts))(
        kind=kind,
        name=name,
        fingerprint="f1",
        folder="folder",
        files=records,
        created="today",
        facts=facts,
        **{"decided_by": {}, **fields},
    )


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    keras.utils.set_random_seed(1)
    model = build_model(VARIANTS["bilstm"], ENCODING, num_classes=2, learning_rate=0.01)
    # Far from the start, where all probabilities are close to one half.
    model.set_weights([5 * weight for weight in model.get_weights()])
    model.save(folder / "model.keras")
    return folder


@pytest.fixture(scope="module")
def reviews_folder(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """Validation and test reviews of words whose tokenizer lies beside the model."""
    folder = tmp_path_factory.mktemp("reviews")
    random = np.random.default_rng(1)
    for split, num_reviews in (("train", 40), ("validation", 30), ("test", NUM_REVIEWS)):
        words = random.integers(2, ENCODING.vocab_size, (num_reviews, ENCODING.length))
        columns = {
            "id": [f"{split}-{index}" for index in range(num_reviews)],
            "text": [" ".join(f"word{word}" for word in row) for row in words],
            "label": pa.array(words[:, 0] % 2, pa.int32()),
        }
        pq.write_table(pa.table(columns), folder / f"{split}.parquet")
    vocabulary = [PAD, OOV, *(f"word{word}" for word in range(2, ENCODING.vocab_size))]
    make_tokenizer(vocabulary).save(str(model_folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """What the task that evaluates knows of the model before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        from tasks.evaluate.output import describe_origin
    model = make_manifest(
        "training",
        "bilstm",
        {"model.keras": "m"},
        decided_by={
            "settings": asdict(SETTINGS),
            "encoding": ENCODING.settings(),
            "libraries": {"keras": "3.x", "tensorflow": "2.x"},
        },
        facts=TRAINING,
    )
    files = {"train.parquet": "t1", "validation.parquet": "v1", "test.parquet": "t2"}
    counts = {split: dict.fromkeys(LABEL_NAMES, 10) for split in ("train", "validation", "test")}
    facts = ReviewsFacts(
        dataset="films",
        label_names=LABEL_NAMES,
        num_reviews=dict.fromkeys(counts, NUM_REVIEWS),
        counts=counts,
        duplicates=Duplicates(within={}, across={}, conflicting=0),
        warnings=[],
        rows=RowCounts(num_read=3 * NUM_REVIEWS, num_used=3 * NUM_REVIEWS, num_left_out=0, dropped={}),
    )
    decided_by = {"limit": None, "validation_fraction": 0.1}
    reviews = make_manifest("reviews", "films", files, decided_by=decided_by, facts=facts)
    return describe_origin(model, reviews)


@pytest.fixture(scope="module")
def evaluated(
    model_folder: Path, reviews_folder: Path, origin: Origin, tmp_path_factory: pytest.TempPathFactory
) -> tuple[EvaluationFacts, Path]:
    """The metrics that were returned, and the folder that was written to."""
    folder = tmp_path_factory.mktemp("evaluation")
    return evaluate_model(model_folder, reviews_folder, folder, label_names=LABEL_NAMES, origin=origin), folder


@pytest.fixture
def written(evaluated: tuple[EvaluationFacts, Path]) -> dict[str, Any]:
    """The content of bundle.json."""
    content: dict[str, Any] = json.loads((evaluated[1] / "bundle.json").read_text())
    return content


def test_bundle_card_and_predictions_are_all_that_is_written(evaluated: tuple[EvaluationFacts, Path]) -> None:
    written = {path.name for path in evaluated[1].iterdir()}
    assert written == {"bundle.json", "predictions.parquet", "validation_predictions.parquet", "MODEL_CARD.md"}


def test_bundle_says_how_to_use_the_model(written: dict[str, Any]) -> None:
    assert written["label_names"] == LABEL_NAMES
    assert written["encoding"] == {"name": "tiny", **ENCODING.settings()}
    assert 0 < written["threshold"] < 1
    assert written["temperature"] > 1, "the model is made to be too sure of itself"


def test_bundle_says_how_the_model_was_made(written: dict[str, Any]) -> None:
    assert written["variant"] == "bilstm"
    assert written["fingerprint"] == "f1"
    assert written["settings"]["seed"] == 7
    assert written["training"] == TRAINING.model_dump()
    assert written["kind"] == "neural"
    assert written["data"] == {"train.parquet": "t1", "validation.parquet": "v1", "test.parquet": "t2"}
    assert written["versions"] == {"keras": "3.x", "tensorflow": "2.x"}


def test_bundle_keeps_a_profile_of_its_texts(written: dict[str, Any]) -> None:
    profile = written["profile"]
    assert sum(profile["words"]["counts"]) == 40
    assert profile["words"]["bounds"] == [ENCODING.length]
    assert sum(profile["unknown"]["counts"]) == 30


def test_largest_share_of_unknown_tokens_is_not_looked_for_again_if_the_training_knows_it(
    model_folder: Path, reviews_folder: Path, origin: Origin, tmp_path: Path
) -> None:
    known = origin.model_copy(update={"training": TRAINING.model_copy(update={"most_unknown": 0.25})})
    evaluate_model(model_folder, reviews_folder, tmp_path, label_names=LABEL_NAMES, origin=known)
    assert json.loads((tmp_path / "bundle.json").read_text())["profile"]["most_unknown"] == 0.25


def test_bundle_holds_the_metrics_that_are_returned(
    evaluated: tuple[EvaluationFacts, Path], written: dict[str, Any]
) -> None:
    assert written["metrics"] == evaluated[0].model_dump(mode="json")


def test_metrics_are_those_of_the_predictions_file(evaluated: tuple[EvaluationFacts, Path]) -> None:
    scores, folder = evaluated
    for found, name in ((scores, "predictions.parquet"), (scores.validation, "validation_predictions.parquet")):
        probabilities, labels = read_predictions(folder / name)
        expected = compute_metrics(probabilities, labels, threshold=scores.threshold)
        assert found.model_dump(include=set(expected.model_dump())) == expected.model_dump()
        assert 0 < found.accuracy < 1


def test_predictions_are_the_calibrated_ones_of_the_saved_model(
    evaluated: tuple[EvaluationFacts, Path], model_folder: Path, reviews_folder: Path
) -> None:
    model = keras.models.load_model(model_folder / "model.keras", compile=False, safe_mode=True)
    texts = pq.read_table(reviews_folder / "test.parquet").column("text").to_pylist()
    tokens = np.array([[int(word.removeprefix("word")) for word in text.split()] for text in texts], np.int32)
    positive = np.asarray(model(tokens), np.float64).ravel()
    odds = (positive / (1 - positive)) ** (1 / evaluated[0].temperature)
    table = pq.read_table(evaluated[1] / "predictions.parquet")
    np.testing.assert_allclose(table.column("p_good film").to_numpy(), odds / (1 + odds), atol=1e-6)
    np.testing.assert_allclose(table.column("p_bad film").to_numpy(), 1 / (1 + odds), atol=1e-6)


def test_calibration_is_told_before_and_after(evaluated: tuple[EvaluationFacts, Path]) -> None:
    calibration = evaluated[0].calibration
    assert calibration.after.nll < calibration.before.nll
    for stage in (calibration.before, calibration.after):
        assert sum(point.count for point in stage.reliability) == NUM_REVIEWS


def test_nothing_is_chosen_on_the_test_split(
    evaluated: tuple[EvaluationFacts, Path],
    model_folder: Path,
    reviews_folder: Path,
    origin: Origin,
    tmp_path: Path,
) -> None:
    table = pq.read_table(reviews_folder / "test.parquet")
    flipped = table.set_column(2, "label", pa.array([1 - label.as_py() for label in table.column("label")], pa.int32()))
    pq.write_table(flipped, tmp_path / "test.parquet")
    for split in ("train", "validation"):
        pq.write_table(pq.read_table(reviews_folder / f"{split}.parquet"), tmp_path / f"{split}.parquet")
    (tmp_path / "out").mkdir()
    scores = evaluate_model(model_folder, tmp_path, tmp_path / "out", label_names=LABEL_NAMES, origin=origin)
    assert scores.accuracy == pytest.approx(1 - evaluated[0].accuracy)
    assert (scores.temperature, scores.threshold) == (evaluated[0].temperature, evaluated[0].threshold)
    assert scores.validation == evaluated[0].validation


def test_speed_and_size_are_told(evaluated: tuple[EvaluationFacts, Path], model_folder: Path) -> None:
    scores, _ = evaluated
    assert scores.predict_reviews_per_second == pytest.approx(NUM_REVIEWS / scores.predict_seconds)
    assert scores.predict_single_per_second > 0
    assert scores.file_bytes == sum(path.stat().st_size for path in model_folder.iterdir())


def test_speed_of_a_small_split_is_measured_several_times(
    model_folder: Path, reviews_folder: Path, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.evaluate.evaluation.MOST_SECONDS", 1_000.0)
    scores = evaluate_model(model_folder, reviews_folder, tmp_path, label_names=LABEL_NAMES, origin=origin)
    assert len(scores.predict_speeds) == FEWEST_SPEEDS
    assert min(scores.predict_speeds) > 0


def test_speed_is_measured_while_other_evaluations_wait(
    model_folder: Path, reviews_folder: Path, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, others_wait = tmp_path / "gate", []

    def score_while_others_wait(*arguments: Any) -> Any:
        with gate.open("ab") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                others_wait.append(True)
        return score_and_time(*arguments)

    monkeypatch.setattr("tasks.evaluate.evaluation.score_and_time", score_while_others_wait)
    evaluate_model(model_folder, reviews_folder, tmp_path, label_names=LABEL_NAMES, origin=origin, gate=gate)
    assert others_wait == [True]


def test_model_is_left_as_it_is(model_folder: Path, reviews_folder: Path, origin: Origin, tmp_path: Path) -> None:
    before = (model_folder / "model.keras").read_bytes()
    evaluate_model(model_folder, reviews_folder, tmp_path, label_names=LABEL_NAMES, origin=origin)
    assert (model_folder / "model.keras").read_bytes() == before
    assert {path.name for path in model_folder.iterdir()} == {"model.keras", "tokenizer.json"}


def test_card_tells_data_numbers_limits_and_how_to_make_it_again(evaluated: tuple[EvaluationFacts, Path]) -> None:
    scores, folder = evaluated
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    for part in ("## Data", "## Intended use", "## Limits", "bad film", f"{scores.accuracy:.1%} (95% interval "):
        assert part in card
    command = (
        "python flows/train_all.py --dataset films --variants bilstm --validation-fraction 0.1 --seeds 7 --epochs 3"
    )
    assert command in card


def test_card_of_a_model_from_a_file_tells_its_flags(origin: Origin) -> None:
    options = FileOptions(
        path=Path("/home/me/sms.tsv"), columns=("label", "text"), text_columns=("text",), quoting="none"
    )
    dataset = origin.dataset.model_copy(update={"name": "sms", "file_options": options.describe()})
    command = describe_command(origin.model_copy(update={"dataset": dataset}))
    assert "--dataset path/to/sms --text-column text --columns label,text --quoting none --variants" in command
    assert "/home/me" not in command


def make_split(probabilities: np.ndarray, labels: np.ndarray) -> ScoredSplit:
    zeros = np.zeros(len(labels), np.int32)
    return ScoredSplit(pa.array(map(str, range(len(labels)))), labels, (1.0,), probabilities, zeros, zeros)


def test_decisions_are_made_for_the_metric_that_decides() -> None:
    labels = (np.arange(400) % 20 == 0).astype(np.int32)
    positive = np.where(labels == 1, 0.3, 0.05) + np.linspace(0, 0.1, 400)
    split = make_split(np.column_stack([1 - positive, positive]), labels)
    aimed = decide(split, Objective(metric="macro-f1"))
    assert (aimed.rule, aimed.threshold < 0.5) == (None, True)
    assert measure(split, aimed).macro_f1 == 1
    assert measure(split, decide(split)).accuracy == 1, "here accuracy finds the same threshold"


def test_more_than_two_labels_have_a_rule_that_the_bundle_keeps(evaluated: tuple[EvaluationFacts, Path]) -> None:
    random = np.random.default_rng(1)
    labels = random.choice(3, 900, p=[0.8, 0.15, 0.05]).astype(np.int32)
    logits = np.log([0.8, 0.15, 0.05]) + 1.5 * np.eye(3)[labels] + 0.3 * random.normal(size=(900, 3))
    split = make_split(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), labels)
    costs = ((0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (30.0, 30.0, 0.0))
    objective = Objective(metric="cost", costs=costs)
    decision = decide(split, objective)
    assert decision.rule is not None
    scores = measure(split, decision)
    assert scores.metric("cost") < measure(split, decision._replace(rule=None)).metric("cost")
    facts = evaluated[0].model_copy(update={"rule": decision.rule, "objective": objective})
    assert EvaluationFacts.model_validate_json(facts.model_dump_json()) == facts
    assert facts.read_score(scores) == -scores.metric("cost")


def test_evaluation_for_accuracy_says_nothing_of_other_aims(evaluated: tuple[EvaluationFacts, Path]) -> None:
    assert {"rule", "objective"}.isdisjoint(evaluated[0].model_dump())


def test_evaluation_aims_at_what_the_run_aims_at(
    model_folder: Path, reviews_folder: Path, origin: Origin, tmp_path: Path
) -> None:
    objective = Objective(metric="recall", label=LABEL_NAMES[1], place=1)
    scores = evaluate_model(
        model_folder, reviews_folder, tmp_path, label_names=LABEL_NAMES, origin=origin, objective=objective
    )
    bundle = read_bundle_file(tmp_path)
    assert bundle.metrics.objective == scores.objective == objective
    answers = predict_labels(*read_predictions(tmp_path / "predictions.parquet")[:1], threshold=scores.threshold)
    labels = read_predictions(tmp_path / "predictions.parquet")[1]
    assert scores.metric("recall") == pytest.approx((answers[labels == 1] == 1).mean())
    card = (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert f"--metric 'recall:{LABEL_NAMES[1]}'" in card
    assert "Decisions aim at recall of" in card


@pytest.mark.parametrize(
    ("weights", "flag"), [((1.0, 3.0), "--class-weight path/to/weights.toml"), ((0.75, 1.5), "--class-weight balanced")]
)
def test_card_tells_the_flags_of_class_weights(weights: tuple[float, float], flag: str, origin: Origin) -> None:
    counts = {**origin.dataset.counts, "train": dict(zip(LABEL_NAMES, (20, 10), strict=True))}
    changes = {
        "dataset": origin.dataset.model_copy(update={"counts": counts}),
        "settings": replace(origin.settings, class_weights=weights),  # type: ignore[type-var]
    }
    assert flag in describe_command(origin.model_copy(update=changes))
