"""Lines come decoded, whole and numbered; what cannot be read is one error with the line."""

import codecs
import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from tasks.errors import UserError
from tasks.ingest.files import lines
from tasks.ingest.files.lines import is_charset, read_lines


def read(
    folder: Path, content: bytes, *, name: str = "a.txt", charset: str = "utf-8", newline: str = "\n"
) -> list[str]:
    (folder / name).write_bytes(content)
    return list(read_lines(folder / name, charset=charset, newline=newline))


def complain(folder: Path, content: bytes, *, name: str = "a.txt", charset: str = "utf-8") -> str:
    with pytest.raises(UserError) as caught:
        read(folder, content, name=name, charset=charset)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def compress_zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


def test_lines_keep_their_endings(tmp_path: Path) -> None:
    assert read(tmp_path, b"one\r\ntwo\n\nthree\rfour") == ["one\r\n", "two\n", "\n", "three\rfour"]


def test_carriage_return_ends_a_line_where_asked(tmp_path: Path) -> None:
    assert read(tmp_path, b"one\rtwo\r\nthree", newline="") == ["one\r", "two\r\n", "three"]


def test_other_separators_do_not_end_a_line(tmp_path: Path) -> None:
    text = "a\x0bb\x0cc\x1cd\x85e\u2028f\0g\n"
    assert read(tmp_path, text.encode()) == [text]


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "utf_8", "utf-16"])
def test_byte_order_mark_is_dropped(tmp_path: Path, charset: str) -> None:
    content = "caf\xe9\n".encode("utf-16" if charset == "utf-16" else "utf-8-sig")
    assert read(tmp_path, content, charset=charset) == ["caf\xe9\n"]


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "utf-16-le", "utf-16"])
@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_decides_the_charset(tmp_path: Path, mark: str, charset: str) -> None:
    assert read(tmp_path, "caf\xe9\n".encode(mark), charset=charset) == ["caf\xe9\n"]


def test_byte_order_mark_of_the_other_order_is_known(tmp_path: Path) -> None:
    assert read(tmp_path, codecs.BOM_UTF16_BE + "caf\xe9\n".encode("utf-16-be")) == ["caf\xe9\n"]


def test_charset_decodes(tmp_path: Path) -> None:
    assert read(tmp_path, b"caf\xe9\n", charset="latin-1") == ["caf\xe9\n"]


def test_undecodable_bytes_are_named_by_line(tmp_path: Path) -> None:
    message = complain(tmp_path, b"fine\n\xc3\xa9\n" + b"caf\xe9\n")
    assert message.startswith("a.txt line 3 is not utf-8: ")
    assert "--charset cp1252 reads 'caf\xe9'" in message


@pytest.mark.parametrize("content", [b"\xed\xa0\x80\n", b"\xffa\0", b"\xc0\x80", b"ok\xe2\x82"])
def test_bytes_that_are_almost_utf_8_are_refused(tmp_path: Path, content: bytes) -> None:
    assert "a.txt line 1 is not utf-8" in complain(tmp_path, content)


def test_bytes_that_a_multi_byte_charset_does_not_know_are_refused(tmp_path: Path) -> None:
    assert "is not utf-16" in complain(tmp_path, "ab\n".encode("utf-16") + b"\0", charset="utf-16")


@pytest.mark.parametrize(("ending", "compress"), [(".gz", gzip.compress), (".zst", compress_zstd)])
class TestCompressed:
    def test_is_unpacked(self, tmp_path: Path, ending: str, compress) -> None:  # noqa: ANN001
        assert read(tmp_path, compress(b"one\ntwo\n"), name=f"a.csv{ending}") == ["one\n", "two\n"]

    def test_parts_follow_each_other(self, tmp_path: Path, ending: str, compress) -> None:  # noqa: ANN001
        assert read(tmp_path, compress(b"one\n") + compress(b"two\n"), name=f"a.csv{ending}") == ["one\n", "two\n"]

    def test_nothing_gives_no_lines(self, tmp_path: Path, ending: str, compress) -> None:  # noqa: ANN001
        assert read(tmp_path, compress(b""), name=f"a.csv{ending}") == []

    def test_broken_off_is_an_error(self, tmp_path: Path, ending: str, compress) -> None:  # noqa: ANN001
        content = compress(b"one\ntwo\n" * 1000)
        assert "cannot be read beyond line" in complain(tmp_path, content[:-6], name=f"a.csv{ending}")

    def test_plain_text_by_that_name_is_an_error(self, tmp_path: Path, ending: str, compress) -> None:  # noqa: ANN001
        assert compress
        assert "cannot be read beyond line 0" in complain(tmp_path, b"text,label\n", name=f"a.csv{ending}")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04rest", "a zip archive"),
        (gzip.compress(b"text", mtime=0), "gzip-compressed"),
        (compress_zstd(b"text"), "zstd-compressed"),
        (b"PAR1rest", "Parquet"),
        (b"%PDF-1.7", "a PDF"),
    ],
)
def test_other_kinds_in_disguise_are_named(tmp_path: Path, content: bytes, kind: str) -> None:
    assert f"'a.txt' is not text but {kind}" in complain(tmp_path, content)


def test_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 10)
    assert "a.txt line 2 is longer than 10 characters" in complain(tmp_path, b"short\n12345678901")


def test_charsets_are_told_from_other_codecs() -> None:
    assert is_charset("latin-1")
    assert not is_charset("base64")
    assert not is_charset("no-such")
    assert not is_charset("a\0b")
