"""What a run says in which nothing was learned: each piece of advice has its evidence."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.compare.facts import ComparedEncoding, EpochPoint, LaterEpochs, Training
from tasks.compare.nothing_learned import (
    Circumstances,
    advise,
    advise_on_epochs,
    advise_on_imbalance,
    advise_on_labels,
    advise_on_training_size,
    advise_on_unknown_words,
    recommend_nothing,
)
from tasks.compare.results import Contestant, load_contestants
from tasks.encode.facts import TokenTotals

EVEN = {split: np.arange(400, dtype=np.int32) % 2 for split in ("train", "validation", "test")}


def describe(**changes: Any) -> Circumstances:
    """Enough reviews of two labels, no encodings and no trainings, with some of it changed."""
    usual: dict[str, Any] = {
        "constant": 0,
        "label_names": ["neg", "pos"],
        "labels": EVEN,
        "encodings": {},
        "trainings": {},
    }
    return Circumstances(**usual | changes)


def make_training(losses: list[float], val_losses: list[float], *, accuracy: float = 0.5) -> Training:
    points = [
        EpochPoint(epoch=epoch, loss=loss, accuracy=accuracy, val_loss=val_loss, val_accuracy=0.5)
        for epoch, (loss, val_loss) in enumerate(zip(losses, val_losses, strict=True), start=1)
    ]
    return Training(
        seed=1,
        curve=tuple(points),
        best_epoch=min(points, key=lambda point: point.val_loss).epoch,
        gap_at_best=0.0,
        gap_at_last=0.0,
        later_epochs=LaterEpochs(num_epochs=0, val_loss_change=0.0, val_accuracy_change=0.0, share_of_seconds=0.0),
    )


def make_encoding(num_oov: int) -> ComparedEncoding:
    totals = TokenTotals(num_tokens=100, num_oov=num_oov, num_truncated=0)
    return ComparedEncoding(length=120, folder=Path(), splits={"test": totals})


@pytest.fixture
def load(add_result: Any, tmp_path: Path) -> Any:
    """Loads a model with the given numbers."""

    def add(name: str, num_correct: int = 50, **numbers: Any) -> Contestant:
        return load_contestants([add_result(name, num_correct, **numbers)], tmp_path)[0]

    return add


def test_few_training_reviews_per_label() -> None:
    few = EVEN | {"train": EVEN["train"][:199]}
    assert str(advise_on_training_size(describe(labels=few))).startswith(
        "Collect more training reviews: there are 199 for 2 labels"
    )
    assert advise_on_training_size(describe()) is None


def test_label_that_nearly_all_reviews_have(load: Any) -> None:
    rare = {split: (np.arange(400) % 50 == 0).astype(np.int32) for split in EVEN}
    model = load("lstm")
    assert advise_on_imbalance([model], describe(labels=rare)) == (
        "Of the training reviews, 98.0% are 'neg', so that a model is seldom right with another answer. Try --metric "
        "macro-f1, which chooses thresholds for rare labels, or --class-weight balanced."
    )
    assert advise_on_imbalance([model], describe()) is None
    learned_by_heart = {"lstm": [make_training([0.1], [0.9], accuracy=1.0)]}
    assert advise_on_labels([model], describe(labels=rare, trainings=learned_by_heart)) is None
    aimed = load("flatten", objective={"metric": "macro-f1"}, macro_f1=0.5)
    assert str(advise_on_imbalance([aimed], describe(labels=rare))).endswith("Try --class-weight balanced.")


def test_unknown_words_of_the_worst_encoding() -> None:
    advice = advise_on_unknown_words({"words": make_encoding(97), "subwords": make_encoding(0)})
    assert str(advice).startswith("Many words are unknown: 97% of those in the test reviews, in the encoding words.")
    assert advise_on_unknown_words({"words": make_encoding(10)}) is None
    assert advise_on_unknown_words({}) is None


def test_labels_that_are_learned_by_heart_look_random(load: Any) -> None:
    models = [
        load("nb-svm", group="baseline", train_accuracy=0.98, validation={"accuracy": 0.51}),
        load("lstm", train_accuracy=0.5, validation={"accuracy": 0.52}),
    ]
    assert advise_on_labels(models, describe()) == (
        "The labels look random: nb-svm gets 98.0% of the training reviews right but 51.0% on validation, where the "
        "constant answer gets 50.0%. Check that each label belongs to its text."
    )


def test_training_accuracy_of_a_network_is_that_of_its_highest_epoch(load: Any) -> None:
    """The facts of a training have that of the best epoch, which on random labels is the first."""
    model = load("lstm", train_accuracy=0.5, validation={"accuracy": 0.5})
    trainings = {"lstm": [make_training([0.7, 0.1], [0.7, 0.9], accuracy=0.99)]}
    assert "lstm gets 99.0%" in str(advise_on_labels([model], describe(trainings=trainings)))


@pytest.mark.parametrize(
    ("in_training", "on_validation", "num_training"), [(0.7, 0.5, 400), (0.98, 0.6, 400), (0.98, 0.5, 100)]
)
def test_labels_do_not_look_random(in_training: float, on_validation: float, num_training: int, load: Any) -> None:
    """The model does not memorise, knows validation reviews too, or has so few that it can memorise any labels."""
    model = load("nb-svm", group="baseline", train_accuracy=in_training, validation={"accuracy": on_validation})
    labels = EVEN | {"train": EVEN["train"][:num_training]}
    assert advise_on_labels([model], describe(labels=labels)) is None


def test_training_that_was_cut_short() -> None:
    falling = make_training([0.7, 0.6], [0.7, 0.6])
    flat = make_training([0.7, 0.6], [0.7, 0.71])
    single = make_training([0.7], [0.7])
    assert advise_on_epochs({"lstm": [flat, falling], "gru": [flat], "bigru": [single]}) == (
        "Train for more epochs: the validation loss was still falling in the last epoch of lstm, bigru."
    )
    assert advise_on_epochs({"gru": [flat]}) is None


def test_without_other_evidence_the_labels_are_to_be_checked(load: Any) -> None:
    models = [load("lstm", train_accuracy=0.5, validation={"accuracy": 0.5})]
    advice = list(advise(models, describe(), lead=0.05, num_test_reviews=None))
    assert advice == ["Check that the label is in the right column and can be told from the text."]


def test_nothing_trained_nothing_said() -> None:
    assert recommend_nothing([], {}, describe()) is None


def test_run_at_chance_recommends_nothing_and_says_what_to_try(build: Any, add_result: Any) -> None:
    constant = add_result("majority", correct=np.arange(100) % 2 == 0, group="baseline")
    found = build(constant, add_result("lstm", 51))["recommendation"]
    assert [found[name] for name in ("name", "group", "model", "seed")] == [None] * 4
    assert (found["best_on_validation"], found["accuracy"]["mean"]) == ("lstm", 0.51)
    nothing = found["nothing_learned"]
    assert (nothing["constant"], nothing["constant_accuracy"], nothing["is_too_small"]) == ("neg", 0.5, False)
    # (2.241 * sqrt(0.5) + 0.842 * sqrt(0.4975))**2 / 0.05**2 = 1,894: two models, two tests each.
    assert (nothing["lead"], nothing["num_test_reviews"]) == (0.05, 1_900)
    assert nothing["advice"][0].startswith("Collect more training reviews")
    assert nothing["advice"][-1] == (
        "To show a lead of 5.0 points over the constant answer in 80% of cases, use about 1,900 test reviews instead "
        "of 100."
    )


def test_without_the_baseline_models_are_held_against_the_commonest_label(build: Any, add_result: Any) -> None:
    found = build(add_result("lstm", correct=np.arange(100) % 2 == 0))["recommendation"]
    assert found["name"] is None
    assert found["nothing_learned"]["constant_accuracy"] == 0.5


def test_four_test_reviews_are_too_few_for_any_verdict(build: Any, add_result: Any) -> None:
    labels = np.array([0, 1, 0, 1])
    found = build(add_result("lstm", 4, labels=labels), labels=labels)["recommendation"]["nothing_learned"]
    assert found["is_too_small"]
    # The observed lead: two of four reviews that only the model gets right.
    assert found["lead"] == 0.5
    assert 4 < found["num_test_reviews"] < 30


def test_test_split_of_one_label_has_no_number_of_reviews_that_would_do(build: Any, add_result: Any) -> None:
    labels = np.zeros(50, np.int32)
    found = build(add_result("lstm", 50, labels=labels), labels=labels)["recommendation"]["nothing_learned"]
    assert (found["is_too_small"], found["num_test_reviews"]) == (True, None)
