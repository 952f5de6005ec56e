"""Words of a vocabulary find their vectors, whatever the case of the words in the file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.encode.encodings import Encoding
from tasks.encode.sequences import write_encoding
from tasks.errors import UserError
from tasks.vectors.facts import VectorFacts
from tasks.vectors.matching import match_words, write_vectors
from tests.vectors.conftest import spell_binary, spell_text

TEXTS = ["a DULL film", "A caf\u00e9 film, don\u2019t", "a unknown unknown"]


def match(path: Path, content: bytes, words: Sequence[str]) -> dict[str, list[float]]:
    path.write_bytes(content)
    found = match_words(path, {word: index for index, word in enumerate(words, start=2)})
    return {words[index - 2]: vector for index, vector in zip(found.ids.tolist(), found.vectors.tolist(), strict=True)}


@pytest.mark.parametrize(
    ("in_file", "expected"),
    [
        (["dull", "Dull", "DULL"], 0),
        (["Dull", "dull", "DULL"], 1),
        (["Dull", "DULL"], 0),
        (["dull", "dull"], 0),
        (["Dull", "dull", "dull"], 1),
        (["duller", "x"], None),
        (["dull!", "x"], None),
    ],
)
def test_own_spelling_comes_first_then_the_first_in_another_case(
    in_file: Sequence[str], expected: int | None, tmp_path: Path
) -> None:
    content = "".join(f"{word} {index} 1\n" for index, word in enumerate(in_file)).encode()
    assert match(tmp_path / "a.txt", content, ["dull"]) == ({} if expected is None else {"dull": [expected, 1]})


@pytest.mark.parametrize(
    ("in_file", "word"),
    [
        ("\u0414\u041e\u041c", "\u0434\u043e\u043c"),
        ("CAF\u00c9", "caf\u00e9"),
        ("cafe\u0301", "caf\u00e9"),
        ("Stra\u00dfe", "stra\u00dfe"),
        ("Stra\u00dfe", "strasse"),
        ("don\u2019t", "don't"),
        ("\u597d", "\u597d"),
        ("\U0001f600", "\U0001f600"),
    ],
)
def test_letters_of_any_language_are_folded_as_the_tokenizers_do(in_file: str, word: str, tmp_path: Path) -> None:
    assert match(tmp_path / "a.txt", f"{in_file} 1 2\n".encode(), [word]) == {word: [1, 2]}


words = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=6)
numbers = st.floats(-1e6, 1e6, width=32)


@given(vectors=st.dictionaries(words, st.tuples(numbers, numbers), min_size=1, max_size=8))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_formats_give_the_numbers_that_were_written(
    vectors: Mapping[str, Sequence[float]], tmp_path: Path
) -> None:
    chosen = list(vectors)
    expected = {word: list(vector) for word, vector in vectors.items()}
    assert match(tmp_path / "a.vec", spell_text(vectors, header=True), chosen) == expected
    assert match(tmp_path / "a.bin", spell_binary(vectors), chosen) == expected


def test_few_words_that_are_not_utf_8_do_no_harm_and_many_are_refused(tmp_path: Path) -> None:
    good = "".join(f"word{index} 1 2\n" for index in range(99)).encode()
    assert match(tmp_path / "a.txt", good + b"caf\xc3 1 2\n", ["word7"]) == {"word7": [1, 2]}
    with pytest.raises(UserError, match=r"a.txt: 2 of 101 words are not UTF-8; expected UTF-8. Convert the file, "):
        match(tmp_path / "a.txt", good + 2 * b"caf\xe9 1 2\n", ["word7"])


def test_vectors_that_are_not_wanted_are_not_read(tmp_path: Path) -> None:
    assert match(tmp_path / "a.txt", b"a 1 2\nb x y\nc nan 1\nd 3 4\n", ["a", "d"]) == {"a": [1, 2], "d": [3, 4]}
    with pytest.raises(UserError, match=r"a.txt, line 2: something after the word is not a number; expected 2 numbers"):
        match(tmp_path / "a.txt", b"a 1 2\nb x y\n", ["b"])


@pytest.fixture
def sequences_folder(tmp_path: Path) -> Path:
    reviews, folder = tmp_path / "reviews", tmp_path / "sequences"
    reviews.mkdir()
    folder.mkdir()
    for split in ("train", "validation", "test"):
        ids = [f"{split}-{index}" for index in range(len(TEXTS))]
        labels = pa.array([0] * len(TEXTS), pa.int32())
        pq.write_table(pa.table({"id": ids, "text": TEXTS, "label": labels}), reviews / f"{split}.parquet")
    encoding = Encoding(name="t", kind="unicode-words", vocab_size=9, length=5, padding="post", description="")
    write_encoding(reviews, encoding, folder)
    return folder


def write(path: Path, content: str, sequences_folder: Path) -> VectorFacts:
    path.write_text(content, encoding="utf-8")
    return write_vectors(path, sequences_folder, path.parent, sha256="ab")


def test_what_was_found_is_written_and_counted(sequences_folder: Path, tmp_path: Path) -> None:
    # The vocabulary: a film unknown dull caf\u00e9 , don't (the last is not read, for the second text has five tokens).
    facts = write(tmp_path / "a.txt", "Film 1 2\ndull 3 4\nx 5 6\nDON'T 7 8\n<PAD> 9 9\n<OOV> 9 9\n", sequences_folder)
    assert facts == VectorFacts(
        name="a.txt", sha256="ab", dim=2, num_rows=6, num_words=7, num_found=3, known_words=4 / 11
    )
    assert facts.describe() == (
        "a.txt has vectors of 2 numbers for 3 of the 7 words of the vocabulary, which are 36.4% of the words that are "
        "read in the training texts"
    )
    table = pq.read_table(tmp_path / "vectors.parquet")
    assert table.column("token").to_pylist() == sorted(table.column("token").to_pylist())
    assert np.array(table.column("vector").to_pylist()).tolist() == [[1, 2], [3, 4], [7, 8]]
    assert 0 not in table.column("token").to_pylist()


def test_file_without_any_of_the_words_is_refused(sequences_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"a.txt has a vector for none of the 7 words of the vocabulary; expected vectors "
    ):
        write(tmp_path / "a.txt", "\u0434\u043e\u043c 1 2\n", sequences_folder)
