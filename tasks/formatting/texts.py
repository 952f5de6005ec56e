"""Change every text within a value that JSON can hold; join names as a sentence does."""

from collections.abc import Callable, Sequence
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


def join(names: Sequence[str]) -> str:
    """Join names as in a sentence: join(["a", "b", "c"]) -> "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
