"""Fitting a baseline: its numbers against hand counts and scikit-learn's models, its facts and its repeatability."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from tasks.baseline.baselines import BASELINES
from tasks.baseline.fitting import fit_class, fit_idf, log_count_ratios
from tasks.baseline.model import weigh_counts
from tasks.baseline.ngrams import count_ngrams, fit_vocabulary, read_vocabulary

Fit = Callable[..., Any]
FACTS = {
    "jobs",
    "num_params",
    "description",
    "definition",
    "device",
    "peak_memory_mb",
    "batch_size",
    "epochs",
    "best_epoch",
    "train_accuracy",
    "train_loss",
    "val_accuracy",
    "val_loss",
    "train_seconds",
    "epoch_seconds",
    "reviews_per_second",
}
FILES = ("model.npz", "vocabulary.json")
# Words of two letters or more and nothing else: scikit-learn's tokenizer finds the same words.
PLAIN = [
    "the film was dull",
    "the best of film",
    "Dull dull DULL",
    "film film of the best",
    "was the best",
    "of dull film",
]


@pytest.fixture(params=list(BASELINES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def count_by_scikit_learn(fitted: Any, texts: Sequence[str]) -> NDArray[Any]:
    """Count the n-grams of the vocabulary file with scikit-learn and the project's words."""
    vocabulary = json.loads((fitted.folder / "vocabulary.json").read_text(encoding="utf-8"))
    max_order = max(len(ngram.split(" ")) for ngram in vocabulary)
    vectorizer = CountVectorizer(ngram_range=(1, max_order), token_pattern=r"[a-z']+", vocabulary=vocabulary)
    counts: NDArray[Any] = vectorizer.transform(texts).toarray()
    return counts


def make_solver(name: str) -> LogisticRegression:
    penalty = BASELINES[name].inverse_penalty
    return LogisticRegression(C=penalty, solver="liblinear", dual=True, max_iter=1_000, random_state=1)


def split_rows(rows: Any) -> tuple[list[str], NDArray[Any]]:
    texts, labels = zip(*rows, strict=True)
    return list(texts), np.array(labels)


def test_log_count_ratios_by_hand() -> None:
    # Three texts, "a b" and "a" of the class, "b" not; columns a, b.
    presence = csr_array(np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    ratios = log_count_ratios(presence, np.array([True, True, False]))
    np.testing.assert_allclose(ratios, [np.log((3 / 5) / (1 / 3)), np.log((2 / 5) / (2 / 3))])


@pytest.mark.parametrize("max_order", [1, 2])
def test_tfidf_is_that_of_scikit_learn(max_order: int) -> None:
    reference = TfidfVectorizer(ngram_range=(1, max_order), min_df=2, sublinear_tf=True).fit(PLAIN)
    vocabulary = fit_vocabulary([pa.array(PLAIN)], max_order=max_order, min_texts=2)
    idf = fit_idf(count_ngrams(pa.array(PLAIN), vocabulary))
    texts = [*PLAIN, "", "dull unheard dull film", "unheard"]
    features = weigh_counts(count_ngrams(pa.array(texts), vocabulary), idf).toarray()
    expected = reference.transform(texts).toarray()
    assert features.shape == expected.shape
    # Columns stand in another order; sorted by content they are the same.
    np.testing.assert_allclose(sort_columns(features), sort_columns(expected), atol=1e-12)


def sort_columns(features: NDArray[Any]) -> NDArray[Any]:
    sorted_columns: NDArray[Any] = features[:, np.lexsort(features.round(9))]
    return sorted_columns


@pytest.mark.parametrize("num_classes", [2, 3])
def test_tfidf_linear_predicts_what_scikit_learn_predicts(
    num_classes: int, fit: Fit, three_classes: Any, unseen: Sequence[str]
) -> None:
    rows = [row for row in three_classes if row[1] < num_classes]
    texts, labels = split_rows(rows)
    fitted = fit(BASELINES["tfidf-linear"], rows, num_classes=num_classes)
    vocabulary = json.loads((fitted.folder / "vocabulary.json").read_text())
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), token_pattern=r"[a-z']+", vocabulary=vocabulary, sublinear_tf=True
    ).fit(texts)
    solver = make_solver("tfidf-linear")
    classifier = solver if num_classes == 2 else OneVsRestClassifier(solver)
    classifier.fit(vectorizer.transform(texts), labels)
    expected = classifier.predict_proba(vectorizer.transform(unseen))
    np.testing.assert_allclose(fitted.model.predict_probabilities(unseen), expected, atol=1e-9)
    assert expected.std(axis=0).min() > 0.05


