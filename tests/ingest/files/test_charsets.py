"""Bytes in another character set are refused with those in which they read like text, and the right one is named."""

import re
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.ingest.files.charsets import MOST_NAMED
from tasks.ingest.files.lines import read_lines

TEXTS = {
    "gb18030": "这家酒店的服务非常好房间也很干净",
    "big5": "這家酒店的服務非常好房間也很乾淨",
    "shift_jis": "このホテルのサービスはとても良かったです",
    "euc_jp": "このホテルのサービスはとても良かったです",
    "cp949": "이 호텔의 서비스는 매우 좋았습니다",
    "cp1251": "Очень хороший фильм, всем советую посмотреть",
    "koi8_r": "Очень хороший фильм, всем советую посмотреть",
    "cp1252": "Das Essen war schön und süß",
    "cp1250": "Bardzo dobry film, polecam każdemu, świetna gra aktorów",
    "cp1253": "Πολύ καλή ταινία, τη συνιστώ",
    "cp1254": "Çok güzel bir film, şiddetle tavsiye ederim",
    "cp1255": "סרט מצוין, מומלץ מאוד לכולם",
    "cp1256": "فيلم رائع جدا أنصح الجميع بمشاهدته",
    "cp874": "หนังเรื่องนี้ดีมาก",
    "cp866": "Очень хороший фильм, всем советую посмотреть",
    "cp850": "Das Essen war sch\xf6n und s\xfc\xdf",
}


def complain(path: Path, content: bytes, charset: str = "utf-8") -> str:
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        list(read_lines(path, charset=charset))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def list_readings(message: str) -> dict[str, str]:
    return dict(re.findall(r"--charset ([\w-]+) reads '(.*?)'[,.]", message))


@pytest.mark.parametrize("num_lines", [1, 300])
@pytest.mark.parametrize("charset", TEXTS)
def test_right_character_set_is_among_those_named(tmp_path: Path, charset: str, num_lines: int) -> None:
    text = TEXTS[charset]
    lines = ["text,label", *(f"{text[: len(text) - n % 3]},{n % 2}" for n in range(num_lines))]
    message = complain(tmp_path / "a.csv", "\n".join(lines).encode(charset))
    assert message.startswith(
        "a.csv line 2 is not utf-8: it holds bytes that cannot be decoded. Name the file's character"
    )
    assert message.endswith("latin-1 decodes any bytes, which proves nothing.)")
    readings = list_readings(message)
    assert len(readings) <= MOST_NAMED
    start = next(place for place, letter in enumerate(text) if not letter.isascii())
    assert any(text[start : start + 5] in shown for shown in readings.values())
    for name in readings:
        assert len(list(read_lines(tmp_path / "a.csv", charset=name))) == len(lines)


def test_evidence_is_taken_from_all_lines_that_are_invalid(tmp_path: Path) -> None:
    lines = [*["fine, this is 你好"] * 3_000]
    content = "\n".join(lines).encode() + b"\n" + ("\n" + TEXTS["cp1251"]).encode("cp1251") * 40
    message = complain(tmp_path / "a.csv", content)
    assert message.startswith("a.csv line 3,002 is not utf-8")
    assert next(iter(list_readings(message))) == "cp1251"


def test_utf_8_is_named_where_another_set_was_chosen(tmp_path: Path) -> None:
    message = complain(tmp_path / "a.csv", "caf\xe9\n".encode() * 3, charset="ascii")
    assert message.endswith("which may be utf-8: --charset utf-8")


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    message = complain(tmp_path / "a.csv", bytes(range(128, 256)) * 20 + b"\n\xff\xfe\x81\x00\x01\x02")
    assert "character set" in message


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_named(tmp_path: Path, charset: str) -> None:
    message = complain(tmp_path / "a.csv", "text,label\nso d\xfcll,1\n".encode(charset))
    assert message == f"'a.csv' looks like UTF-16 without a byte-order mark; expected UTF-8. Add --charset {charset}"
    assert list(read_lines(tmp_path / "a.csv", charset=charset)) == ["text,label\n", "so d\xfcll,1\n"]


def test_zeros_in_other_places_are_characters(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a\0\0b\0\n")
    assert list(read_lines(tmp_path / "a.csv", charset="utf-8")) == ["a\0\0b\0\n"]


@pytest.mark.parametrize(
    ("text", "charset", "named"),
    [
        ("これは映画です", "iso2022_jp", "iso2022_jp"),
        ("이 영화는 좋다", "iso2022_kr", "iso2022_kr"),
        ("你好电影", "hz", "hz"),
    ],
)
def test_escapes_that_stand_for_letters_are_refused(tmp_path: Path, text: str, charset: str, named: str) -> None:
    content = f"text\nfine\n{text}\n".encode(charset)
    message = complain(tmp_path / "a.csv", content)
    assert f" looks like {named}, in which signs of ASCII stand for other letters; expected UTF-8. Add --" in message
    assert list(read_lines(tmp_path / "a.csv", charset=named))[-1].strip() == text


@pytest.mark.parametrize("text", ["\x1b[31mred\x1b[0m", "~{so~", "cost ~{5} to ~{6}", "\x1b$ alone \x1b$zz"])
def test_other_signs_of_ascii_are_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(f"{text}\n")
    assert list(read_lines(tmp_path / "a.csv", charset="utf-8")) == [f"{text}\n"]
