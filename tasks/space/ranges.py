"""A search space: for each field, a few values or a range; a field inside another is written with a dot."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from tasks.errors import did_you_mean
from tasks.store.facts import Facts

Value = StrictBool | StrictInt | StrictFloat | StrictStr
# Numbers in a range are tried with so many digits, so that the chosen ones can be read and written down.
DIGITS: Final = 3


class Range(Facts):
    """All numbers from `low` to `high`; with `log`, each factor is as likely as another."""

    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def check_order(self) -> Self:
        """Refuse a range without numbers, and a logarithmic one that reaches 0."""
        if self.low >= self.high:
            raise ValueError(f"low is {self.low} and high is {self.high}; expected low below high")
        if self.log and self.low <= 0:
            raise ValueError(f"low is {self.low}; expected more than 0 for a logarithmic range")
        return self


# For example {"units": (16, 32), "learning_rate": Range(low=1e-4, high=1e-2, log=True), "encoding.length": (120, 400)}.
Space = Mapping[str, tuple[Value, ...] | Range]


def read_space(content: Any) -> Any:
    """Accept the fields of an encoding as a table, and keys with dashes, as a config file has them."""
    if not isinstance(content, Mapping):
        return content
    spelled = {str(name).replace("-", "_"): values for name, values in content.items()}
    return {name.replace("-", "_"): values for name, values in flatten(spelled).items()}


# As a person writes it.
OwnSpace = Annotated[dict[str, Annotated[tuple[Value, ...], Field(min_length=1)] | Range], BeforeValidator(read_space)]


def include(space: Space, usual: Mapping[str, Any]) -> Space:
    """Add the usual value of each field to its values, or widen its range; raises ValueError for an unknown field."""
    check_fields(space, usual)
    return {name: add_value(values, usual[name]) for name, values in space.items()}


def check_fields(space: Space, usual: Mapping[str, Any]) -> None:
    """Raise ValueError for a field that is not among those with a usual value."""
    for name in space:
        if name not in usual:
            raise ValueError(
                f"space has the unknown field {name!r}; expected some of {', '.join(usual)}.{did_you_mean(name, usual)}"
            )


def list_extremes(space: Space, usual: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """List each field with each of its values, or with the bounds of its range, which are integers if it is one."""
    for name, values in space.items():
        is_whole = type(usual[name]) is int
        for value in (values.low, values.high) if isinstance(values, Range) else values:
            yield name, int(value) if is_whole and isinstance(value, float) and value.is_integer() else value


def add_value(values: tuple[Value, ...] | Range, value: Any) -> tuple[Value, ...] | Range:
    """Add one value: add_value((16, 64), 32) -> (16, 32, 64)."""
    if isinstance(values, Range):
        return values.model_copy(update={"low": min(values.low, value), "high": max(values.high, value)})
    return values if value in values else tuple(sorted({*values, value}))


def tidy(value: Value) -> Value:
    """Round a float to a few significant digits: tidy(0.00123456) -> 0.00123."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) and math.isfinite(value) else value


def nest(fields: Mapping[str, Value]) -> dict[str, Any]:
    """Write fields inside others as such: nest({"units": 8, "encoding.length": 9}) has {"length": 9} as "encoding"."""
    nested: dict[str, Any] = {}
    for name, value in fields.items():
        first, _, rest = name.partition(".")
        if rest:
            nested.setdefault(first, {})[rest] = value
        else:
            nested[first] = value
    return nested


def flatten(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Undo `nest`, one level deep: flatten({"encoding": {"length": 9}}) -> {"encoding.length": 9}."""
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping) and not value.keys() & Range.model_fields.keys():
            flat |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            flat[name] = value
    return flat
