"""Models begin with a pretrained encoder, which computes what it did where it comes from, frozen or trained further."""

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.encode.encodings import ENCODINGS, Encoding
from tasks.encode.sequences import encode_texts, load_tokenizer, write_encoding
from tasks.encoders.facts import Pretrained
from tasks.encoders.weights import write_encoder
from tasks.train import encoder_layers, predict, training
from tasks.train.build import build_model, count_parameters
from tasks.train.encoder import connect, cut_length, load_layers
from tasks.train.predict import choose_batch_size, predict_probabilities
from tasks.train.settings import FitSettings, Listener
from tasks.train.sources import fit_encoding, fit_variant
from tasks.train.text_vectors import write_text_vectors
from tasks.train.variants import VARIANTS
from tests.tiny_encoder import draw_weights, read_texts, write_encoder_folder

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

TEXTS = [
    "The film was good and warm",
    "bad",
    "acting",
    "a dull, grim film; the acting was bad and the film is dull",
    "",
]
SETTINGS = FitSettings(epochs=3, patience=9, batch_size=5, learning_rate=0.01, seed=1)
REVIEWS = {
    "train": [
        (f"the film was {('bad and dull', 'good and warm')[number % 2]}{' film' * (number % 3)}", number % 2)
        for number in range(12)
    ],
    "validation": [
        (f"the film was {('bad and dull', 'good and warm')[number % 2]}{' film' * (number // 2)}", number % 2)
        for number in range(4)
    ],
    "test": [("a dull film", 0), ("good", 1)],
}


def take(folder: Path, target: Path) -> Pretrained:
    target.mkdir()
    return Pretrained(write_encoder(folder, target, sha256="s"), target / "weights.npz")


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Pretrained:
    root = tmp_path_factory.mktemp("encoder")
    return take(write_encoder_folder(root / "tiny-bert"), root / "taken")


def choose_encoding(pretrained: Pretrained, length: int = 16) -> Encoding:
    return fit_encoding(replace(ENCODINGS["encoder-256"], length=length), pretrained.facts)


def encode(pretrained: Pretrained, length: int) -> np.ndarray:
    tokenizer = load_tokenizer(pretrained.weights.parent / "tokenizer.json")
    return encode_texts(pa.array(TEXTS), tokenizer, choose_encoding(pretrained, length))["tokens"]


def make_reader(pretrained: Pretrained, length: int) -> keras.Model:
    tokens = keras.Input((length,), dtype="int32")
    return keras.Model(tokens, connect(load_layers(pretrained, length=length, trainable=False), tokens))


@pytest.mark.parametrize("length", [8, 16, 40])
@pytest.mark.parametrize("pooling", ["mean_tokens", "cls_token", "max_tokens"])
def test_vectors_of_texts_are_those_of_the_reference(length: int, pooling: str, tmp_path: Path) -> None:
    weights = draw_weights()
    pretrained = take(write_encoder_folder(tmp_path / "tiny", weights=weights, pooling=pooling), tmp_path / "taken")
    found = make_reader(pretrained, length).predict_on_batch(encode(pretrained, length))
    np.testing.assert_allclose(found, read_texts(TEXTS, weights, length=length, pooling=pooling), atol=2e-5)


def test_short_texts_are_read_alike_without_padding(pretrained: Pretrained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "LENGTH_STEP", 4)
    model, tokens = make_reader(pretrained, 16), encode(pretrained, 16)
    whole = predict.predict_in_batches(model, tokens)
    cut = predict.predict_by_length(model, tokens)
    np.testing.assert_allclose(cut, whole, atol=1e-5)
    assert sorted(predict.CUT[model]) == [4, 8]
    assert cut_length(model, 4).count_params() == model.count_params()
    found = weakref.ref(model)
    del model
    keras.backend.clear_session()
    gc.collect()
    assert found() is None


def test_arrays_within_a_block_limit_how_many_texts_are_read_at_once(pretrained: Pretrained) -> None:
    model = make_reader(pretrained, 16)
    assert model.layers[2].num_values == 16 * (3 * 4 * 16 + 3 * 24)
    assert choose_batch_size(model) == predict.BATCH_SIZE


@pytest.mark.parametrize("name", ["input", "block_0", "pooling"])
def test_layers_are_saved_with_all_that_they_need(name: str, pretrained: Pretrained) -> None:
    layer = make_reader(pretrained, 16).get_layer(name)
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


Train = Callable[..., tuple[training.TrainingFacts, keras.Model]]


@pytest.fixture
def train(pretrained: Pretrained, tmp_path: Path) -> Train:
    encoding, reviews, sequences = choose_encoding(pretrained), tmp_path / "reviews", tmp_path / "sequences"
    reviews.mkdir()
    sequences.mkdir()
    for split, rows in REVIEWS.items():
        texts, labels = zip(*rows, strict=True)
        ids = [f"{split}-{index}" for index in range(len(rows))]
        table = pa.table({"id": ids, "text": texts, "label": pa.array(labels, pa.int32())})
        pq.write_table(table, reviews / f"{split}.parquet")
    write_encoding(reviews, encoding, sequences, tokenizer_path=pretrained.weights.parent / "tokenizer.json")

    def run(name: str, *, num_classes: int = 2, fields: dict[str, Any] | None = None, **options: Any) -> Any:
        folder = tmp_path / f"model-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        variant = replace(fit_variant(VARIANTS[name], None, pretrained.facts), **(fields or {}))
        vectors = None
        if variant.encoder == "frozen":
            vectors = tmp_path / "vectors"
            vectors.mkdir(exist_ok=True)
            write_text_vectors(
                pretrained, encoding, device="auto", sequences_folder=sequences, folder=vectors, listener=Listener()
            )
        facts = training.train_variant(
            variant,
            encoding,
            replace(SETTINGS, **options),
            num_classes=num_classes,
            sequences_folder=sequences,
            folder=folder,
            listener=Listener(),
            encoder=pretrained,
            text_vectors=vectors,
        )
        assert (
            facts.num_params == (variant.num_params - 24 * 16 if variant.encoder == "fine-tuned" else 17)
            or num_classes > 2
        )
        return facts, keras.models.load_model(folder / "model.keras", safe_mode=True)

    return run


