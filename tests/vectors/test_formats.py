"""Files of word vectors are read in every format that tools write, and refused in one line if they are none."""

import bz2
import gzip
import lzma
import math
import zipfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import UserError
from tasks.vectors import text
from tasks.vectors.formats import check_vectors, open_vectors
from tasks.vectors.matching import match_words
from tests.vectors.conftest import VECTORS, spell_binary, spell_text

TEXT, WITH_HEADER = spell_text(VECTORS), spell_text(VECTORS, header=True)
BINARY = spell_binary(VECTORS)
LONG_TEXT = "".join(f"word{number} {number % 7_919} {number**2 % 7_907}\n" for number in range(90_000)).encode()


def read_all(path: Path) -> dict[str, list[float]]:
    with open_vectors(path) as file:
        return {row.word.decode(): file.read_vector(row, path.name).tolist() for row in file.rows}


def check_and_read(path: Path) -> None:
    check_vectors(path)
    read_all(path)


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


EXPECTED = {word: [float(np.float32(number)) for number in numbers] for word, numbers in VECTORS.items()}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("glove.txt", TEXT),
        ("GLOVE.TXT", TEXT),
        ("words.vec", WITH_HEADER),
        ("words.txt", WITH_HEADER),
        ("words.bin", BINARY),
        ("gensim.bin", spell_binary(VECTORS, ends=b"")),
        # fastText ends lines with a space, and other tools use tabs or the line ends of Windows.
        ("fasttext.vec", WITH_HEADER.replace(b"\n", b" \n")),
        ("tabs.txt", TEXT.replace(b" ", b"\t")),
        ("tab.txt", b"".join(line.replace(b" ", b"\t", 1) for line in TEXT.splitlines(keepends=True))),
        ("spaces.txt", TEXT.replace(b" ", b"  ")),
        ("windows.txt", TEXT.replace(b"\n", b"\r\n")),
        ("mark.txt", b"\xef\xbb\xbf" + TEXT),
        ("no-end.txt", TEXT.removesuffix(b"\n")),
        ("empty-lines.txt", TEXT + b"\n\n"),
    ],
)
def test_every_way_of_writing_is_read(name: str, content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path, name, content)
    check_vectors(path)
    assert read_all(path) == EXPECTED


