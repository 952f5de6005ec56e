"""Occlusion finds the words that an answer depends on, in any script, at a bounded cost."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from tasks.encode.encodings import Encoding
from tasks.encode.subwords import fit_subwords
from tasks.evaluate import occlusion
from tasks.evaluate.classifier import NeuralClassifier
from tasks.evaluate.ensemble import EnsembleClassifier
from tasks.evaluate.occlusion import divide, explain, find_words, remove

WEIGHTS = {"great": 2.0, "dull": -1.5, "film": 0.001, "好": 1.0, "差": -2.0, "!": 0.5, "😀": 0.7}


class Judge:
    """Adds up the weights of the words that a text has, once each, and counts what it is asked."""

    def __init__(self, weights: dict[str, float] = WEIGHTS) -> None:
        self.weights = weights
        self.num_texts = 0
        self.most_characters = 0

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float64]:
        self.num_texts += len(texts)
        self.most_characters = max(self.most_characters, sum(map(len, texts)))
        return np.array([sum(self.weights.get(word, 0.0) for word in find_words(text)) for text in texts])


def tell(text: str, judge: Judge | None = None) -> list[tuple[str, float]]:
    return [(it.word, it.weight) for it in explain(text, judge or Judge())]


def test_weights_are_those_of_the_words_the_weightiest_first() -> None:
    assert tell("A Great film, not dull!") == [("Great", 2.0), ("dull", -1.5), ("!", 0.5)]


def test_word_is_removed_wherever_it_occurs() -> None:
    assert tell("great GREAT Great, so dull") == [("great", 2.0), ("dull", -1.5)]


def test_words_of_scripts_without_spaces_are_found() -> None:
    assert tell("服务好菜差") == [("差", -2.0), ("好", 1.0)]


def test_emoji_are_words() -> None:
    assert tell("so 😀") == [("😀", 0.7)]


@pytest.mark.parametrize("text", ["film", "", " \n", "?"])
def test_answer_may_depend_on_no_word(text: str) -> None:
    assert tell(text) == []


def test_at_most_six_words_are_told() -> None:
    words = [f"word{number}" for number in range(30)]
    told = tell(" ".join(words), Judge({word: 1.0 + number for number, word in enumerate(words)}))
    assert [word for word, _ in told] == words[:-7:-1]


@pytest.mark.parametrize(("num_words", "most_texts"), [(100, 101), (400, 201), (3_000, 401)])
def test_long_texts_are_scored_a_bounded_number_of_times(num_words: int, most_texts: int) -> None:
    judge = Judge({"word17": 3.0, f"word{num_words - 2}": -2.0})
    assert tell(" ".join(f"word{number}" for number in range(num_words)), judge) == [
        ("word17", 3.0),
        (f"word{num_words - 2}", -2.0),
    ]
    assert judge.num_texts <= most_texts


def test_texts_of_many_characters_are_scored_in_few_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occlusion, "MOST_CHARACTERS", 20_000)
    judge = Judge({"word50": 1.0})
    assert tell(" ".join(f"word{number}" for number in range(300)), judge) == [("word50", 1.0)]
    assert judge.most_characters < 30_000


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("good, good film", "good", " ,   film"),
        ("end.Start", ".", "end Start"),
        ("好看好", "好", "看"),
        ("don't", "don't", " "),
        ("a\U0001f600b", "\U0001f600", "a b"),
    ],
)
def test_neighbours_stay_apart_where_there_are_spaces(text: str, word: str, rest: str) -> None:
    assert remove(text, [find_words(text)[word]]) == rest


def test_places_count_characters_and_not_bytes() -> None:
    assert find_words("\U0001f600 Çok İyi") == {"\U0001f600": [(0, 1)], "çok": [(2, 5)], "i̇yi": [(6, 9)]}


def test_parts_are_in_order_and_none_is_empty() -> None:
    words = [[(number, number + 1)] for number in range(7)]
    assert [len(part) for part in divide(words, 3)] == [2, 3, 2]
    assert [word for part in divide(words, 3) for word in part] == words
    assert divide(words, 100) == [[word] for word in words]
    assert divide([], 5) == []


def test_pieces_of_the_model_are_words_where_there_are_no_spaces() -> None:
    text = "อาหารอร่อย ok 好看"
    pieces = [(0, 5), (0, 5), (5, 7), (7, 10), (10, 13), (13, 14), (14, 15)]
    assert find_words(text, pieces) == {
        "อาหาร": [(0, 5)],
        "อร": [(5, 7)],
        "่อย": [(7, 10)],
        "ok": [(11, 13)],
        "好": [(14, 15)],
        "看": [(15, 16)],
    }


def test_pieces_of_words_between_spaces_are_ignored() -> None:
    assert find_words("unhappy, so", [(0, 2), (2, 7), (7, 8), (8, 11)]) == find_words("unhappy, so")


def test_pieces_are_those_of_the_models_tokenizer(tmp_path: Path) -> None:
    encoding = Encoding(name="e", kind="subwords", vocab_size=300, length=9, padding="pre", description="")
    fit_subwords([pa.array(["อร่อย มาก"] * 9)], encoding).save(str(tmp_path / "tokenizer.json"))
    classifier = NeuralClassifier(tmp_path, encoding, kernels="auto", prefix="")
    assert classifier.find_pieces("อร่อย มาก")[-1] == (5, 9)
    words = NeuralClassifier(tmp_path, replace(encoding, kind="words"), kernels="auto", prefix="")
    assert words.find_pieces("อร่อย มาก") == []
    assert EnsembleClassifier([words, classifier], [0.5, 0.5]).find_pieces("อร่อย มาก")[-1] == (5, 9)
