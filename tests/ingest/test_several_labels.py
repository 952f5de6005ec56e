"""Labels that are joined of others are told from names and numbers that hold a separator."""

import pytest

from tasks.ingest.several_labels import find_compounds


@pytest.mark.parametrize(
    ("names", "compounds"),
    [
        (["bad", "bad,long", "long, old"], ["bad,long", "long, old"]),
        (["bad", "good", "bad|good"], ["bad|good"]),
        (["bad", "good", "bad/good"], ["bad/good"]),
        (["bad", "good", "bad & good"], ["bad & good"]),
        (["2", "5", "2,5"], ["2,5"]),
        (["1,0", "2,0", "2,5"], []),
        (["world", "sports", "sci/tech"], []),
        (["food & drink", "food & health", "sports"], []),
        (["2026/01/02", "2026/01/03"], []),
        (["C", "C++"], []),
        (["bad", "good"], []),
    ],
)
def test_labels_that_are_joined_are_found(names: list[str], compounds: list[str]) -> None:
    assert find_compounds(names) == compounds
