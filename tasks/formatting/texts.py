"""Change every text within a value that JSON can hold."""

from collections.abc import Callable
from typing import Any


def map_texts(change: Callable[[str], str], value: Any) -> Any:
    """Apply a function to every text except keys: map_texts(str.upper, {"a": ["b", 1]}) -> {"a": ["B", 1]}."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: map_texts(change, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [map_texts(change, item) for item in value]
    return value
