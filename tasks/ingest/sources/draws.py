"""Random draws that are the same on every machine and with every version of Python."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def start_random(seed: int) -> random.Random:
    """Start a generator; only its method `random()` is guaranteed to stay the same across versions of Python."""
    return random.Random(seed)  # noqa: S311  # no secret depends on it


def choose(items: Sequence[T], rng: random.Random) -> T:
    """Draw one of the items, each with the same probability."""
    return items[int(rng.random() * len(items))]


def shuffle(items: Sequence[T], rng: random.Random) -> list[T]:
    """Return the items in a random order; the order of random.shuffle may differ between versions of Python."""
    return sorted(items, key=lambda _: rng.random())
