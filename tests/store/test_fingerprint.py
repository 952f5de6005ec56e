from typing import Any

import pytest

from tasks.store.fingerprint import describe_difference, library_versions


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b 1 -> 2"),
        ({"a": 1}, {"a": 1}, "no difference"),
        ({}, {"a": 1}, "a None -> 1"),
        (dict.fromkeys("abcd", 1), dict.fromkeys("abcd", 2), "a 1 -> 2, b 1 -> 2, c 1 -> 2, and 1 more"),
    ],
)
def test_difference_names_what_changed(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    assert describe_difference(before, after) == words


def test_library_versions_are_those_installed() -> None:
    assert library_versions("pytest") == {"pytest": pytest.__version__}
