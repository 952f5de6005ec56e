"""Search spaces: what a person may write, and what they become."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tasks.space.ranges import OwnSpace, Range, Space, flatten, include, nest, tidy

SPACE: TypeAdapter[Space] = TypeAdapter(OwnSpace)


def test_space_is_read_as_a_config_file_has_it() -> None:
    written = {
        "units": [16, 32],
        "learning-rate": {"low": 0.001, "high": 0.1, "log": True},
        "encoding": {"vocab-size": [300, 400], "length": {"low": 10, "high": 20}},
        "optimizer": ["adam", "adagrad"],
        "mask": [True, False],
    }
    assert SPACE.validate_python(written) == {
        "units": (16, 32),
        "learning_rate": Range(low=0.001, high=0.1, log=True),
        "encoding.vocab_size": (300, 400),
        "encoding.length": Range(low=10, high=20),
        "optimizer": ("adam", "adagrad"),
        "mask": (True, False),
    }


def test_space_that_was_read_can_be_written_and_read_again() -> None:
    space = SPACE.validate_python({"encoding": {"length": [10, 20]}, "dropout": {"low": 0, "high": 0.5}})
    assert SPACE.validate_json(SPACE.dump_json(space)) == space


@pytest.mark.parametrize(
    "values",
    [
        [],
        3,
        "adam",
        {"low": 2, "high": 1},
        {"low": 1, "high": 1},
        {"low": 0, "high": 1, "log": True},
        {"low": 1},
        [[1]],
    ],
)
def test_what_is_neither_a_list_of_values_nor_a_range_is_refused(values: Any) -> None:
    with pytest.raises(ValidationError):
        SPACE.validate_python({"units": values})


def test_usual_values_belong_to_the_space() -> None:
    space: Space = {"units": (64, 16), "dropout": Range(low=0.2, high=0.5), "width": (3, 5)}
    assert include(space, {"units": 32, "dropout": 0.0, "width": 5, "other": 1}) == {
        "units": (16, 32, 64),
        "dropout": Range(low=0.0, high=0.5),
        "width": (3, 5),
    }


def test_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="space has the unknown field 'unit'; expected some of units, width"):
        include({"unit": (1, 2)}, {"units": 1, "width": 2})


@pytest.mark.parametrize(
    ("value", "tidied"), [(0.0123456, 0.0123), (123.456, 123.0), (32, 32), ("adam", "adam"), (True, True)]
)
def test_numbers_are_rounded_so_that_they_can_be_written_down(value: Any, tidied: Any) -> None:
    assert tidy(value) == tidied
    assert type(tidy(value)) is type(tidied)


def test_fields_of_an_encoding_are_nested_and_flattened() -> None:
    flat = {"units": 8, "encoding.length": 20, "encoding.vocab_size": 300}
    nested = {"units": 8, "encoding": {"length": 20, "vocab_size": 300}}
    assert nest(flat) == nested
    assert flatten(nested) == flat
