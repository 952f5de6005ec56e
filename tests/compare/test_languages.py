"""Languages are told by their commonest words, and their negations are found."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from tasks.compare.languages import LANGUAGES, find_language, has_negation

ROWS = {language.name: language for language in LANGUAGES}
ENGLISH = ROWS["English"]
# For each language a text with a negation and one without.
TEXTS = {
    "English": ("The plot is not good", "The plot is good"),
    "German": ("Der Film ist nicht gut und keinesfalls neu", "Der Film ist gut"),
    "French": ("Le film n\u2019est pas bon", "Le film est bon"),
    "Spanish": ("El hotel no es bueno", "El hotel es bueno"),
    "Italian": ("Il film non è bello", "Il film è bello"),
    "Portuguese": ("O filme não é bom", "O filme é muito bom"),
    "Dutch": ("De film is niet goed", "De film is goed"),
    "Russian": (
        "Это не фильм",
        "Это фильм, я рад",
    ),
    "Chinese": ("房间的服务不好", "房间的服务很好"),
    "Japanese": (
        "この部屋はよくない",
        "この部屋はいいです",
    ),
    "Thai": (
        "ที่นี่ไม่ดี",
        "ที่นี่ดี",
    ),
    "Hindi": (
        "फिल्म अच्छी नहीं है",
        "फिल्म अच्छी है",
    ),
    "Arabic": (
        "الفيلم ليس جيدا في رأيي",
        "الفيلم جيد في رأيي",
    ),
    "Hebrew": (
        "הסרט הזה לא טוב של",
        "זה סרט טוב",
    ),
}


def test_every_language_of_the_table_is_tried() -> None:
    assert list(TEXTS) == list(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_language_is_found_by_its_commonest_words(name: str) -> None:
    found = find_language([pa.array(TEXTS[name] * 3), pa.array(["ok", ""])])
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("name", ROWS)
def test_negation_of_a_language_is_found(name: str) -> None:
    assert has_negation(TEXTS[name], ROWS[name]).tolist() == [True, False]


@pytest.mark.parametrize("texts", [["ᎠᎡᎢ"], ["ok", "wow!"], [""], []], ids=["Cherokee", "names", "blank", "none"])
def test_language_that_is_not_in_the_table_is_none(texts: list[str]) -> None:
    assert find_language([pa.array(texts, pa.string())]) is None


@pytest.mark.parametrize("kind", [list, pa.array, lambda texts: pa.chunked_array([texts])])
def test_negation_is_found_in_any_kind_of_texts(kind: Any) -> None:
    assert has_negation(kind(["Not bad", "Bad"]), ENGLISH).tolist() == [True, False]


@pytest.mark.parametrize(
    "text",
    ["No.", "it was NEVER dull", "I don't", "I don\u2019t", "I cannot", "dont bother", "nothing new", "hardly, if"],
)
def test_text_with_negation(text: str) -> None:
    assert has_negation([text], ENGLISH).tolist() == [True]


@pytest.mark.parametrize("text", ["", "a notable piano", "I want", "nonetheless", "a knot", "ant", "the know-how"])
def test_text_without_negation(text: str) -> None:
    assert has_negation([text], ENGLISH).tolist() == [False]


def test_missing_text_has_no_negation() -> None:
    texts: Sequence[str | None] = [None, "no"]
    assert has_negation(pa.array(texts, pa.string()), ENGLISH).tolist() == [False, True]
