"""Text that was decoded with the wrong character set is told from text in any language."""

import pytest

from tasks.ingest.files.mojibake import find_mojibake

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
    ],
)
def test_wrongly_decoded_text_is_recognised(right: str, charset: str) -> None:
    found = find_mojibake(f"so {right.encode().decode(charset)} it is")
    assert found is not None
    assert found[1] in right