@pytest.mark.parametrize("num_classes", [2, 3])
def test_nb_svm_predicts_what_scikit_learn_predicts(
    num_classes: int, fit: Fit, three_classes: Any, unseen: Sequence[str]
) -> None:
    rows = [row for row in three_classes if row[1] < num_classes]
    texts, labels = split_rows(rows)
    fitted = fit(BASELINES["nb-svm"], rows, num_classes=num_classes)
    presence, unseen_presence = (count_by_scikit_learn(fitted, group) > 0 for group in (texts, unseen))
    columns = []
    for label in range(num_classes):
        inside, outside = 1 + presence[labels == label].sum(axis=0), 1 + presence[labels != label].sum(axis=0)
        ratios = np.log((inside / inside.sum()) / (outside / outside.sum()))
        solver = make_solver("nb-svm").fit(csr_array(presence * ratios), labels == label)
        columns.append(solver.predict_proba(csr_array(unseen_presence * ratios))[:, 1])
    expected = np.column_stack(columns)
    if num_classes == 2:
        # The second class against the first; the other way round gives the same but for the solver's tolerance.
        expected[:, 0] = 1 - expected[:, 1]
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fitted.model.predict_probabilities(unseen), expected, atol=1e-9)
    assert expected.std(axis=0).min() > 0.05


def test_majority_predicts_the_shares_of_train(fit: Fit, three_classes: Any) -> None:
    fitted = fit(BASELINES["majority"], three_classes, num_classes=3)
    np.testing.assert_allclose(fitted.model.predict_probabilities(["good", ""]), [[6 / 13, 5 / 13, 2 / 13]] * 2)
    # All five negatives of validation's eleven reviews and one more.
    assert fitted.facts.val_accuracy == pytest.approx(6 / 11)
    assert fitted.facts.val_loss == pytest.approx(-(6 * np.log(6 / 13) + 5 * np.log(5 / 13)) / 11)


def test_class_that_is_not_in_train_has_no_probability(name: str, fit: Fit, three_classes: Any) -> None:
    # Class 1 of three is absent.
    rows = [row for row in three_classes if row[1] != 1]
    fitted = fit(BASELINES[name], rows, three_classes, num_classes=3)
    probabilities = fitted.model.predict_probabilities(["neither the film", "dull"])
    assert probabilities.shape == (2, 3)
    assert (probabilities[:, 1] == 0).all()
    assert (probabilities[:, [0, 2]] > 0).all()
    assert np.isfinite(fitted.facts.val_loss)


def test_train_of_one_class_predicts_that_class(name: str, fit: Fit) -> None:
    fitted = fit(BASELINES[name], [("a good film", 1), ("a good one", 1)])
    np.testing.assert_array_equal(fitted.model.predict_probabilities(["bad", "good"]), [[0.0, 1.0]] * 2)
    assert (fitted.facts.train_accuracy, fitted.facts.train_loss) == (1.0, 0.0)


@pytest.mark.parametrize("text", ["", "?!", "\t\n"], ids=["empty", "punctuation", "blank"])
def test_train_without_words_leaves_the_shares(text: str, name: str, fit: Fit) -> None:
    if BASELINES[name].unit == "characters":
        text = text.replace("?!", "\u200b\u00ad")
    fitted = fit(BASELINES[name], [(text, 0), (text, 0), (text, 0), (text, 1)])
    np.testing.assert_allclose(fitted.model.predict_probabilities(["good", ""]), [[0.75, 0.25]] * 2)


def test_facts_are_those_of_a_training(name: str, fit: Fit, two_classes: Any) -> None:
    fitted = fit(BASELINES[name], two_classes).facts
    facts = json.loads(fitted.model_dump_json())
    assert facts.keys() == FACTS
    assert facts == fitted.model_dump()
    assert facts["device"] == f"CPU ({os.cpu_count()} cores), scikit-learn"
    assert [facts[key] for key in ("batch_size", "epochs", "best_epoch", "epoch_seconds")] == [None] * 4
    assert facts["reviews_per_second"] == pytest.approx(len(two_classes) / facts["train_seconds"])


