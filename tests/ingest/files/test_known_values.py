"""What is known about a column: the categories that it repeats, or else the kinds of its values."""

import pytest

from tasks.ingest.files.known_values import MOST_CATEGORIES, KnownColumn, find_kind


def test_repeated_values_are_categories() -> None:
    known = KnownColumn()
    known.learn(["pos", " neg"])
    assert not known.has_categories
    known.learn(["neg", "pos "])
    assert known.has_categories
    assert [known.is_category(value) for value in ("pos", "neg ", "odd")] == [True, True, False]


def test_kinds_are_those_of_the_values() -> None:
    known = KnownColumn()
    known.learn(["7", "word"])
    assert [known.has_kind(value) for value in ("", "8", "other", "two words")] == [False, True, True, False]


@pytest.mark.parametrize(
    ("value", "kind"),
    [("", "empty"), (" ", "empty"), ("-7", "number"), ("1,000.5", "number"), ("3rd", "word"), ("good film", "phrase")],
)
def test_values_have_kinds(value: str, kind: str) -> None:
    assert find_kind(value) == kind


def test_memory_of_values_is_bounded() -> None:
    known = KnownColumn()
    for start in range(0, 10 * MOST_CATEGORIES, 500):
        known.learn([f"w{number}" for number in range(start, start + 500)])
    assert known.categories == set()
    assert not known.has_categories
