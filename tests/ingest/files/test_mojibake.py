"""Text that was decoded with the wrong character set is told from text in any language."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tasks.ingest.files.mojibake import find_mojibake, note_mojibake
from tasks.ingest.files.notes import Notes
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.rows import Rows

RIGHT = [
    "Café déjà vu",
    "CAFÉ” and É…",
    "\u201eÄpfel\u201c \u2013 \u2018süß\u2019, 5 €",
    "dit «\xa0passé\xa0»",
    "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "Сёстры и съёмка",
    "Ελληνική γλώσσα",
    "中文日本語。한국어",
    "ดีมาก",
    "حسنا",
    "\U0001f600\U0001f601 so good\u2026",
    "\xa0\xa0indented",
    "ÂÃÊ ÀÉÍÓÚ",
    "Þæö blöð, ÆÐÝÞÖ",
    "Đây là một bộ phim rất hay, nên xem lại nhiều lần",
    "这是一部很好的电影我们大家都非常喜欢它的故事情节以及演员们的精彩表演",
    "この映画はとても面白かったのでまた見たいと思います",
    "Очень хороший фильм — всем советую посмотреть",
    "Её хвалят",
    "要什么没什么",
    "√2 ≈ 1.41, Σx², Γ(n)",
    "┌─┐ a box └─┘",
    "ÿÿÿÿÿÿÿÿ",
]


@pytest.mark.parametrize("text", RIGHT)
def test_right_text_is_left_alone(text: str) -> None:
    assert find_mojibake(text) is None


@pytest.mark.parametrize(
    ("right", "charset"),
    [
        ("Café", "cp1252"),
        ("Café", "latin-1"),
        ("it\u2019s", "cp1252"),
        ("5 €", "cp1252"),
        ("soft\xa0space", "latin-1"),
        ("Привет", "cp1251"),
        ("Привет", "latin-1"),
        ("你好", "latin-1"),
        ("\U0001f600", "latin-1"),
        ("Łódź", "latin-1"),
        ("Café", "mac_roman"),
        ("Café", "cp437"),
        ("Привет", "koi8_r"),
        ("Привет", "cp437"),
        ("你好这部电影很好", "gb18030"),
    ],
)
def test_wrongly_decoded_text_is_recognised(right: str, charset: str) -> None:
    found = find_mojibake(f"so {right.encode().decode(charset)} it is")
    assert found is not None
    assert found.right in right
    assert found.charset == "utf-8"


def test_cyrillic_that_was_read_as_latin_is_recognised() -> None:
    found = find_mojibake("Привет, хороший фильм".encode("cp1251").decode("latin-1"))
    assert found is not None
    assert (found.wrong, found.right, found.charset) == ("Ïðèâåò", "Привет", "cp1251")


def note(text: str, charset: str = "utf-8") -> list[str]:
    rows = Rows(pa.record_batch([pa.array([text])], names=["text"]), np.array([2]), "line")
    notes = Notes("a.csv")
    notes.add(note_mojibake(rows.columns.column(0), rows, FileOptions(path=Path("a.csv"), charset=charset)))
    return notes.describe()


@pytest.mark.parametrize(
    ("text", "charset", "end"),
    [
        ("Ã©", "utf-8", "'Ã©' was 'é'; save it again with the right one"),
        ("Ã©", "latin-1", "'Ã©' was 'é'; leave out --charset, because the file is UTF-8"),
        ("Ïðèâåò", "utf-8", "'Ïðèâåò' was 'Привет'; save it again with the right one"),
        ("Ïðèâåò", "latin-1", "'Ïðèâåò' was 'Привет'; try --charset cp1251"),
        ("a caf\ufffd", "utf-8", "they cannot be restored, so look for a copy that was not saved with the wrong one"),
    ],
)
def test_note_says_what_was_meant(text: str, charset: str, end: str) -> None:
    (found,) = note(text, charset)
    assert found.startswith("texts ")
    assert "1 (first: a.csv line 2): " in found
    assert found.endswith(end)
