"""Fitting in bounded memory: the same model where everything fits, and one that knows less where it does not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.sparse import csr_array

from tasks.baseline import bounded_fitting, bounded_vocabulary
from tasks.baseline.baselines import BASELINES
from tasks.baseline.bounded_fitting import Bounded, fit_bounded
from tasks.baseline.bounded_vocabulary import choose_commonest
from tasks.baseline.disk_features import Features
from tasks.baseline.fitting import fit_baseline, fit_model, read_labels, read_texts
from tasks.baseline.memory import BYTES_PER_NGRAM, USUAL_MEMORY, check_fits, choose_limit, estimate_memory, measure_text
from tasks.baseline.model import load_baseline
from tasks.errors import TrainingError

Fit = Callable[..., Bounded]
TEXTS = ["good film", "bad plot not good", "very dull", "great", "unknown words"]


@pytest.fixture
def fit(reviews_folder: Path, tmp_path: Path) -> Fit:
    """Fits a baseline in bounded memory, on blocks of a few texts."""
    texts = next(read_texts(reviews_folder / "train.parquet"))
    labels = read_labels(reviews_folder / "train.parquet")

    def fit_it(
        name: str,
        memory: int = USUAL_MEMORY,
        *,
        own: np.ndarray | None = None,
        num_classes: int = 2,
        weights: Sequence[float] | None = None,
        **changes: object,
    ) -> Bounded:
        return fit_bounded(
            replace(BASELINES[name], **changes),  # type: ignore[arg-type]
            lambda: iter(texts.slice(start, 5) for start in range(0, len(texts), 5)),
            labels if own is None else own,
            num_classes=num_classes,
            class_weights=weights,
            memory=memory,
            folder=tmp_path,
        )

    return fit_it


# Those with latent dimensions are not fitted in bounded memory.
SPARSE = [name for name, row in BASELINES.items() if row.reads_texts and not row.num_dimensions]


@pytest.mark.parametrize("name", SPARSE)
@pytest.mark.parametrize("weights", [None, (1.0, 5.0)])
def test_model_is_the_same_where_everything_fits(
    name: str, weights: Sequence[float] | None, fit: Fit, reviews_folder: Path, tmp_path: Path
) -> None:
    usual, _ = fit_model(BASELINES[name], reviews_folder / "train.parquet", num_classes=2, class_weights=weights)
    found = fit(name, weights=weights)
    assert found.model.vocabulary.words.equals(usual.vocabulary.words)
    assert all(one.equals(other) for one, other in zip(found.model.vocabulary.keys, usual.vocabulary.keys, strict=True))
    np.testing.assert_allclose(found.model.parameters.idf, usual.parameters.idf, rtol=1e-12)
    np.testing.assert_allclose(found.model.predict_probabilities(TEXTS), usual.predict_probabilities(TEXTS), atol=2e-3)
    assert (found.facts.num_left_out, found.facts.most_missed) == (0, 0)
    assert list(tmp_path.iterdir()) == []


def test_vocabulary_of_a_huge_one_is_counted_in_the_same_way(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fit("nb-svm").model.vocabulary
    monkeypatch.setattr(bounded_vocabulary, "MOST_SORTED", 0)
    monkeypatch.delattr(bounded_vocabulary, "sort_keys")
    found = fit("nb-svm").model.vocabulary
    assert all(one.equals(other) for one, other in zip(found.keys, expected.keys, strict=True))


def test_probabilities_are_those_of_the_training_texts(fit: Fit, reviews_folder: Path) -> None:
    found = fit("nb-svm")
    texts = pq.read_table(reviews_folder / "train.parquet").column("text")
    np.testing.assert_allclose(found.probabilities, found.model.predict_probabilities(texts), atol=1e-12)


def test_three_classes_are_fitted_against_the_rest(fit: Fit, reviews_folder: Path, tmp_path: Path) -> None:
    labels = np.arange(60, dtype=np.int32) % 3
    table = pq.read_table(reviews_folder / "train.parquet")
    changed = table.set_column(2, "label", pa.array(labels))
    pq.write_table(changed, tmp_path / "train.parquet")
    usual, _ = fit_model(BASELINES["tfidf-linear"], tmp_path / "train.parquet", num_classes=4)
    (tmp_path / "train.parquet").unlink()
    found = fit("tfidf-linear", own=labels, num_classes=4)
    assert found.probabilities.shape == (60, 4)
    np.testing.assert_allclose(found.model.predict_probabilities(TEXTS), usual.predict_probabilities(TEXTS), atol=1e-2)


@pytest.mark.parametrize("num_ngrams", [10, 30, 60])
def test_small_budget_keeps_the_commonest_ngrams_and_says_what_is_left_out(num_ngrams: int, fit: Fit) -> None:
    every, few = fit("nb-svm"), fit("nb-svm", num_ngrams * BYTES_PER_NGRAM)
    assert every.facts.num_ngrams > num_ngrams >= few.facts.num_ngrams == few.model.vocabulary.num_ngrams > 0
    # What only follows n-grams that are left out is not counted.
    assert 0 < few.facts.num_left_out <= every.facts.num_ngrams - few.facts.num_ngrams
    known = every.model.vocabulary.words.to_pylist()
    assert few.model.vocabulary.words.to_pylist() == known[: len(few.model.vocabulary.words)]
    assert few.model.predict_probabilities(TEXTS).shape == (5, 2)


def test_no_room_for_any_ngram_or_only_one_class_gives_the_shares(fit: Fit) -> None:
    nothing = fit("nb-svm", BYTES_PER_NGRAM)
    assert nothing.facts.num_ngrams == 0
    assert np.ptp(nothing.probabilities, axis=0).max() < 1e-12
    one = fit("nb-svm", own=np.ones(60, np.int32))
    assert one.probabilities[:, 1].min() == 1


def test_number_of_readings_is_bounded(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_fitting, "MOST_READINGS", 3)
    num_read, read = [0], Features.read

    def count_and_read(features: Features) -> Iterator[csr_array]:
        num_read[0] += 1
        return read(features)

    monkeypatch.setattr(Features, "read", count_and_read)
    found = fit("nb-svm")
    # Besides those of the solver, which may end its last step: one for the ratios, one for the lengths of steps
    # and one for the probabilities.
    assert 3 + 3 <= num_read[0] <= 3 + 1 + 3
    assert found.probabilities.shape == (60, 2)


def test_only_ngrams_in_enough_texts_are_chosen() -> None:
    kept, left_out = choose_commonest(np.array([9, 1, 4, 4, 2]), BASELINES["nb-svm"], 2)
    assert (kept.tolist(), left_out) == ([True, False, False, False, False], 3)


def test_budget_counts_only_where_fitting_would_take_more(reviews_folder: Path) -> None:
    path, baseline = reviews_folder / "train.parquet", BASELINES["nb-svm"]
    needed = estimate_memory(baseline, [path])
    size = sum(len(text.as_py()) for text in next(read_texts(path)))
    assert size < measure_text(path) < 10 * size
    assert choose_limit(baseline, [path], needed) is None
    assert choose_limit(baseline, [path], needed - 1) == needed - 1
    assert choose_limit(baseline, [path, path], needed) == needed
    assert choose_limit(baseline, [path, reviews_folder / "missing.parquet"], 1) is None
    assert choose_limit(BASELINES["majority"], [path], 1) is None


def test_latent_dimensions_are_not_found_where_not_all_ngrams_fit() -> None:
    check_fits(BASELINES["nb-svm"], 10**9)
    with pytest.raises(
        TrainingError, match=r"lsa needs the n-grams of all texts .* more than 1.5 GB; .* Raise --memory"
    ):
        check_fits(BASELINES["lsa"], 1_500_000_000)


def test_files_and_facts_of_a_bounded_baseline(reviews_folder: Path, tmp_path: Path) -> None:
    facts = fit_baseline(
        BASELINES["nb-svm"],
        reviews_folder=reviews_folder,
        folder=tmp_path,
        label_names=["bad", "good"],
        memory=20 * BYTES_PER_NGRAM,
    )
    assert facts.bounds
    assert 0 < facts.bounds.num_ngrams <= 20
    assert {path.name for path in tmp_path.iterdir()} == {"model.npz", "vocabulary.json"}
    model = load_baseline(tmp_path)
    texts = pq.read_table(reviews_folder / "validation.parquet", columns=["text", "label"])
    answers = model.predict_probabilities(texts.column("text")).argmax(axis=1)
    assert facts.val_accuracy == (answers == texts.column("label").to_numpy()).mean()
