"""Word dropout leaves out its share, others in each epoch, and the same ones however the epoch is cut."""

import numpy as np
import pytest

from tasks.encode.padding import OOV_ID
from tasks.train.fit import Split, fit
from tasks.train.rows import Rows
from tasks.train.settings import FitSettings, Listener
from tasks.train.word_dropout import WordDropout

TOKENS = np.random.default_rng(0).integers(1, 30, size=(200, 50)).astype(np.uint16)
TOKENS[::2, 40:] = 0


def drop(share: float = 0.1, *, seed: int = 1, epoch: int = 1) -> np.ndarray:
    dropout = WordDropout.of_epoch(share, seed=seed, epoch=epoch)
    assert dropout is not None
    return dropout.apply(TOKENS, first=0)


def test_share_of_the_words_becomes_padding_and_the_others_stay() -> None:
    found = drop(0.1)
    assert 0.08 < 1 - np.count_nonzero(found) / np.count_nonzero(TOKENS) < 0.12
    np.testing.assert_array_equal(found[found != 0], TOKENS[found != 0])
    assert found.dtype == TOKENS.dtype


def test_no_share_is_no_dropout() -> None:
    assert WordDropout.of_epoch(0.0, seed=1, epoch=1) is None


def test_same_epoch_leaves_out_the_same_words_and_others_leave_out_others() -> None:
    np.testing.assert_array_equal(drop(), drop())
    left_out = [drop(seed=seed, epoch=epoch) == 0 for seed, epoch in ((1, 1), (1, 2), (2, 1))]
    padding = TOKENS == 0
    for one, other in ((0, 1), (0, 2), (1, 2)):
        both = (left_out[one] & left_out[other] & ~padding).mean()
        assert 0.0 < both < 0.03  # 0.01 if they are independent


def test_the_way_an_epoch_is_cut_changes_nothing() -> None:
    rows = Rows(TOKENS, np.random.default_rng(3).permutation(len(TOKENS)), WordDropout(0.3, 7))
    whole = rows[0 : len(rows)]
    pieces = [rows[first : first + 33] for first in range(0, len(rows), 33)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert rows.row_bytes == Rows(TOKENS, rows.order).row_bytes


def test_text_that_loses_all_words_is_one_unknown_word() -> None:
    found = WordDropout(0.95, 1).apply(TOKENS[:, :1], first=0)
    assert set(np.unique(found)) <= {OOV_ID, *range(2, 30)}
    assert (found == OOV_ID).mean() > 0.8


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras variables with NumPy 2
def test_fit_leaves_out_words_in_training_only(tmp_path: object) -> None:
    import keras

    model = keras.Sequential([keras.Input((50,)), keras.layers.Dense(1, "sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    seen: list[np.ndarray] = []

    def run_epoch(tokens: Rows, labels: Rows, _on_progress: object) -> dict[str, float]:
        seen.append(tokens[0 : len(labels)])
        return {"loss": 0.5, "accuracy": 0.5}

    split = Split(TOKENS, np.zeros(len(TOKENS), np.int32))
    settings = FitSettings(epochs=2, patience=9, batch_size=4, learning_rate=1e-3, seed=1)
    fit(
        model,
        run_epoch,  # type: ignore[arg-type]
        split,
        split,
        settings,
        checkpoint=tmp_path / "state.npz",  # type: ignore[operator]
        listener=Listener(),
        word_dropout=0.5,
    )
    shares = [np.count_nonzero(tokens) / np.count_nonzero(TOKENS) for tokens in seen]
    assert shares == pytest.approx([0.5, 0.5], abs=0.05)
    assert not np.array_equal(seen[0] == 0, seen[1] == 0)
