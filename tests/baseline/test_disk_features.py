"""Features on disk are those in memory, however many texts are in a block and however many blocks are joined."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tasks.baseline import disk_features
from tasks.baseline.bounded_vocabulary import spool_words
from tasks.baseline.disk_features import Features, spool_presence, spool_weighed
from tasks.baseline.model import weigh_counts
from tasks.baseline.ngrams import count_ngrams, fit_vocabulary
from tasks.baseline.weighting import compute_idf

TEXTS = ["a b a", "", "b", "c a b", "?", "a", "b a c c c", "c"]
VOCABULARY = fit_vocabulary([pa.array(TEXTS)], max_order=2, min_texts=1)
COUNTS = count_ngrams(pa.array(TEXTS), VOCABULARY)


def spool(kind: str, num_texts: int, folder: Path) -> Features:
    """Write the features of the texts in blocks of `num_texts`."""
    blocks = [pa.array(TEXTS[start : start + num_texts]) for start in range(0, len(TEXTS), num_texts)]
    words = spool_words(lambda: iter(blocks), VOCABULARY, folder / "words")
    if kind == "presence":
        return spool_presence(words, VOCABULARY, folder / "features")
    return spool_weighed(words, VOCABULARY, folder / "features", num_texts=len(TEXTS))


@pytest.mark.parametrize("kind", ["presence", "weighed"])
@pytest.mark.parametrize("num_texts", [1, 3, 8])
@pytest.mark.parametrize("values_per_ngram", [0, 1, 100])
def test_features_are_those_in_memory(
    kind: str, num_texts: int, values_per_ngram: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_features, "VALUES_PER_NGRAM", values_per_ngram)
    idf = np.empty(0) if kind == "presence" else compute_idf((COUNTS.toarray() > 0).sum(axis=0), len(TEXTS))
    blocks = list(spool(kind, num_texts, tmp_path).read())
    assert len(blocks) == (-(-len(TEXTS) // num_texts) if values_per_ngram == 0 else len(blocks))
    assert len(blocks) == 1 or values_per_ngram < 100
    found = np.concatenate([block.toarray() for block in blocks])
    np.testing.assert_allclose(found, weigh_counts(COUNTS, idf).toarray(), rtol=1e-6)


def test_texts_of_a_class_are_counted(tmp_path: Path) -> None:
    is_class = np.arange(len(TEXTS)) % 2 == 0
    inside, outside = spool("presence", 3, tmp_path).sum_by_class(is_class)
    presence = COUNTS.toarray() > 0
    assert inside.tolist() == presence[is_class].sum(axis=0).tolist()
    assert outside.tolist() == presence[~is_class].sum(axis=0).tolist()


@pytest.mark.parametrize("kind", ["presence", "weighed"])
def test_squares_are_weighed_by_text(kind: str, tmp_path: Path) -> None:
    weights = np.arange(len(TEXTS)) + 1.0
    features = spool(kind, 3, tmp_path)
    dense = np.concatenate([block.toarray() for block in features.read()])
    np.testing.assert_allclose(features.sum_squares(weights), (dense**2 * weights[:, None]).sum(axis=0))
