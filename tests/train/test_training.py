"""Training a variant: its files, its numbers, repeatability, going on after a kill, and the memory it gives back."""

import contextlib
import csv
import json
import shutil
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tasks.encode.encodings import Encoding
from tasks.encode.sequences import read_sequences
from tasks.train import training
from tasks.train.facts import TrainingFacts
from tasks.train.lessons import Lessons
from tasks.train.predict import negative_log_likelihood, predict_probabilities
from tasks.train.settings import EpochRecord, FitSettings, Listener
from tasks.train.variants import VARIANTS, Variant

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

EPOCHS = 4


def make_body(layers: Any) -> list[Any]:
    """A recurrent state, and random numbers that must go on where they were."""
    return [layers.LSTM(3), layers.Dropout(0.5)]


VARIANT = Variant("for-tests", "seed", "tiny", make_body, 0, "an LSTM with dropout", embedding_dim=4, hidden=0)


@dataclass(frozen=True)
class Trained:
    """What a training returned, and where its files are."""

    facts: TrainingFacts
    folder: Path

    @property
    def weights(self) -> list[np.ndarray]:
        model = keras.models.load_model(self.folder / "model.keras", safe_mode=True)
        return [np.array(weight) for weight in model.get_weights()]

    @property
    def history(self) -> list[dict[str, str]]:
        with (self.folder / "history.csv").open() as file:
            return list(csv.DictReader(file))


Train = Callable[..., Trained]


@pytest.fixture(scope="module")
def train(encoding: Encoding, sequences_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Train:
    def run(
        folder: Path | None = None,
        *,
        variant: Variant = VARIANT,
        listener: Listener | None = None,
        lessons: Lessons | None = None,
        **options: Any,
    ) -> Trained:
        settings = {"epochs": EPOCHS, "patience": 9, "batch_size": 5, "learning_rate": 0.01, "seed": 1, **options}
        folder = folder or tmp_path_factory.mktemp("model")
        facts = training.train_variant(
            variant,
            encoding,
            FitSettings(**settings),
            num_classes=2,
            sequences_folder=sequences_folder,
            folder=folder,
            listener=listener or Listener(),
            lessons=lessons,
        )
        return Trained(facts, folder)

    return run


@pytest.fixture(scope="module")
def working_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("working")


@pytest.fixture(scope="module")
def whole(train: Train, working_folder: Path) -> Trained:
    """A training that nothing interrupted."""
    with contextlib.chdir(working_folder):
        return train()


class Interrupter(Listener):
    """Stops a training when it hears of a chosen moment, and remembers which epochs it saw end."""

    def __init__(self, *, after_epoch: float = 0, during_epoch: float = 0) -> None:
        self.after_epoch, self.during_epoch = after_epoch, during_epoch
        self.epochs: list[float] = []

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        assert num_done <= num_reviews
        if epoch == self.during_epoch:
            raise KeyboardInterrupt

    def on_epoch(self, history: list[EpochRecord]) -> None:
        self.epochs.append(history[-1].epoch)
        if history[-1].epoch == self.after_epoch:
            raise KeyboardInterrupt


def without_times(history: list[dict[str, str]]) -> list[dict[str, str]]:
    times = {"seconds", "train_seconds", "reviews_per_second"}
    return [{name: value for name, value in record.items() if name not in times} for record in history]


def assert_equal_weights(first: Trained, second: Trained) -> None:
    for value, expected in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_same_seed_gives_the_same_bits(whole: Trained, train: Train) -> None:
    again = train()
    assert_equal_weights(again, whole)
    assert without_times(again.history) == without_times(whole.history)


def test_another_seed_gives_other_weights(whole: Trained, train: Train) -> None:
    other = train(seed=2)
    assert not any(np.array_equal(a, b) for a, b in zip(other.weights, whole.weights, strict=True))


@pytest.mark.parametrize("moment", [{"after_epoch": 2}, {"during_epoch": 3}], ids=["between epochs", "within an epoch"])
def test_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(
    moment: dict[str, int], whole: Trained, train: Train, tmp_path: Path
) -> None:
    interrupter, listener = Interrupter(**moment), Interrupter()
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, listener=interrupter)
    resumed = train(tmp_path, listener=listener)
    assert (interrupter.epochs, listener.epochs) == ([1, 2], [3, 4])
    assert_equal_weights(resumed, whole)
    assert without_times(resumed.history) == without_times(whole.history)


