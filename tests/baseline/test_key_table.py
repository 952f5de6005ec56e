"""Looking up numbers: the same places whether keys are searched or hashed, from any number of threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tasks.baseline import key_table
from tasks.baseline.key_table import KeyTable


@pytest.mark.parametrize("fewest_hashed", [0, 10**9], ids=["hashed", "searched"])
@pytest.mark.parametrize("keys", [[], [7], [-3, 0, 2**62], [2, 3, 5, 8]])
def test_places_are_those_of_the_keys(keys: list[int], fewest_hashed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_table, "FEWEST_HASHED", fewest_hashed)
    numbers = [*keys, -4, 1, 9, 2**63 - 1, *keys]
    table = KeyTable(np.array(keys, np.int64))
    expected = [keys.index(number) if number in keys else -1 for number in numbers]
    assert table.find(np.array(numbers, np.int64)).tolist() == expected
    assert (table.hashed is not None) == (fewest_hashed == 0)
    assert table.find(np.empty(0, np.int64)).tolist() == []


def test_few_numbers_do_not_wait_for_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_table, "FEWEST_HASHED", 100)
    table = KeyTable(np.arange(0, 2_000, 2))
    assert table.find(np.array([4, 5])).tolist() == [2, -1]
    assert table.hashed is None
    assert table.find(np.arange(1_000))[:4].tolist() == [0, -1, 1, -1]
    assert table.hashed is not None


def test_threads_that_begin_together_find_all_keys() -> None:
    keys = np.arange(200_000) * 3
    for _ in range(3):
        table = KeyTable(keys)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(table.find, [keys] * 4))
        assert all(np.array_equal(places, np.arange(len(keys))) for places in found)
