"""A baseline in ONNX gives the probabilities of the baseline itself, to the last digits."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from tasks.baseline.baselines import BASELINES
from tasks.baseline.fitting import fit_model
from tasks.baseline.model import BaselineModel
from tasks.evaluate.fast import prepare_units
from tasks.evaluate.onnx_network import OnnxNetwork
from tasks.export.ngram_graph import make_baseline_graph
from tasks.export.tokenizers import make_unit_tokenizer

Rows = Sequence[tuple[str, int]]
TWO = [("a dull film", 0), ("a warm film", 1), ("dull dull scene", 0), ("warm, it's warm", 1), ("", 0), ("the best", 1)]
THREE = [*TWO, ("neither dull nor warm", 2), ("neither a film nor a scene", 2)]
# Repeated n-grams, unknown words between known ones, no known word, no word, many texts of very different lengths.
TEXTS = ["warm warm warm dull film", "dull unheard film", "unheard", "", "?!", "a " * 400, "The BEST film."] * 5


def predict_exported(model: BaselineModel, folder: Path, texts: Sequence[str]) -> NDArray[np.float64]:
    onnx.save(make_baseline_graph(model), folder / "model.onnx")
    unit = model.vocabulary.unit
    make_unit_tokenizer(model.vocabulary, unit).save(str(folder / "units.json"))
    prepared = prepare_units(folder / "units.json", unit)(pa.array(texts, pa.string()))
    num_tokens, num_oov = model.count_tokens(texts)
    np.testing.assert_array_equal(prepared.num_tokens, num_tokens)
    np.testing.assert_array_equal(prepared.num_oov, num_oov)
    return OnnxNetwork(folder / "model.onnx").predict(prepared.inputs)


@pytest.fixture
def fit(write_reviews: Callable[..., None], tmp_path: Path) -> Callable[..., BaselineModel]:
    def run(name: str, rows: Rows, num_classes: int, **changes: int) -> BaselineModel:
        write_reviews(tmp_path, train=rows)
        return fit_model(replace(BASELINES[name], **changes), tmp_path / "train.parquet", num_classes=num_classes)[0]

    return run


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize(("rows", "num_classes"), [(TWO, 2), (THREE, 3), (TWO, 4)], ids=["two", "three", "unseen"])
def test_baseline_in_onnx_gives_the_same_probabilities(
    name: str, rows: Rows, num_classes: int, fit: Callable[..., BaselineModel], tmp_path: Path
) -> None:
    model = fit(name, rows, num_classes)
    expected = model.predict_probabilities(TEXTS)
    np.testing.assert_allclose(predict_exported(model, tmp_path, TEXTS), expected, atol=1e-14)


def test_baseline_that_knows_no_ngram_gives_the_shares_of_the_classes(
    fit: Callable[..., BaselineModel], tmp_path: Path
) -> None:
    model = fit("nb-svm", TWO, 2, min_texts=100)
    assert model.vocabulary.num_ngrams == 0
    np.testing.assert_allclose(predict_exported(model, tmp_path, TEXTS)[0], [0.5, 0.5])


def test_baseline_whose_longest_ngrams_are_all_rare_is_exported(
    fit: Callable[..., BaselineModel], tmp_path: Path
) -> None:
    model = fit("nb-svm", [("a film", 0), ("a scene", 1), ("film", 0)], 2)
    assert [len(keys) for keys in model.vocabulary.keys] == [0, 0]
    expected = model.predict_probabilities(TEXTS)
    np.testing.assert_allclose(predict_exported(model, tmp_path, TEXTS), expected, atol=1e-14)