@pytest.mark.parametrize("name", ["for-tests", "onehot-conv"])
def test_training_with_several_evaluations_in_an_epoch_can_be_interrupted_between_them(
    name: str, train: Train, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"evaluations_per_epoch": 4, "epochs": 2, "batch_size": 1}
    if name == "onehot-conv":
        options |= {"variant": VARIANTS[name], "learning_rate": 0.05}
    uninterrupted, folder = train(**options), tmp_path / "model"
    for moment in ({"after_epoch": 0.5}, {"during_epoch": 2}):
        with pytest.raises(KeyboardInterrupt):
            train(folder, listener=Interrupter(**moment), **options)
    resumed = train(folder, **options)
    assert_equal_weights(resumed, uninterrupted)
    assert without_times(resumed.history) == without_times(uninterrupted.history)
    assert [float(record["epoch"]) for record in resumed.history] == [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]


@pytest.fixture(scope="module")
def quantized(train: Train) -> Trained:
    """A training of the one variant that the C library trains by itself, and whose word vectors have 8 bits."""
    return train(variant=VARIANTS["onehot-conv"], batch_size=1, learning_rate=0.05)


@pytest.mark.parametrize("moment", [{"after_epoch": 2}, {"during_epoch": 3}], ids=["between epochs", "within an epoch"])
def test_training_by_the_library_alone_can_be_interrupted_too(
    moment: dict[str, int], quantized: Trained, train: Train, tmp_path: Path
) -> None:
    options = {"variant": VARIANTS["onehot-conv"], "batch_size": 1, "learning_rate": 0.05}
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, listener=Interrupter(**moment), **options)
    resumed = train(tmp_path, **options)
    assert_equal_weights(resumed, quantized)
    assert without_times(resumed.history) == without_times(quantized.history)


@pytest.mark.parametrize("variant", [VARIANT, VARIANTS["onehot-conv"]], ids=lambda row: row.name)
def test_student_learns_from_lessons_too(variant: Variant, train: Train, lessons: Lessons) -> None:
    options = {"variant": variant, "batch_size": variant.batch_size, "learning_rate": variant.learning_rate}
    alone, taught = train(**options), train(lessons=lessons, **options)
    assert not any(np.array_equal(a, b) for a, b in zip(alone.weights[:1], taught.weights[:1], strict=True))
    assert {line["epoch"] for line in taught.history} == {line["epoch"] for line in alone.history}
    assert 0 <= taught.facts.train_accuracy <= 1
    assert taught.facts.num_params == alone.facts.num_params


def test_word_dropout_of_a_variant_reaches_its_training(whole: Trained, train: Train) -> None:
    dropped = train(variant=replace(VARIANT, word_dropout=0.5))
    assert not np.array_equal(dropped.weights[0], whole.weights[0])


def test_quantized_model_is_small_and_predicts_what_it_did_in_training(
    quantized: Trained, encoding: Encoding, sequences_folder: Path
) -> None:
    num_weights = encoding.vocab_size * VARIANTS["onehot-conv"].embedding_dim
    assert quantized.facts.num_params > num_weights
    assert (quantized.folder / "model.keras").stat().st_size < 2 * num_weights
    tokens, labels = read_sequences(sequences_folder / "validation.parquet")
    model = keras.models.load_model(quantized.folder / "model.keras", safe_mode=True)
    val_loss = negative_log_likelihood(predict_probabilities(model, tokens), labels)
    assert val_loss == pytest.approx(quantized.facts.val_loss, rel=1e-2)


def test_files_are_those_of_the_contract(whole: Trained) -> None:
    files = {path.name for path in whole.folder.iterdir() if path.is_file()}
    assert files == {"model.keras", "summary.txt", "history.csv", "tokenizer.json"}


def test_saved_model_is_that_of_the_epoch_with_the_lowest_validation_loss(
    whole: Trained, sequences_folder: Path
) -> None:
    tokens, labels = read_sequences(sequences_folder / "validation.parquet")
    model = keras.models.load_model(whole.folder / "model.keras", safe_mode=True)
    val_loss = negative_log_likelihood(predict_probabilities(model, tokens), labels)
    assert val_loss == pytest.approx(min(float(record["val_loss"]) for record in whole.history), rel=1e-5)


def test_nothing_is_written_elsewhere(whole: Trained, working_folder: Path, sequences_folder: Path) -> None:
    assert (whole.folder / "model.keras").exists()
    assert not list(working_folder.iterdir())
    assert {path.name for path in sequences_folder.iterdir()} == {
        "tokenizer.json",
        "train.parquet",
        "validation.parquet",
        "test.parquet",
    }


