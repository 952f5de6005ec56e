"""A loaded baseline: its predictions and counts, and what its files can and cannot hold."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.baseline import model as model_module
from tasks.baseline.baselines import BASELINES
from tasks.baseline.model import load_baseline, save_baseline

Fit = Callable[..., Any]
ODD = [
    "\u0301",
    "İSTANBUL film",
    "\x00",
    "the\u2028best",
    "🎬👍🏽",
    "中文 film",
    "a" * 10_000,
    "ΣΑΣ",
    "the\tbest\r\nfilm",
    '"\\',
]


@pytest.fixture(params=list(BASELINES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("num_classes", [2, 3])
def test_probabilities_are_probabilities(
    name: str, num_classes: int, fit: Fit, three_classes: Any, unseen: Sequence[str]
) -> None:
    train = [(text, label) for text, label in three_classes if label < num_classes]
    probabilities = fit(BASELINES[name], train, num_classes=num_classes).model.predict_probabilities(unseen + ODD)
    assert probabilities.shape == (len(unseen + ODD), num_classes)
    assert probabilities.dtype == np.float64
    assert (probabilities > 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_texts_may_be_a_list_or_a_column(name: str, fit: Fit, two_classes: Any, unseen: Sequence[str]) -> None:
    model = fit(BASELINES[name], two_classes).model
    expected = model.predict_probabilities(unseen)
    for column in (pa.array(unseen), pa.chunked_array([unseen[:2], [], unseen[2:]])):
        np.testing.assert_array_equal(model.predict_probabilities(column), expected)
        np.testing.assert_array_equal(model.count_tokens(column), model.count_tokens(unseen))


def test_batches_change_nothing(
    name: str, fit: Fit, two_classes: Any, unseen: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fit(BASELINES[name], two_classes).model
    expected = model.predict_probabilities(unseen)
    sizes = []
    monkeypatch.setattr(model_module, "BATCH_ROWS", 2)
    monkeypatch.setattr(model_module, "count_ngrams", spy(model_module.count_ngrams, sizes))
    np.testing.assert_array_equal(model.predict_probabilities(unseen), expected)
    assert max(sizes) == 2


def spy(function: Callable[..., Any], sizes: list[int]) -> Callable[..., Any]:
    def call(texts: pa.Array, vocabulary: Any) -> Any:
        sizes.append(len(texts))
        return function(texts, vocabulary)

    return call


def test_no_texts_give_no_rows(name: str, fit: Fit, two_classes: Any) -> None:
    model = fit(BASELINES[name], two_classes).model
    assert model.predict_probabilities([]).shape == (0, 2)
    assert [len(counts) for counts in model.count_tokens([])] == [0, 0]


def test_texts_without_a_known_word_are_predicted_alike(name: str, fit: Fit, two_classes: Any) -> None:
    unknown = {"words": ["?!", "unheard of"], "characters": ["\u4e2d\u6587", "\u200b"]}[BASELINES[name].unit]
    probabilities = fit(BASELINES[name], two_classes).model.predict_probabilities(["", " ", *unknown, "\u0301"])
    assert (probabilities == probabilities[0]).all()


def test_tokens_of_a_model_of_characters_are_characters(fit: Fit, two_classes: Any) -> None:
    num_tokens, num_oov = fit(BASELINES["nb-svm-chars"], two_classes).model.count_tokens(["The  BEST", "", "\u4e2d m"])
    assert (num_tokens.tolist(), num_oov.tolist()) == ([8, 0, 3], [0, 0, 1])


def test_tokens_are_words_and_those_outside_the_vocabulary_are_unknown(fit: Fit, two_classes: Any) -> None:
    model = fit(BASELINES["nb-svm"], two_classes).model
    num_tokens, num_oov = model.count_tokens(["The best, BEST unheard film!", "", "it's unheard"])
    assert num_tokens.tolist() == [5, 0, 2]
    # "it's" is in one training text only, hence not in the vocabulary.
    assert num_oov.tolist() == [1, 0, 2]
    assert num_tokens.dtype == num_oov.dtype == np.int32


def test_majority_knows_no_word(fit: Fit, two_classes: Any) -> None:
    num_tokens, num_oov = fit(BASELINES["majority"], two_classes).model.count_tokens(["a film", ""])
    assert num_tokens.tolist() == num_oov.tolist() == [2, 0]


def test_margins_beyond_floating_point_still_give_probabilities(fit: Fit, three_classes: Any, tmp_path: Path) -> None:
    model = fit(BASELINES["nb-svm"], three_classes, num_classes=3).model
    model.parameters.bias[:] = [-2000.0, -1000.0, -3000.0]
    save_baseline(model, tmp_path)
    np.testing.assert_allclose(load_baseline(tmp_path).predict_probabilities([""]), [[0.0, 1.0, 0.0]])


def test_saved_again_the_files_are_the_same(name: str, fit: Fit, three_classes: Any, tmp_path: Path) -> None:
    fitted = fit(BASELINES[name], three_classes, num_classes=3)
    save_baseline(fitted.model, tmp_path)
    for file in ("model.npz", "vocabulary.json"):
        assert (tmp_path / file).read_bytes() == (fitted.folder / file).read_bytes()


def test_files_hold_numbers_and_words_only(name: str, fit: Fit, two_classes: Any) -> None:
    folder = fit(BASELINES[name], two_classes).folder
    assert {path.name for path in folder.iterdir()} == {"model.npz", "vocabulary.json"}
    with np.load(folder / "model.npz", allow_pickle=False) as arrays:
        assert {array.dtype.kind for array in arrays.values()} <= {"f", "i"}
    assert all(isinstance(ngram, str) for ngram in json.loads((folder / "vocabulary.json").read_text()))


def test_pickled_object_in_the_file_is_refused(fit: Fit, two_classes: Any) -> None:
    folder = fit(BASELINES["nb-svm"], two_classes).folder
    with np.load(folder / "model.npz") as arrays:
        content = {**arrays, "bias": np.array([Alarm()], dtype=object)}
    np.savez(folder / "model.npz", **content)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_baseline(folder)


class Alarm:
    """Goes off when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("code of the file was run",)
