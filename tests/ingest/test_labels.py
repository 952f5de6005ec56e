"""Equal numbers and booleans are one label however they are spelled, in training, testing and scoring."""

import unicodedata

import pyarrow as pa
import pytest

from tasks.errors import UserError
from tasks.ingest.labels import LabelIndex, match_labels, name_label, trim_labels


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("1", "1"),
        ("1.0", "1"),
        ("+1", "1"),
        ("1.", "1"),
        ("1e0", "1"),
        ("100", "100"),
        ("1E2", "100"),
        ("-0.0", "0"),
        ("0.50", "0.5"),
        (".5", "0.5"),
        ("-1", "-1"),
        ("12345678901234567890123456789012345", "12345678901234567890123456789012345"),
        ("1e999", "1E+999"),
        ("007", "007"),
        ("00", "00"),
        ("1.0.0", "1.0.0"),
        ("TRUE", "true"),
        ("False", "false"),
        ("Yes", "Yes"),
        ("nan", "nan"),
        ("\u0661", "\u0661"),
    ],
)
def test_equal_labels_have_one_name(spelled: str, name: str) -> None:
    assert name_label(spelled) == name


def order(*labels: str) -> tuple[tuple[str, ...], list[int]]:
    index = LabelIndex()
    codes = index.encode(pa.array(labels))
    names, places = index.put_in_order(len(labels))
    return names, places[codes].tolist()


def test_classes_are_sorted_and_equal_labels_share_one() -> None:
    assert order("10", "9.0", "9", "10.0") == (("9", "10"), [1, 0, 0, 1])


def test_booleans_are_numbers_where_there_are_both() -> None:
    assert order("True", "0", "1", "FALSE") == (("0", "1"), [1, 0, 1, 0])
    assert order("True", "false", "True", "false")[0] == ("false", "true")
    assert order("true", "1", "2", "1")[0] == ("1", "2", "true")


def test_declared_classes_keep_their_names() -> None:
    index = LabelIndex(["1.0", "1"])
    assert index.encode(pa.array(["1", "1.0"])).tolist() == [1, 0]
    assert index.put_in_order(2)[0] == ("1.0", "1")
    assert index.describe_spellings() == []


def test_several_spellings_are_told() -> None:
    index = LabelIndex()
    index.encode(pa.array(["1", "1.0", "true", "0"]))
    assert index.describe_spellings() == ["equal labels that are spelled in several ways: '1', '1.0', 'true' are '1'"]


@pytest.mark.parametrize(
    ("names", "labels", "codes"),
    [
        (["0", "1"], ["1.0", "0", "TRUE", "false", "2", None], [1, 0, 1, 0, None, None]),
        (["0.0", "1.0"], ["1", "0.0"], [1, 0]),
        (["false", "true"], ["1", "True", "0.0"], [1, 1, 0]),
        (["False", "True"], ["true", "FALSE"], [1, 0]),
        (["1", "1.0"], ["1.0", "1"], [1, 0]),
        (["0", "1", "2"], ["true", "2.0"], [None, 2]),
        (["bad", "good"], ["good", "Good"], [1, None]),
        # As an older model may have them.
        ([unicodedata.normalize("NFD", "caf\xe9"), "th\xe9"], ["caf\xe9"], [0]),
    ],
)
def test_labels_are_found_among_those_of_a_model(
    names: list[str], labels: list[str | None], codes: list[int | None]
) -> None:
    assert match_labels(pa.array(labels, pa.string()), names).to_pylist() == codes


def test_label_that_is_no_name_is_refused() -> None:
    index = LabelIndex()
    index.encode(pa.array(["x" * 1_000, "y"]))
    with pytest.raises(UserError) as caught:
        index.encode(pa.array(["a", "z" * 100_000]))
    message = str(caught.value)
    assert message.startswith(f"a label has 100,000 characters, '{'z' * 40}'...; expected the name of a class")
    assert "--label-column" in message
    assert len(message) < 300


def test_what_cannot_be_seen_makes_no_other_label() -> None:
    composed, decomposed = (unicodedata.normalize(form, "caf\xe9") for form in ("NFC", "NFD"))
    labels = [" pos\t", "pos\u200b", "\ufeffpos", "pos\xa0", "\u202apos\u202c", composed, decomposed, "a b", "", None]
    assert trim_labels(pa.array(labels)).to_pylist() == [*["pos"] * 5, composed, composed, "a b", "", None]
    # Between letters, a joiner is spelling.
    joined = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert trim_labels(pa.array([joined])).to_pylist() == [joined]
