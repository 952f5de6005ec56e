"""Text loses the marks of careless exports and keeps everything that a person wrote."""

import numpy as np
import pyarrow as pa
import pytest

from tasks.ingest.clean import LONGEST_TEXT, TAGS, clean_texts, note_cut_texts


def clean(text: str | None) -> str | None:
    cleaned: list[str | None] = clean_texts(pa.array([text], pa.string())).to_pylist()
    return cleaned[0]


@pytest.mark.parametrize(
    "text",
    [
        "It's good.",
        'She said "no".',
        "Both ' and \".",
        "two\nlines",
        "back\\slash",
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
    ],
)
def test_bytes_literal_becomes_the_text_that_it_spells(text: str) -> None:
    assert clean(str(text.encode())) == text


def test_bytes_literal_that_is_not_utf8_gets_replacement_characters() -> None:
    assert clean(r"b'caf\xe9'") == "caf\N{REPLACEMENT CHARACTER}"


def test_bytes_literal_is_unwrapped_before_its_markup_is_removed() -> None:
    assert clean("b'good<br />film'") == "good film"


@pytest.mark.parametrize(
    "text",
    [
        "b'not closed",
        "b'one' or b'two'",
        "b'one' + b'two'",
        "a b'literal' inside",
        r"b'\x'",
        "b'it's'",
        "'not bytes'",
    ],
)
def test_text_that_only_resembles_a_bytes_literal_stays(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("depth", [3_000, 7_000])
def test_text_that_resembles_a_deep_python_expression_stays(depth: int) -> None:
    text = "b'' +" + "-" * depth + "b''"

    assert clean(text) == text


@pytest.mark.parametrize("line_break", ["<br />", "<br>", "<br/>", "<BR />", "<br clear=all>", "<br\n/>", "</br>"])
def test_line_break_becomes_a_space(line_break: str) -> None:
    assert clean(f"good{line_break}film") == "good film"


@pytest.mark.parametrize("tag", ["i", "b", "em", "strong", "p", "h1", "blockquote", "a"])
def test_formatting_tag_becomes_a_space(tag: str) -> None:
    assert clean(f"a<{tag}>good</{tag}>film") == "a good film"


def test_tag_with_attributes_becomes_a_space() -> None:
    assert clean('see<a href="http://example.com">this</a>') == "see this"


def test_every_listed_tag_is_known() -> None:
    names = TAGS.replace("h[1-6]", "h1|h2|h3|h4|h5|h6").split("|")

    assert clean_texts(pa.array([f"<{name}>" for name in names])).to_pylist() == [""] * len(names)


@pytest.mark.parametrize(
    "text",
    [
        "a < b and c > d",
        "a<b",
        "x <3 this film >:(",
        "<brilliant>",
        "<insert joke here>",
        "<img src=x>",
        "1 <- 2 -> 3",
        "<>",
        "< br >",
    ],
)
def test_other_angle_brackets_stay(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("entity", "character"),
    [("&quot;", '"'), ("&#34;", '"'), ("&#39;", "'"), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")],
)
def test_entity_becomes_its_character(entity: str, character: str) -> None:
    assert clean(f"a{entity}b") == f"a{character}b"


def test_no_break_space_entity_becomes_a_space() -> None:
    assert clean("a&nbsp;b") == "a b"


def test_entities_are_undone_once() -> None:
    assert clean("&amp;lt;") == "&lt;"


def test_markup_spelled_with_entities_stays_as_text() -> None:
    assert clean("write &lt;br&gt; here") == "write <br> here"


@pytest.mark.parametrize("text", ["rock & roll", "AT&T", "&unknown;", "a &amp b"])
def test_other_ampersands_stay(text: str) -> None:
    assert clean(text) == text


def test_white_space_at_both_ends_is_dropped() -> None:
    assert clean(" \t\n\N{NO-BREAK SPACE}a  b\r\n ") == "a  b"


def test_null_stays_null() -> None:
    assert clean_texts(pa.array([None, "<br />", "b'x'", None])).to_pylist() == [None, "", "x", None]


def test_no_texts_give_no_texts() -> None:
    assert clean_texts(pa.array([], pa.string())).to_pylist() == []


def test_one_marked_text_leaves_its_neighbours_alone() -> None:
    texts = ["b'x'", "b or not b", "a<br />b", "a &amp; b", "plain"]

    assert clean_texts(pa.array(texts)).to_pylist() == ["x", "b or not b", "a b", "a & b", "plain"]


def test_slice_is_cleaned_from_its_own_start() -> None:
    texts = pa.array(["left out<br />", "a<br>b", None, "c &amp; d", "plain", "left out &lt;"])[1:5]

    assert clean_texts(texts).to_pylist() == ["a b", None, "c & d", "plain"]


def test_texts_are_cleaned_one_by_one() -> None:
    pieces = ["b'", "'", "<br />", "<br>", "<i>", "</i>", "&amp;", "&lt;", "br>", "good", " ", "<", "&"]
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(pieces, rng.integers(0, 8))) for _ in range(300)] + [None]
    rng.shuffle(texts)

    assert clean_texts(pa.array(texts)).to_pylist() == [clean(text) for text in texts]


@pytest.mark.parametrize("text", ["one\r\ntwo", "one\rtwo", "one\ntwo"])
def test_line_ends_are_those_of_unix(text: str) -> None:
    assert clean(text) == "one\ntwo"


def test_very_long_text_is_cut_and_counted() -> None:
    texts = pa.array(["short", None, "x" * LONGEST_TEXT, "é" * (LONGEST_TEXT + 1), "y" * (50 * LONGEST_TEXT)])
    assert [text and len(text) for text in clean_texts(texts).to_pylist()] == [5, None, *[LONGEST_TEXT] * 3]
    (note,) = note_cut_texts(texts, np.array([2, 3, 5, 7, 11]), "row")
    assert (note.num_cases, note.number, note.unit) == (2, 7, "row")
    assert note_cut_texts(texts[:3], np.array([2, 3, 5]), "row") == []
