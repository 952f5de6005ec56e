"""N-grams: which are known, how they are counted, and that the file of them gives them back."""

import json
import unicodedata
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from tasks.baseline.baselines import Unit
from tasks.baseline.ngrams import Vocabulary, count_ngrams, fit_vocabulary, read_vocabulary, write_vocabulary
from tasks.encode.words import FILTERS

# What random texts are made of: common words, so that n-grams recur, and characters that software trips over.
PIECES = [
    *("the ", "film ", "good ", "not ", "it's ", ", ") * 6,
    *(". ", "\t", "\n", "\r", "\v", "\x85 ", "\0 ", " ", '"', "\\ "),
    *(
        "é",
        "É ",
        "ß ",
        "İ ",
        "Σ",
        "Σ ",
        "\u0301",
        "\u00a0",
        "\u2028",
        "\u200d ",
        "\ufeff",
        "🎬 ",
        "👍🏽 ",
        "中文 ",
        "ﬁ ",
        "نص ",
    ),
]


def column(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.string())


def spell(vocabulary: Vocabulary, folder: Path) -> list[str]:
    write_vocabulary(folder / "vocabulary.json", vocabulary)
    content = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    ngrams: list[str] = content["ngrams"] if vocabulary.unit == "characters" else content
    return ngrams


def split_as_keras(text: str) -> list[str]:
    """Lower-case, filters to spaces, words between spaces."""
    return [word for word in text.lower().translate(dict.fromkeys(map(ord, FILTERS), " ")).split(" ") if word]


def fold(text: str) -> str:
    """Fold case and compose letters, drop what is invisible, and put one space between words."""
    folded = unicodedata.normalize("NFC", text.casefold()).replace("\u2019", "'")
    kept = "".join(letter for letter in folded if unicodedata.category(letter) != "Cf" or letter == "\u200d")
    return " ".join(kept.replace("\0", " ").split())


def generate_texts(seed: int, num_texts: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(PIECES, rng.integers(0, 60))) for _ in range(num_texts)]


def test_vocabulary_of_a_small_corpus(tmp_path: Path) -> None:
    texts = column(["b a c", "a b a", "a c", "d", "a b"])
    vocabulary = fit_vocabulary([texts], max_order=2, min_texts=2)
    # "a" is in four texts, "b" in three, "c" in two; "b a" and "a b" are in two each, "a c" in two.
    assert spell(vocabulary, tmp_path) == ["a", "b", "c", "a b", "a c", "b a"]
    assert vocabulary.num_ngrams == 6


def test_text_is_counted_once_for_the_vocabulary(tmp_path: Path) -> None:
    vocabulary = fit_vocabulary([column(["a a a", "b", "b"])], max_order=2, min_texts=2)
    assert spell(vocabulary, tmp_path) == ["b"]


def test_ngrams_do_not_cross_texts() -> None:
    vocabulary = fit_vocabulary([column(["a b", "a b"])], max_order=2, min_texts=1)
    counts = count_ngrams(column(["a", "b a", "", "b"]), vocabulary)
    assert counts.toarray().tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 1, 0]]


def test_ngrams_do_not_skip_unknown_words() -> None:
    vocabulary = fit_vocabulary([column(["a b", "a b"])], max_order=2, min_texts=1)
    assert count_ngrams(column(["a x b"]), vocabulary).toarray().tolist() == [[1, 1, 0]]


@pytest.mark.parametrize("max_order", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_scikit_learn(seed: int, max_order: int, tmp_path: Path) -> None:
    train, unseen = generate_texts(seed, 60), generate_texts(seed + 100, 30)
    # In batches, one of which is empty.
    vocabulary = fit_vocabulary([column(train[:7]), column([]), column(train[7:])], max_order=max_order, min_texts=2)
    options = {"tokenizer": split_as_keras, "token_pattern": None, "lowercase": False}
    reference = CountVectorizer(ngram_range=(1, max_order), min_df=2, **options).fit(train)
    ngrams = spell(vocabulary, tmp_path)
    assert sorted(ngrams) == sorted(reference.vocabulary_)
    assert max(len(ngram.split(" ")) for ngram in ngrams) == max_order
    order = [reference.vocabulary_[ngram] for ngram in ngrams]
    for texts in (train, unseen):
        expected = reference.transform(texts).toarray()[:, order]
        np.testing.assert_array_equal(count_ngrams(column(texts), vocabulary).toarray(), expected)


@pytest.mark.parametrize("max_order", [1, 3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_counts_of_characters_are_those_of_scikit_learn(seed: int, max_order: int, tmp_path: Path) -> None:
    train, unseen = generate_texts(seed, 60), generate_texts(seed + 100, 30)
    vocabulary = fit_vocabulary(
        [column(train[:7]), column([]), column(train[7:])], max_order=max_order, min_texts=2, unit="characters"
    )
    options = {"analyzer": "char", "preprocessor": fold}
    reference = CountVectorizer(ngram_range=(1, max_order), min_df=2, **options).fit(train)
    ngrams = spell(vocabulary, tmp_path)
    assert sorted(ngrams) == sorted(reference.vocabulary_)
    order = [reference.vocabulary_[ngram] for ngram in ngrams]
    for texts in (train, unseen):
        expected = reference.transform(texts).toarray()[:, order]
        np.testing.assert_array_equal(count_ngrams(column(texts), vocabulary).toarray(), expected)


def test_one_text_is_counted_as_in_a_batch() -> None:
    # One text has so few n-grams that they are searched for, and the batch so many that the vocabulary is hashed.
    texts = [text for seed in range(3) for text in generate_texts(seed, 100)]
    for unit in get_args(Unit):
        vocabulary = fit_vocabulary([column(texts)], max_order=3, min_texts=1, unit=unit)
        together = count_ngrams(column(texts), vocabulary).toarray()
        alone = [count_ngrams(column([text]), vocabulary).toarray()[0] for text in texts]
        np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize("unit", get_args(Unit))
@pytest.mark.parametrize("seed", range(4))
def test_vocabulary_is_read_back_as_it_was(seed: int, unit: Unit, tmp_path: Path) -> None:
    vocabulary = fit_vocabulary([column(generate_texts(seed, 60))], max_order=3, min_texts=2, unit=unit)
    ngrams = spell(vocabulary, tmp_path)
    assert len(ngrams) == len(set(ngrams)) == vocabulary.num_ngrams
    again = read_vocabulary(tmp_path / "vocabulary.json")
    assert again.unit == unit
    assert again.words.equals(vocabulary.words)
    assert [keys.to_pylist() for keys in again.keys] == [keys.to_pylist() for keys in vocabulary.keys]


@pytest.mark.parametrize("texts", [[], ["", "?!"], ["a", "b"]], ids=["no texts", "no words", "no word twice"])
def test_empty_vocabulary_counts_nothing(texts: list[str], tmp_path: Path) -> None:
    vocabulary = fit_vocabulary([column(texts)], max_order=3, min_texts=2)
    assert spell(vocabulary, tmp_path) == []
    again = read_vocabulary(tmp_path / "vocabulary.json")
    assert count_ngrams(column(["a b", ""]), again).shape == (2, 0)


def test_person_can_read_the_file(tmp_path: Path) -> None:
    write_vocabulary(tmp_path / "v.json", fit_vocabulary([column(["Très bon film"])], max_order=2, min_texts=1))
    lines = (tmp_path / "v.json").read_text(encoding="utf-8").splitlines()
    assert lines == ["[", '"très",', '"bon",', '"film",', '"très bon",', '"bon film"', "]"]