@pytest.mark.parametrize("name", ["encoder-frozen", "encoder-fine-tuned"])
def test_model_learns_and_is_saved_as_a_whole(name: str, train: Train, pretrained: Pretrained) -> None:
    facts, model = train(name, epochs=40, patience=40, learning_rate=0.1 if name == "encoder-frozen" else 0.01)
    assert facts.train_accuracy == 1
    tokens = encode(pretrained, 16)
    before = make_reader(pretrained, 16).predict_on_batch(tokens)
    after = keras.Model(model.input, model.get_layer("pooling").output).predict_on_batch(tokens)
    assert np.allclose(before, after, atol=1e-5) == (name == "encoder-frozen")
    assert getattr(model, "optimizer", None) is None
    found = predict_probabilities(model, tokens)
    assert found.shape == (len(TEXTS), 2)
    np.testing.assert_allclose(found[:, 1:], model.predict_on_batch(tokens), atol=1e-5)
    assert found[0, 1] > 0.5 > found[1, 1]


def test_model_on_stored_vectors_is_that_on_the_encoder(train: Train, tmp_path: Path) -> None:
    facts, model = train("encoder-frozen")
    vectors, labels = training.read_text_vectors(tmp_path / "vectors", tmp_path / "sequences", "validation")
    tokens, _ = training.read_sequences(tmp_path / "sequences" / "validation.parquet")
    found = predict_probabilities(model, tokens)
    np.testing.assert_allclose(predict.negative_log_likelihood(found, labels), facts.val_loss, rtol=1e-4)
    dense = model.layers[-1]
    logits = vectors @ np.asarray(dense.kernel) + np.asarray(dense.bias)
    np.testing.assert_allclose(found[:, 1], 1 / (1 + np.exp(-logits[:, 0])), atol=1e-5)
    assert vectors.shape == (4, 16)


@pytest.mark.parametrize("name", ["encoder-frozen", "encoder-fine-tuned"])
@pytest.mark.parametrize("kernels", ["native", "tensorflow", "plain"])
def test_seed_decides_the_model_whatever_computes_it(name: str, kernels: Any, train: Train) -> None:
    found = [train(name, kernels=kernels, epochs=1, seed=seed)[1].get_weights()[-2] for seed in (1, 1, 2)]
    assert (found[0] == found[1]).all()
    assert not (found[0] == found[2]).all()


def test_more_classes_get_an_output_each(train: Train) -> None:
    _, model = train("encoder-fine-tuned", num_classes=3, fields={"hidden": 5})
    assert model.output_shape == (None, 3)
    assert [type(layer).__name__ for layer in model.layers[-3:]] == ["Dropout", "Dense", "Dense"]


def test_interrupted_reading_goes_on_where_it_stopped(
    train: Train, pretrained: Pretrained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.train import text_vectors

    monkeypatch.setattr(text_vectors, "CHUNK", 5)
    train("encoder-frozen")
    whole = {path.name: np.load(path) for path in (tmp_path / "vectors").glob("*.npy")}
    read: list[int] = []

    class Stop(Listener):
        def on_progress(self, _epoch: int, num_done: int, _num_reviews: int) -> None:
            read.append(num_done)
            if num_done == 10:
                raise KeyboardInterrupt

    folder = tmp_path / "again"
    folder.mkdir()
    options: dict[str, Any] = {
        "device": "auto",
        "sequences_folder": tmp_path / "sequences",
        "folder": folder,
    }
    with pytest.raises(KeyboardInterrupt):
        write_text_vectors(pretrained, choose_encoding(pretrained), listener=Stop(), **options)
    computed: list[int] = []
    compute = text_vectors.predict_by_length
    monkeypatch.setattr(
        text_vectors, "predict_by_length", lambda model, tokens: computed.append(len(tokens)) or compute(model, tokens)
    )
    facts = write_text_vectors(pretrained, choose_encoding(pretrained), listener=Listener(), **options)
    assert computed == [2, 4]
    assert (facts.num_texts, facts.dim) == (16, 16)
    for path in folder.glob("*.npy"):
        np.testing.assert_allclose(np.load(path), whole[path.name], atol=1e-5)


def test_learning_rate_rises_and_falls_to_nothing(pretrained: Pretrained) -> None:
    variant = fit_variant(VARIANTS["encoder-fine-tuned"], None, pretrained.facts)
    model = build_model(
        variant, choose_encoding(pretrained), num_classes=2, learning_rate=0.5, encoder=pretrained, num_updates=100
    )
    rates = [float(model.optimizer._learning_rate(step)) for step in (0, 5, 10, 55, 100)]
    np.testing.assert_allclose(rates, [0, 0.25, 0.5, 0.25, 0], atol=1e-6)
    assert count_parameters(model) == pretrained.facts.num_params - 24 * 16 + 17


def test_bfloat16_changes_vectors_little(pretrained: Pretrained) -> None:
    tokens = encode(pretrained, 16)
    exact = make_reader(pretrained, 16).predict_on_batch(tokens)
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        found = make_reader(pretrained, 16).predict_on_batch(tokens)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert found.dtype == np.float32
    assert 0 < np.abs(found - exact).max() < 0.1
    assert encoder_layers.NEVER == -1e9
