"""Every variant of the table builds, learns, and is saved as the plain Keras model that it is."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import pytest

from tasks.encode.encodings import ENCODINGS, Encoding
from tasks.encode.padding import mark_wordless
from tasks.train.backend import make_epoch_runner, release_memory, speed_up_prediction
from tasks.train.build import build_model, count_parameters, describe_model
from tasks.train.own import list_options
from tasks.train.variants import VARIANTS, Variant
from tests.tiny_encoder import take_for, take_like_minilm

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

NUM_PARAMS = {
    "flatten": 171_533,
    "average-pool": 160_109,
    "simple-rnn": 161_773,
    "lstm": 166_477,
    "bilstm": 172_941,
    "bilstm-small": 30_129,
    "bigru": 169_997,
    "stacked-bilstm": 635_777,
    "conv-max": 173_489,
    "conv-average": 171_149,
    "long-average-pool": 320_109,
    "long-lstm": 326_477,
    "long-bilstm": 332_941,
    "long-bigru": 329_997,
    "long-conv-max": 333_489,
    "gru": 165_005,
    "chrono-lstm": 166_477,
    "attention": 166_381,
    "onehot-conv": 66_242_017,
    "region-conv": 295_937,
    "vectors-average-pool": 2_001_633,
    "vectors-conv-max": 2_067_249,
    "vectors-bilstm": 2_034_445,
    "encoder-frozen": 385,
    "encoder-fine-tuned": 22_466_689,
    "onehot-conv-student": 57_121_505,
    "distilled": 5_760_193,
    "region-conv-unlabelled": 295_937,
}
MASKED = [
    "long-average-pool",
    "long-lstm",
    "long-bilstm",
    "long-bigru",
    "onehot-conv",
    "region-conv",
    "vectors-average-pool",
    "vectors-bilstm",
    "onehot-conv-student",
    "distilled",
    "region-conv-unlabelled",
]
VOCAB_SIZE, LENGTH, NUM_REVIEWS = 30, 8, 12
EPOCHS = 6


def make_encoding(length: int = LENGTH) -> Encoding:
    return Encoding(
        name="tiny", kind="words", vocab_size=VOCAB_SIZE, length=length, padding="post", description="for tests"
    )


def make_tokens() -> np.ndarray:
    """Reviews of 5 to 8 words, padded on the right, as they lie on disk."""
    rng = np.random.default_rng(5)
    tokens = rng.integers(1, VOCAB_SIZE, (NUM_REVIEWS, LENGTH))
    tokens[np.arange(LENGTH) >= rng.integers(5, LENGTH + 1, (NUM_REVIEWS, 1))] = 0
    return tokens.astype(np.uint8)


def make_labels() -> np.ndarray:
    return (make_tokens()[:, 0] % 2).astype(np.int32)


def build(variant: Variant, *, num_classes: int = 2, length: int = LENGTH, seed: int = 1) -> keras.Model:
    keras.utils.set_random_seed(seed)
    encoder = take_for(variant, VOCAB_SIZE)
    return build_model(variant, make_encoding(length), num_classes=num_classes, learning_rate=0.02, encoder=encoder)


@pytest.fixture(scope="module", autouse=True)
def _release_memory() -> Iterator[None]:
    yield
    release_memory()


@dataclass
class Trained:
    """What became of one variant in a few epochs of one batch."""

    losses: list[float]
    outputs: np.ndarray
    reloaded_outputs: np.ndarray
    loss_with_empty_review: float
    is_frozen: bool


@pytest.fixture(scope="module", params=VARIANTS)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    path = tmp_path_factory.mktemp("model") / "model.keras"
    tokens, labels = make_tokens(), make_labels()
    model = build(VARIANTS[request.param])
    run_epoch = make_epoch_runner(model, batch_size=min(NUM_REVIEWS, VARIANTS[request.param].batch_size))

    def run(some_tokens: np.ndarray) -> float:
        return run_epoch(some_tokens, labels, lambda _: None)["loss"]

    losses = [run(tokens) for _ in range(EPOCHS)]
    model.save(path)
    reloaded = keras.models.load_model(path, safe_mode=True)
    return Trained(
        losses=losses,
        outputs=np.asarray(model(tokens.astype(np.int32))),
        reloaded_outputs=np.asarray(reloaded(tokens.astype(np.int32))),
        loss_with_empty_review=run(mark_wordless(np.vstack([np.zeros_like(tokens[:1]), tokens[1:]]))),
        is_frozen=VARIANTS[request.param].encoder == "frozen",
    )


def test_model_of_a_seed_does_not_depend_on_other_draws_in_this_process() -> None:
    drawn = []
    for num_draws in range(2):
        keras.utils.set_random_seed(1)
        random.getrandbits(32 * num_draws)
        drawn.append(np.asarray(keras.initializers.GlorotUniform()((2, 2))))
    assert (drawn[0] == drawn[1]).all()


def test_output_is_one_probability_per_review(trained: Trained) -> None:
    assert trained.outputs.shape == (NUM_REVIEWS, 1)
    assert trained.outputs.min() >= 0
    assert trained.outputs.max() <= 1


def test_loss_falls_on_a_tiny_batch(trained: Trained) -> None:
    # Few numbers are learned on a frozen encoder, here one of random numbers.
    assert trained.losses[-1] < (0.99 if trained.is_frozen else 0.95) * trained.losses[0]


def test_reloaded_model_predicts_the_same(trained: Trained) -> None:
    np.testing.assert_allclose(trained.reloaded_outputs, trained.outputs, atol=1e-6)


def test_review_without_words_does_not_spoil_the_training(trained: Trained) -> None:
    assert np.isfinite(trained.loss_with_empty_review)


def test_every_variant_has_its_number_of_parameters_written_down() -> None:
    assert {row.name: row.num_params for row in VARIANTS.values()} == NUM_PARAMS


@pytest.mark.parametrize(("name", "num_params"), NUM_PARAMS.items())
def test_model_has_the_number_of_parameters_of_its_row(name: str, num_params: int, tmp_path: Path) -> None:
    variant = VARIANTS[name]
    encoder = take_like_minilm(tmp_path / "weights.npz") if variant.encoder else None
    model = build_model(variant, ENCODINGS[variant.encoding], num_classes=2, learning_rate=1e-3, encoder=encoder)
    assert count_parameters(model) == num_params
    frozen = (ENCODINGS[variant.encoding].vocab_size + 1) * variant.embedding_dim if variant.regions else 0
    assert model.count_params() == (NUM_PARAMS["encoder-fine-tuned"] if encoder else num_params + frozen)


@pytest.mark.parametrize("name", VARIANTS)
def test_more_classes_change_only_the_head(name: str) -> None:
    two, three = (build(VARIANTS[name], num_classes=num_classes) for num_classes in (2, 3))
    shapes = [[weight.shape for layer in model.layers[:-1] for weight in layer.weights] for model in (two, three)]
    assert [type(layer) for layer in two.layers] == [type(layer) for layer in three.layers]
    assert shapes[0] == shapes[1]
    assert two.output_shape == (None, 1)
    assert three.output_shape == (None, 3)


@pytest.mark.parametrize("name", [name for name, row in VARIANTS.items() if list_options(row)])
def test_sizes_of_layers_change_the_model(name: str) -> None:
    doubled = {option: 2 * size for option, size in list_options(VARIANTS[name]).items()}
    changed = replace(VARIANTS[name], options=doubled)
    assert count_parameters(build(changed, length=16)) > count_parameters(build(VARIANTS[name], length=16))


def test_dropout_is_on_word_vectors_and_before_the_dense_layers() -> None:
    model = build(replace(VARIANTS["long-lstm"], embedding_dropout=0.25, dropout=0.5))
    names = [type(layer).__name__ for layer in model.layers]
    start = names.index("Embedding")
    assert [name for name in names[start:] if name != "NotEqual"] == [
        "Embedding", "Dropout", "LSTM", "Dropout", "Dense", "Dense",
    ]  # fmt: skip
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.25, 0.5]


def test_dropout_does_not_hide_padding_from_the_layers() -> None:
    """The outputs for a text do not depend on how far it is padded."""
    variant = replace(VARIANTS["long-lstm"], embedding_dropout=0.25)
    short, long = (build(variant, length=length) for length in (LENGTH, LENGTH + 4))
    long.set_weights(short.get_weights())
    tokens = make_tokens().astype(np.int32)
    np.testing.assert_allclose(long(np.pad(tokens, [(0, 0), (0, 4)])), short(tokens), atol=1e-6)


@pytest.mark.parametrize("name", ["flatten", "long-bilstm"])
def test_three_classes_give_probabilities_that_sum_to_one(name: str) -> None:
    outputs = np.asarray(build(VARIANTS[name], num_classes=3)(make_tokens().astype(np.int32)))
    assert outputs.min() >= 0
    np.testing.assert_allclose(outputs.sum(axis=1), 1.0, rtol=1e-6)


def test_three_classes_are_learnt() -> None:
    model = build(VARIANTS["flatten"], num_classes=3)
    run_epoch = make_epoch_runner(model, batch_size=NUM_REVIEWS)
    labels = (make_tokens()[:, 0] % 3).astype(np.int32)
    losses = [run_epoch(make_tokens(), labels, lambda _: None)["loss"] for _ in range(EPOCHS)]
    assert losses[-1] < 0.95 * losses[0]


def change_padding_vector(model: keras.Model) -> None:
    embedding = next(layer for layer in model.layers if isinstance(layer, keras.layers.Embedding))
    (table,) = embedding.get_weights()
    table[0] += 3.0
    embedding.set_weights([table])


def outputs_before_and_after_other_padding(model: keras.Model) -> list[np.ndarray]:
    tokens = make_tokens().astype(np.int32)
    before = np.asarray(model(tokens))
    change_padding_vector(model)
    return [before, np.asarray(model(tokens))]


@pytest.mark.parametrize("name", MASKED)
def test_masked_variant_does_not_see_the_vector_of_padding(name: str) -> None:
    before, after = outputs_before_and_after_other_padding(build(VARIANTS[name]))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", MASKED)
def test_same_variant_without_its_mask_sees_the_vector_of_padding(name: str) -> None:
    before, after = outputs_before_and_after_other_padding(build(replace(VARIANTS[name], mask=False)))
    assert np.abs(before - after).max() > 1e-3


# A convolution also looks where the last word ends, if there is padding; a review as long as the sequence has none.
@pytest.mark.parametrize("name", [name for name in MASKED if VARIANTS[name].regions is None])
def test_masked_variant_says_the_same_of_a_review_with_more_padding(name: str) -> None:
    short, long = (build(VARIANTS[name], length=length) for length in (LENGTH, LENGTH + 5))
    long.set_weights(short.get_weights())
    tokens = make_tokens().astype(np.int32)
    padded = np.pad(tokens, [(0, 0), (0, 5)])
    np.testing.assert_allclose(np.asarray(short(tokens)), np.asarray(long(padded)), atol=1e-6)


@pytest.mark.parametrize("name", ["long-lstm", "long-bilstm", "stacked-bilstm", "onehot-conv"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_speeding_up_prediction_keeps_the_outputs(name: str, side: str) -> None:
    model = build(VARIANTS[name])
    tokens = make_tokens().astype(np.int32)
    tokens = tokens if side == "right" else tokens[:, ::-1].copy()
    before = np.asarray(model(tokens))
    speed_up_prediction(model)
    np.testing.assert_allclose(np.asarray(model(tokens)), before, atol=1e-6)


def test_same_seed_builds_the_same_weights_and_another_seed_others() -> None:
    first, second, other = (build(VARIANTS["bilstm"], seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_learning_rate_reaches_the_optimizer() -> None:
    assert float(build(VARIANTS["flatten"]).optimizer.learning_rate) == pytest.approx(0.02)


def test_description_is_the_summary_of_the_model() -> None:
    text = describe_model(build(VARIANTS["conv-max"]))
    assert all(word in text for word in ("embedding", "conv1d", "global_max_pooling1d", "Total params"))


def test_dense_layer_before_the_head_can_be_left_out() -> None:
    plain = build(VARIANTS["lstm"])
    bare = build(replace(VARIANTS["lstm"], hidden=0))
    assert count_parameters(plain) - count_parameters(bare) == (32 + 1) * 6 + (6 + 1) - (32 + 1)


def test_norm_of_the_gradients_is_bounded_where_it_is_asked_for() -> None:
    encoding = make_encoding()
    model = build_model(VARIANTS["gru"], encoding, num_classes=2, learning_rate=1e-3, clip_norm=0.5)
    assert model.optimizer.global_clipnorm == 0.5
    assert build(VARIANTS["gru"]).optimizer.global_clipnorm is None


def test_chrono_lstm_starts_with_memory_spans_up_to_the_length() -> None:
    model = build(VARIANTS["chrono-lstm"], length=100)
    layer = next(layer for layer in model.layers if isinstance(layer, keras.layers.LSTM))
    into, forget, *others = np.split(np.asarray(layer.cell.bias), 4)
    spans = np.exp(forget)
    assert 1 <= spans.min() < 20
    assert 80 < spans.max() <= 99
    np.testing.assert_allclose(into, -forget)
    assert not np.concatenate(others).any()


def test_attention_tells_places_apart() -> None:
    """Without its table of places it would answer the same whatever the order."""
    model = build(VARIANTS["attention"])
    tokens = np.arange(1, LENGTH + 1, dtype=np.int32)[None]
    assert not np.allclose(np.asarray(model(tokens)), np.asarray(model(tokens[:, ::-1])), atol=1e-6)


@pytest.mark.parametrize("num_classes", [2, 3])
@pytest.mark.parametrize("name", ["lstm", "conv-max", "onehot-conv"])
def test_probabilities_stay_in_32_bits_under_mixed_precision(name: str, num_classes: int) -> None:
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = build(VARIANTS[name], num_classes=num_classes)
    finally:
        keras.mixed_precision.set_global_policy(before)
    assert {layer.compute_dtype for layer in model.layers[1:-1]} == {"bfloat16"}
    outputs = np.asarray(model(make_tokens().astype(np.int32)))
    assert outputs.dtype == np.float32
    assert len(set(outputs.ravel().astype(np.float64))) > len(set(outputs.ravel().astype("bfloat16")))