@pytest.mark.parametrize("split", ["train", "val"])
def test_scores_are_those_of_the_saved_model(split: str, name: str, fit: Fit, two_classes: Any) -> None:
    validation = [("the best of the worst", 0), ("clever scene", 1), ("", 1)]
    fitted = fit(BASELINES[name], two_classes, validation)
    texts, labels = split_rows(two_classes if split == "train" else validation)
    probabilities = fitted.model.predict_probabilities(texts)
    expected = (
        (probabilities.argmax(axis=1) == labels).mean(),
        -np.log(probabilities[range(len(labels)), labels]).mean(),
    )
    facts = fitted.facts.model_dump()
    found = facts[f"{split}_accuracy"], facts[f"{split}_loss"]
    np.testing.assert_allclose(found, expected)


def test_parameters_are_the_weights_and_the_bias(fit: Fit, three_classes: Any) -> None:
    fitted = fit(BASELINES["nb-svm"], three_classes, num_classes=3)
    num_ngrams = read_vocabulary(fitted.folder / "vocabulary.json").num_ngrams
    assert fitted.facts.num_params == 3 * (num_ngrams + 1)


def test_baselines_learn_what_tells_the_classes_apart(fit: Fit, two_classes: Any) -> None:
    for name in ("tfidf-linear", "nb-svm"):
        model = fit(BASELINES[name], two_classes).model
        assert model.predict_probabilities(["dull", "clever", "worst", "best"]).argmax(axis=1).tolist() == [0, 1, 0, 1]


def test_same_reviews_give_the_same_bytes(name: str, fit: Fit, three_classes: Any) -> None:
    first, second = (fit(BASELINES[name], three_classes, num_classes=3) for _ in range(2))
    for file in FILES:
        assert (first.folder / file).read_bytes() == (second.folder / file).read_bytes()


def test_nothing_is_learnt_from_validation(name: str, fit: Fit, two_classes: Any) -> None:
    first = fit(BASELINES[name], two_classes)
    second = fit(BASELINES[name], two_classes, [("splendid splendid", 1), ("splendid", 0), ("", 0)])
    for file in FILES:
        assert (first.folder / file).read_bytes() == (second.folder / file).read_bytes()


@pytest.mark.parametrize(
    "change",
    [{"max_order": 1}, {"min_texts": 3}, {"inverse_penalty": 0.01}, {"weighting": "tf-idf"}, {"smoothing": 9.0}],
    ids=str,
)
def test_every_setting_changes_the_model(change: dict[str, Any], fit: Fit, two_classes: Any) -> None:
    first = fit(BASELINES["nb-svm"], two_classes)
    second = fit(replace(BASELINES["nb-svm"], **change), two_classes)
    assert (first.folder / "model.npz").read_bytes() != (second.folder / "model.npz").read_bytes()


def test_class_weights_do_what_repeated_reviews_would() -> None:
    random = np.random.default_rng(1)
    features, is_class = csr_array(random.poisson(0.4, (60, 12)).astype(float)), random.random(60) < 0.3
    repeats = np.where(is_class, 3, 1)
    rows = np.repeat(np.arange(60), repeats)
    row = replace(BASELINES["tfidf-linear"], inverse_penalty=0.1)
    weighted, bias = fit_class(row, features, is_class, weights=repeats.astype(float))
    repeated, other_bias = fit_class(row, csr_array(features[rows]), is_class[rows])
    np.testing.assert_allclose(weighted, repeated, atol=1e-3)
    assert bias == pytest.approx(other_bias, abs=1e-3)


@pytest.mark.parametrize("name", ["tfidf-linear", "nb-svm"])
def test_weight_of_a_rare_class_makes_it_likelier(name: str, fit: Fit) -> None:
    rows = [("the film was dull", 0), ("a film", 0), ("the film", 0), ("dull film", 0), ("film was clever", 1)] * 3
    plain, weighted = (fit(BASELINES[name], rows, class_weights=it).model for it in (None, (1.0, 10.0)))
    texts = ["the film was clever", "film"]
    before, after = (it.predict_probabilities(texts)[:, 1] for it in (plain, weighted))
    assert (after > before).all()