def test_history_has_a_row_per_epoch(whole: Trained) -> None:
    assert list(whole.history[0]) == [
        "epoch",
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "seconds",
        "train_seconds",
        "reviews_per_second",
    ]
    assert [record["epoch"] for record in whole.history] == ["1", "2", "3", "4"]


def test_summary_is_that_of_the_model(whole: Trained) -> None:
    text = (whole.folder / "summary.txt").read_text()
    assert all(word in text for word in ("embedding", "lstm", "dropout", "Total params"))


def test_tokenizer_lies_beside_the_model(whole: Trained, sequences_folder: Path) -> None:
    assert (whole.folder / "tokenizer.json").read_bytes() == (sequences_folder / "tokenizer.json").read_bytes()


def test_facts_are_plain_json_and_agree_with_the_history(whole: Trained) -> None:
    facts = json.loads(whole.facts.model_dump_json())
    best = min(whole.history, key=lambda record: float(record["val_loss"]))
    assert facts["epochs"] == EPOCHS
    assert facts["best_epoch"] == int(best["epoch"])
    assert facts["val_loss"] == float(best["val_loss"])
    assert facts["train_seconds"] == pytest.approx(sum(float(record["seconds"]) for record in whole.history))


def make_record(epoch: float, *, train_seconds: float, val_loss: float) -> EpochRecord:
    return EpochRecord(
        epoch=epoch,
        loss=0.5,
        accuracy=0.5,
        val_loss=val_loss,
        val_accuracy=0.5,
        seconds=train_seconds + 1,
        train_seconds=train_seconds,
        reviews_per_second=100 / train_seconds,
    )


def test_speed_of_an_epoch_leaves_out_compiling_and_validation() -> None:
    losses = {1: 0.9, 2: 0.7, 3: 0.8}
    history = [
        make_record(epoch, train_seconds=20 if epoch == 1 else 2, val_loss=loss) for epoch, loss in losses.items()
    ]
    facts = training.summarise_history(
        history, FitSettings(epochs=3, patience=1, batch_size=32, learning_rate=1.0, seed=1)
    )
    assert (facts.epoch_seconds, facts.reviews_per_second) == (2, 50)
    assert facts.train_seconds == 27
    assert (facts.best_epoch, facts.val_loss, facts.batch_size) == (2, 0.7, 32)


def test_epoch_with_several_evaluations_takes_as_long_as_its_parts() -> None:
    losses = {0.5: 0.9, 1: 0.7, 1.5: 0.8}
    history = [make_record(epoch, train_seconds=2, val_loss=loss) for epoch, loss in losses.items()]
    settings = FitSettings(epochs=3, patience=1, batch_size=32, learning_rate=1.0, seed=1, evaluations_per_epoch=2)
    facts = training.summarise_history(history, settings)
    assert (facts.epoch_seconds, facts.reviews_per_second) == (4, 50)
    assert (facts.epochs, facts.best_epoch, facts.val_loss) == (1.5, 1, 0.7)


def test_facts_count_the_parameters_and_name_the_device(whole: Trained) -> None:
    embedding, lstm, head = 30 * 4, 4 * 3 * (4 + 3 + 1), 3 + 1
    assert whole.facts.num_params == embedding + lstm + head
    assert keras.backend.backend() in whole.facts.device
    assert whole.facts.kernel in {"native", "block", "native and block", "stock"}
    has_library = "native" in whole.facts.kernel
    assert whole.facts.instructions in ({"avx512", "avx2", "baseline", "neon"} if has_library else {None})


def test_earlier_models_are_not_kept_in_memory(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    models: list[weakref.ref[keras.Model]] = []
    build = training.build_model

    def build_and_watch(*arguments: Any, **options: Any) -> keras.Model:
        model = build(*arguments, **options)
        models.append(weakref.ref(model))
        return model

    monkeypatch.setattr(training, "build_model", build_and_watch)
    for seed in (1, 2, 3):
        train(variant=VARIANTS["flatten"], seed=seed, epochs=1)
    assert [model() is None for model in models[:2]] == [True, True]


def test_missing_sequences_are_an_error_before_anything_is_written(
    train: Train, sequences_folder: Path, tmp_path: Path
) -> None:
    moved = sequences_folder.with_name("moved")
    shutil.move(sequences_folder, moved)
    try:
        with pytest.raises(FileNotFoundError):
            train(tmp_path)
    finally:
        shutil.move(moved, sequences_folder)
    assert not list(tmp_path.iterdir())
