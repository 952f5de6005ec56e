"""A model in a notebook scores texts as its evaluation did."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tasks.errors import UserError
from tasks.notebook import Model, compare, load, model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning"),  # Keras saves with NumPy 1's protocol
]

TEXTS = [f"a {'great' if number % 2 else 'dull'} film number {number}" for number in range(100)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    frame = pd.DataFrame({"text": TEXTS, "label": ["bad", "good"] * 50})
    compare(frame, variants="flatten", epochs=1, baselines="nb-svm", folder=folder)
    return folder


@pytest.fixture(scope="module", params=["flatten", "nb-svm"])
def loaded(request: pytest.FixtureRequest, folder: Path) -> Model:
    (bundle,) = (folder / "artifacts" / "models" / request.param).iterdir()
    return load(str(bundle))


def test_scores_are_those_of_the_evaluation(loaded: Model, folder: Path) -> None:
    (reviews,) = (folder / "data" / "reviews").iterdir()
    texts = pq.read_table(reviews / "test.parquet")["text"].to_pylist()
    evaluated = pd.read_parquet(loaded.bundle.folder / "predictions.parquet")
    scores = loaded.predict(texts)
    assert loaded.label_names == ("bad", "good")
    for name in ("p_bad", "p_good"):
        assert scores[name].to_numpy() == pytest.approx(evaluated[name].to_numpy(), abs=1e-6)


def test_columns_are_those_of_a_scored_file(loaded: Model) -> None:
    scores = loaded.predict(["a great film"], min_confidence=1.0)
    assert list(scores)[:4] == ["predicted_label", "p_bad", "p_good", "confidence"]
    assert list(scores)[4:] == ["uncertain", "num_tokens", "truncated", "oov_rate", "model_id", "reason"]
    assert scores["uncertain"].tolist() == [True]
    assert scores["model_id"].tolist() == [loaded.facts.model_id]


def test_texts_without_a_score_have_a_reason(loaded: Model) -> None:
    scores = loaded.predict(["a great film", " ", None, "half \ud800", float("nan")])  # type: ignore[list-item]
    assert scores["reason"].tolist()[1:] == ["blank text", "missing text", "not text", "missing text"]
    assert scores["confidence"].notna().tolist() == [True, False, False, False, False]


def test_index_of_a_series_is_kept(loaded: Model) -> None:
    scores = loaded.predict(pd.Series(["a great film", None], index=["x", "y"]))
    assert list(scores.index) == ["x", "y"]
    assert scores.loc["y", "reason"] == "missing text"


def test_no_texts_are_no_rows(loaded: Model) -> None:
    assert len(loaded.predict([])) == 0
    assert list(loaded.predict([])) == list(loaded.predict(["a great film"]))


def test_order_is_kept_over_batches(loaded: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = loaded.predict(TEXTS)
    monkeypatch.setattr(model, "BATCH_ROWS", 7)
    parts = loaded.predict(iter(TEXTS))
    assert parts["num_tokens"].tolist() == whole["num_tokens"].tolist()
    assert parts["p_good"].to_numpy() == pytest.approx(whole["p_good"].to_numpy(), abs=1e-6)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("a great film", "predict got a single string; expected a list of texts"),
        (["a", 5], "text 1 is 5, of type int; expected a string"),
    ],
)
def test_what_is_not_texts_is_refused(texts: Any, message: str, loaded: Model) -> None:
    with pytest.raises(UserError, match=message):
        loaded.predict(texts)


def test_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no model"):
        load(tmp_path)
