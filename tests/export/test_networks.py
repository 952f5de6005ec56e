"""Every network is the same function in ONNX, whatever the text is padded with and however many texts there are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tasks.encode.encodings import ENCODINGS, Encoding
from tasks.encode.padding import mark_wordless
from tasks.evaluate.onnx_network import INPUT, OnnxNetwork
from tasks.export.networks import load_network, write_onnx, write_saved_model
from tasks.export.parity import MOST_DIFFERENCE
from tasks.export.tensorflow_formats import load_litert, load_saved_model, write_litert
from tasks.probe.models import MODELS
from tasks.train.build import build_model, quantize_model
from tasks.train.layers import RegionUnits
from tasks.train.predict import predict_probabilities
from tasks.train.variants import VARIANTS, Variant
from tests.tiny_encoder import take_for

# Keras saves with NumPy 1's protocol, and its exporter puts back a name that NumPy has removed.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")]

VOCAB_SIZE, LENGTH = 40, 20
PROBES = ("random-rnn", "lstm-at-place", "bilstm-at-place")
NETWORKS = {**VARIANTS, **{f"probe's {name}": MODELS[name] for name in PROBES}}


def choose_encoding(variant: Variant) -> Encoding:
    own = ENCODINGS[variant.encoding] if variant.encoding in ENCODINGS else ENCODINGS["words-1k-120"]
    return replace(own, vocab_size=VOCAB_SIZE, length=LENGTH)


def draw_tokens(encoding: Encoding) -> Any:
    """Full rows, padded ones, and one of padding alone."""
    random = np.random.default_rng(5)
    tokens = random.integers(1, VOCAB_SIZE, (9, LENGTH), dtype=np.int32)
    for row, num_tokens in enumerate((0, 1, 2, 5, 19)):
        gap = slice(num_tokens, LENGTH) if encoding.padding == "post" else slice(0, LENGTH - num_tokens)
        tokens[row, gap] = 0
    return tokens


def save_network(variant: Variant, path: Path, *, num_classes: int = 2) -> keras.Model:
    """Build a network whose outputs differ from text to text, and save it as training does."""
    keras.utils.set_random_seed(2)
    encoding, encoder = choose_encoding(variant), take_for(variant, VOCAB_SIZE)
    model = build_model(variant, encoding, num_classes=num_classes, learning_rate=1e-3, encoder=encoder)
    model.set_weights([weight * 2 for weight in model.get_weights()])
    if variant.quantize:
        model = quantize_model(model, variant.quantize)
    model.save(path)
    return model


@pytest.mark.parametrize("name", NETWORKS)
def test_network_in_onnx_gives_the_same_probabilities(name: str, tmp_path: Path) -> None:
    variant = NETWORKS[name]
    own = save_network(variant, tmp_path / "model.keras")
    write_onnx(load_network(tmp_path / "model.keras"), tmp_path / "model.onnx")
    tokens = draw_tokens(choose_encoding(variant))
    expected = predict_probabilities(own, mark_wordless(tokens))
    exported = OnnxNetwork(tmp_path / "model.onnx")
    np.testing.assert_allclose(exported.predict(tokens), expected, atol=MOST_DIFFERENCE)
    np.testing.assert_allclose(exported.predict(tokens[3:4]), expected[3:4], atol=MOST_DIFFERENCE)
    assert expected.std(axis=0).min() > 1e-4


def read_regions(layers: Any) -> list[Any]:
    return [RegionUnits((5, 20), (16, 32)), layers.Conv1D(16, 2, activation="relu"), layers.GlobalMaxPooling1D()]


def predict_exported(network_path: Path, format_name: str, folder: Path, tokens: Any) -> Any:
    """Write a network in a format, and predict with that."""
    if format_name == "onnx":
        write_onnx(load_network(network_path), folder / "model.onnx")
        return OnnxNetwork(folder / "model.onnx").predict(tokens)
    if format_name == "saved-model":
        write_saved_model(load_network(network_path), folder / "saved")
        return load_saved_model(folder / "saved")({INPUT: tokens})
    write_litert(load_network(network_path, num_texts=1), folder / "model.tflite")
    return load_litert(folder / "model.tflite")({INPUT: tokens})


@pytest.mark.parametrize("quantize", [None, "int8"])
@pytest.mark.parametrize("format_name", ["onnx", "saved-model", "litert"])
def test_network_that_reads_regions_is_the_same_in_every_format(
    format_name: str, quantize: Any, tmp_path: Path
) -> None:
    variant = replace(
        VARIANTS["conv-max"], body=read_regions, embedding_dim=48, mask=True, vectors="frozen", quantize=quantize
    )
    own = save_network(variant, tmp_path / "model.keras")
    tokens = draw_tokens(choose_encoding(variant))
    tokens[8, ::3] = 0
    expected = predict_probabilities(own, mark_wordless(tokens))
    found = predict_exported(tmp_path / "model.keras", format_name, tmp_path, tokens)
    np.testing.assert_allclose(found, expected, atol=MOST_DIFFERENCE)
    assert expected.std(axis=0).min() > 1e-4


def test_each_of_many_classes_has_an_output(tmp_path: Path) -> None:
    own = save_network(VARIANTS["conv-max"], tmp_path / "model.keras", num_classes=4)
    write_onnx(load_network(tmp_path / "model.keras"), tmp_path / "model.onnx")
    tokens = draw_tokens(choose_encoding(VARIANTS["conv-max"]))
    found = OnnxNetwork(tmp_path / "model.onnx").predict(tokens)
    assert found.shape == (9, 4)
    np.testing.assert_allclose(found, predict_probabilities(own, mark_wordless(tokens)), atol=MOST_DIFFERENCE)


def test_text_without_tokens_is_an_unknown_word(tmp_path: Path) -> None:
    save_network(VARIANTS["long-lstm"], tmp_path / "model.keras")
    write_onnx(load_network(tmp_path / "model.keras"), tmp_path / "model.onnx")
    exported = OnnxNetwork(tmp_path / "model.onnx")
    nothing = np.zeros((1, LENGTH), np.int32)
    unknown = nothing.copy()
    unknown[0, 0] = 1
    np.testing.assert_array_equal(exported.predict(nothing), exported.predict(unknown))
    assert np.isfinite(exported.predict(nothing)).all()
