"""Rows in another order, and epochs that are run piece by piece: the same updates as on whole, shuffled arrays."""

from typing import Any

import keras
import numpy as np
import pytest

from tasks.encode.encodings import Encoding
from tasks.train import rows
from tasks.train.backend import make_epoch_runner, make_plain_epoch_runner
from tasks.train.build import build_model
from tasks.train.rows import Rows, cut_pieces
from tasks.train.variants import VARIANTS
from tasks.train.word_dropout import WordDropout

ENCODING = Encoding(name="tiny", kind="words", vocab_size=30, length=6, padding="pre", description="for tests")
RANDOM = np.random.default_rng(0)
TOKENS = RANDOM.integers(1, 30, size=(50, 6)).astype(np.uint8)
LABELS = RANDOM.integers(0, 2, size=50).astype(np.int32)
ORDER = RANDOM.permutation(50)


def test_slices_are_gathered_in_order() -> None:
    shuffled = Rows(TOKENS, ORDER)
    assert len(shuffled) == 50
    np.testing.assert_array_equal(shuffled[10:20], TOKENS[ORDER][10:20])
    assert Rows(LABELS, ORDER).row_bytes == 4


def test_part_of_an_epoch_leaves_out_the_words_that_the_whole_epoch_does() -> None:
    dropout = WordDropout.of_epoch(0.5, seed=1, epoch=1)
    whole = Rows(TOKENS, ORDER, dropout)[:]
    assert not np.array_equal(whole, TOKENS[ORDER])
    np.testing.assert_array_equal(Rows(TOKENS, ORDER[20:], dropout, 20)[5:], whole[25:])


def test_pieces_cover_all_rows_in_whole_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "PIECE_BYTES", 6 * 4 * 3)
    for tokens in (TOKENS, Rows(TOKENS, ORDER)):
        pieces = list(cut_pieces(tokens, batch_size=4))
        assert [piece.start for piece in pieces] == [0, 12, 24, 36, 48]
        assert pieces[-1].stop == 50


def test_a_batch_larger_than_a_piece_is_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "PIECE_BYTES", 1)
    assert next(cut_pieces(TOKENS, batch_size=32)) == slice(0, 32)


def train(runner: Any, tokens: Any, labels: Any) -> tuple[list[Any], dict[str, float], list[int]]:
    keras.utils.set_random_seed(1)
    model = build_model(VARIANTS["flatten"], ENCODING, num_classes=2, learning_rate=0.01)
    progress: list[int] = []
    scores = runner(model, batch_size=4)(tokens, labels, progress.append)
    return [np.asarray(weight) for weight in model.get_weights()], scores, progress


@pytest.mark.parametrize("runner", [make_epoch_runner, make_plain_epoch_runner])
def test_epoch_in_pieces_makes_the_updates_of_a_whole_one(runner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, scores, _ = train(runner, TOKENS[ORDER], LABELS[ORDER])
    monkeypatch.setattr(rows, "PIECE_BYTES", 6 * 4 * 3)
    pieces, scores_of_pieces, progress = train(runner, Rows(TOKENS, ORDER), Rows(LABELS, ORDER))
    for expected, found in zip(whole, pieces, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert scores_of_pieces == pytest.approx(scores, abs=1e-5)
    assert progress == sorted(progress)
    assert progress[-1] == 50
