"""The search spaces of variants: every value makes a variant, and the usual values are among them."""

from itertools import chain
from typing import Any

import pytest

from tasks.space.ranges import Range, nest
from tasks.train.own import OwnVariant, derive_variant
from tasks.train.tuning import list_usual, list_variant_space
from tasks.train.variants import VARIANTS


def derive(**fields: Any) -> Any:
    return derive_variant("my-own", OwnVariant.model_validate(fields))


@pytest.mark.parametrize("name", VARIANTS)
def test_every_value_and_every_bound_makes_a_variant(name: str) -> None:
    row = VARIANTS[name]
    space, usual = list_variant_space(row), list_usual(row)
    assert space
    for field, values in space.items():
        assert values.low <= usual[field] <= values.high if isinstance(values, Range) else usual[field] in values
        for value in (values.low, values.high) if isinstance(values, Range) else values:
            changed = derive(base=name, **nest({field: value}))
            assert list_usual(changed)[field] == value


@pytest.mark.parametrize("name", VARIANTS)
def test_what_the_layers_need_is_not_varied(name: str) -> None:
    assert not set(list_variant_space(VARIANTS[name])) & set(VARIANTS[name].fixed)


def test_variant_of_ones_own_brings_its_space() -> None:
    row = derive(base="lstm", units=24, space={"units": [16, 64], "encoding": {"length": [50, 100]}})
    assert list_variant_space(row) == {"units": (16, 24, 64), "encoding.length": (50, 100, 120)}
    assert row.description == "lstm with units 24"


def test_space_is_varied_around_the_values_of_a_variant_of_ones_own() -> None:
    space = list_variant_space(derive(base="conv-max", filters=10, learning_rate=0.5, encoding={"length": 50}))
    assert space["filters"] == (5, 10, 20)
    assert space["encoding.length"] == (50, 100, 150)
    assert isinstance(space["learning_rate"], Range)
    assert space["learning_rate"].high == 0.5


def test_fields_of_spaces_are_those_of_definitions() -> None:
    known = {"learning_rate", *chain.from_iterable(list_variant_space(row) for row in VARIANTS.values())}
    assert {"encoding.length", "units", "dropout", "filters"} <= known
