"""Mistakes: the most confident first, those of every model, and how far models agree."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.compare.facts import MissedReviews, Mistakes, Review
from tasks.compare.mistakes import SHOWN_CHARACTERS, analyse_errors
from tasks.compare.results import CONSTANT, Contestant, TrainedModel
from tasks.evaluate.facts import EvaluationFacts, Scores

NAMES = ["neg", "pos"]
LABELS = np.array([0, 1, 1, 0], np.int32)
# What the second class is given: wrong on the first (surely) and the third; on the first and the fourth.
LSTM = [0.99, 0.9, 0.4, 0.1]
GRU = [0.6, 0.9, 0.8, 0.7]


def make_contestant(name: str, positive: list[float]) -> Contestant:
    column = np.array(positive)
    probabilities = np.stack([np.column_stack([1 - column, column])])
    predicted = (probabilities[:, :, 1] >= 0.5).astype(np.int32)
    metrics = EvaluationFacts.model_construct(validation=Scores.model_construct(accuracy=0.5, nll=0.5))
    result = TrainedModel.model_construct(variant=name, group="seed", encoding="e", seed=1, metrics=metrics)
    return Contestant(name, [result], probabilities.__getitem__, 2, predicted, predicted == LABELS, LABELS)


@pytest.fixture
def test_path(tmp_path: Path) -> Path:
    path = tmp_path / "test.parquet"
    texts = ["first", "second", "third", "x" * 5_000]
    pq.write_table(pa.table({"id": list("abcd"), "text": texts, "label": pa.array(LABELS)}), path)
    return path


@pytest.fixture
def errors(test_path: Path) -> Mistakes:
    contestants = [make_contestant("lstm", LSTM), make_contestant("gru", GRU), make_contestant(CONSTANT, [1.0] * 4)]
    found = analyse_errors(contestants, test_path, NAMES)
    assert found is not None
    return found


def test_constant_model_is_left_out(errors: Mistakes) -> None:
    assert errors.models == ("lstm", "gru")


def test_confident_mistakes_come_first(errors: Mistakes) -> None:
    found = [(it.row, it.predicted, it.probability) for it in errors.confident if it.model == "lstm"]
    assert found == [(0, "pos", pytest.approx(0.99)), (2, "neg", pytest.approx(0.6))]


def test_reviews_that_every_model_misses_are_named(errors: Mistakes) -> None:
    assert errors.missed_by_all == MissedReviews(num_reviews=1, rows=(0,))
    assert errors.wrong_models == (1, 2, 1)
    assert errors.oracle_accuracy == 0.75


def test_agreement_is_the_share_of_equal_answers(errors: Mistakes) -> None:
    assert errors.agreement == ((1.0, 0.5), (0.5, 1.0))


def test_texts_are_kept_once_and_cut(errors: Mistakes) -> None:
    assert errors.texts.keys() == {"0", "2", "3"}
    assert errors.texts["2"] == Review(id="c", label="pos", text="third", num_characters=5)
    assert len(errors.texts["3"].text) == SHOWN_CHARACTERS
    assert errors.texts["3"].num_characters == 5_000


def test_constant_model_alone_has_no_mistakes_to_learn_from(test_path: Path) -> None:
    assert analyse_errors([make_contestant(CONSTANT, [1.0] * 4)], test_path, NAMES) is None


def test_answers_to_reviews_that_every_model_misses_are_those_of_the_model_that_is_shown(test_path: Path) -> None:
    lstm, gru = make_contestant("lstm", LSTM), make_contestant("gru", GRU)
    found = analyse_errors([lstm, gru], test_path, NAMES, shown=gru)
    assert found is not None
    assert [(it.model, it.row, it.predicted) for it in found.missed_by_all.answers] == [("gru", 0, "pos")]


def test_constant_model_is_not_asked_about_them(test_path: Path) -> None:
    constant = make_contestant(CONSTANT, [1.0] * 4)
    found = analyse_errors([make_contestant("lstm", LSTM), constant], test_path, NAMES, shown=constant)
    assert found is not None
    assert found.missed_by_all.answers == ()