@pytest.mark.parametrize(
    ("ending", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
    ids=["gz", "bz2", "xz"],
)
@pytest.mark.parametrize(("name", "content"), [("a.txt", TEXT), ("a.bin", BINARY)])
def test_compressed_files_are_unpacked(
    name: str, content: bytes, ending: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    assert read_all(write(tmp_path, name + ending, pack(content))) == EXPECTED


def test_file_in_an_archive_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "glove.zip", "w") as archive:
        archive.writestr("glove.txt", TEXT)
    assert read_all(tmp_path / "glove.zip") == EXPECTED


def test_words_may_have_spaces_in_them(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", b", 1 2\n. . . 3 4\nat name@domain.com 5 6\n 7 8\n")
    assert read_all(path) == {",": [1, 2], ". . .": [3, 4], "at name@domain.com": [5, 6], "": [7, 8]}


def test_word_that_is_a_number_does_not_hide_the_width(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", b"1 0.5 0.25\nthe 1 2\n")
    assert read_all(path) == {"1": [0.5, 0.25], "the": [1, 2]}


def test_binary_words_and_vectors_may_lie_across_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "a.bin", BINARY)
    for size in range(1, 20):
        monkeypatch.setattr("tasks.vectors.binary.CHUNK_BYTES", size)
        assert read_all(path) == EXPECTED


def test_only_the_head_is_read_to_check_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.vectors.formats.HEAD_ROWS", 2)
    check_vectors(write(tmp_path, "a.txt", b"a 1 2\nb 3 4\nc x y\n"))


def test_lines_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "HEAD_LINES", 2)
    path = write(tmp_path, "a.txt", b"a 1 2\n" * 50_000 + b"b 1\n")
    with open_vectors(path) as file:
        assert [row.number for row in islice(file.rows, 3)] == [1, 2, 3]
        assert path.stat().st_size > 200_000


CUT = r"If it was cut off on its way, fetch it again; otherwise choose another with --vectors\.$"
ANOTHER = r"Choose another file with --vectors\.$"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", r"--vectors '.*a.txt' is empty; expected texts in it. Choose another"),
        ("a.txt", b"\n \n", rf"a.txt has no vectors; expected lines of a word and its numbers\. {ANOTHER}"),
        ("a.vec", b"2 3\n", rf"a.vec has no vectors; expected lines of a word and its numbers\. {ANOTHER}"),
        (
            "a.txt",
            b"a great film\nso dull\n",
            rf"a.txt has a word with 1 number after it; expected at least 2\. {ANOTHER}",
        ),
        ("a.txt", b"a great film\nso dull it\n", rf"line 1: something after the word is not a number; .* {ANOTHER}"),
        ("a.txt", b"the 23135851162\nof 13151942776\n", rf"a.txt has a word with 1 number after it; .* {ANOTHER}"),
        ("a.txt", b"word\n", r"a.txt has a word with 0 numbers after it; expected at least 2\."),
        ("a.txt", b"a 1 2\nb 1\n", "a.txt has a word with 1 number after it; expected at least 2"),
        ("a.txt", b"a 1 2 3\nb 1 2 3\nc 1 2 3 4\n", rf"a.txt, line 3 has 4 numbers after the word; expected 3.* {CUT}"),
        ("a.vec", b"2 3\na 1 2 3\nb 1 2\n", rf"a.vec, line 3 has 2 numbers after the word; expected 3, .* {CUT}"),
        ("a.vec", b"2 3\na 1 2\nb 1 2\n", rf"a.vec, line 2 has 2 numbers after the word; expected 3, .* {CUT}"),
        ("a.vec", b"3 2\na 1 2\nb 1 2\n", rf"a.vec has 2 vectors; expected 3, as its first line says\. {CUT}"),
        ("a.vec", b"1 2\na 1 2\nb 1 2\n", rf"a.vec has 2 vectors; expected 1, as its first line says\. {CUT}"),
        ("a.txt", b"a 1 nan\n", rf"a.txt, line 1: a number of the vector is not finite; .* {ANOTHER}"),
        ("a.txt", b"a 1 2\nb 1 1e999\n", rf"a.txt, line 2: a number of the vector is not finite; .* {ANOTHER}"),
        ("a.txt", b"a" * 2**20, rf"a.txt, line 1 is longer than a million bytes; .* {ANOTHER}"),
        ("a.csv", TEXT, "has no ending that names its format; expected a .txt, .vec or .bin file, each also .gz, "),
        ("a", TEXT, "has no ending that names its format; expected a .txt, .vec or .bin file, each also .gz, "),
        ("a.txt.gz", TEXT, "cannot be read to its end: .*; expected a whole file"),
        ("a.txt.gz", gzip.compress(LONG_TEXT, mtime=0)[:-40], "cannot be read to its end: .*; expected a whole file"),
        ("a.txt", gzip.compress(TEXT, mtime=0), "is not text but gzip-compressed; expected text. "),
        (
            "a.bin",
            b"\xba\x16\x4f\x2f\x0c\x00\x00\x00",
            "is a model of fastText, .*; .* Choose the .vec file that comes ",
        ),
        ("a.bin", TEXT, r"does not begin with the number of words and .*rename it so that it ends in \.vec"),
        ("a.bin", b"2 1\n", "a.bin has a word with 1 number after it; expected at least 2"),
        (
            "a.bin",
            b"2 999999999999\n",
            "a.bin has a word with 999,999,999,999 numbers after it; expected at most 65,536",
        ),
        ("a.bin", BINARY[:-3], rf"a.bin has 3 vectors; expected 4, as its first line says\. {CUT}"),
        ("a.bin", BINARY + b"more", rf"a.bin goes on after its 4 vectors; expected no more, .* {ANOTHER}"),
        (
            "a.bin",
            b"2 3\n" + b"x" * 5_000 + b" " + bytes(50),
            rf"a.bin, word 1 is longer than 4,096 bytes; .* {ANOTHER}",
        ),
        ("a.bin", spell_binary({"a": [1, math.inf]}), "a.bin, word 1: a number of the vector is not finite"),
    ],
)
def test_file_that_is_none_is_refused_in_one_line(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(UserError, match=message) as caught:
        check_and_read(path)
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "glove.txt", TEXT)
    with pytest.raises(UserError, match=r"no such file; .* Did you mean 'glove.txt'\?"):
        check_vectors(tmp_path / "gloves.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(UserError, match="is a folder; expected a file"):
        check_vectors(tmp_path / "folder.txt")


def test_archive_of_several_files_says_how_to_unpack_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "glove.zip", "w") as archive:
        for size in (50, 100):
            archive.writestr(f"glove.{size}d.txt", TEXT)
    with pytest.raises(UserError, match=r"holds 2 files; expected one\. Unpack it, and name a file"):
        check_vectors(tmp_path / "glove.zip")


def test_remedies_that_messages_name_work(tmp_path: Path) -> None:
    text = write(tmp_path, "a.bin", TEXT)
    with pytest.raises(UserError, match=r"rename it so that it ends in \.vec"):
        check_vectors(text)
    assert read_all(text.rename(tmp_path / "a.vec")) == EXPECTED
    packed = write(tmp_path, "b.txt", gzip.compress(TEXT))
    with pytest.raises(UserError, match=r"Rename it: its name should end in \.gz after"):
        check_vectors(packed)
    assert read_all(packed.rename(tmp_path / "b.txt.gz")) == EXPECTED
    latin = write(tmp_path, "c.txt", "caf\u00e9 1 2\n".encode("latin-1"))
    with pytest.raises(UserError, match="expected UTF-8"):
        match_words(latin, {"caf\u00e9": 2})
    write(tmp_path, "c.txt", latin.read_bytes().decode("latin-1").encode())
    assert match_words(latin, {"caf\u00e9": 2}).vectors.tolist() == [[1, 2]]
