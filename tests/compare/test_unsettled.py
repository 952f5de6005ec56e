"""What the test leaves open: the rival, by how much it is behind, and the test reviews that would settle it."""

from typing import Any

import numpy as np

LABELS = np.arange(200) % 2


def answer(add_result: Any, name: str, *wrong: range, **numbers: Any) -> Any:
    """A model that is wrong on these reviews."""
    correct = np.ones(len(LABELS), np.bool_)
    for part in wrong:
        correct[list(part)] = False
    return add_result(name, labels=LABELS, correct=correct, **numbers)


def test_rival_is_the_most_accurate_model_that_is_not_told_apart(build: Any, add_result: Any) -> None:
    results = [
        answer(add_result, "lstm", range(20)),
        answer(add_result, "bigru", range(10, 34)),
        answer(add_result, "gru", range(10, 40)),
        answer(add_result, "flatten", range(70)),
    ]
    found = build(*results, labels=LABELS)["recommendation"]
    assert found["tied"] == ["bigru", "gru"]
    assert (found["unsettled"]["rival"], round(found["unsettled"]["lead"], 3)) == ("bigru", 0.02)
    assert found["unsettled"]["num_test_reviews"] > 1_000
    assert not found["unsettled"]["none_told_apart"]


def test_no_two_models_told_apart_is_said(build: Any, add_result: Any) -> None:
    results = [answer(add_result, "lstm", range(20)), answer(add_result, "bigru", range(10, 34))]
    assert build(*results, labels=LABELS)["recommendation"]["unsettled"]["none_told_apart"]


def test_lead_is_negative_where_the_rival_is_ahead_on_test(build: Any, add_result: Any) -> None:
    best = {"validation": {"accuracy": 0.95, "nll": 0.1}}
    results = [answer(add_result, "lstm", range(24), **best), answer(add_result, "bigru", range(14, 34))]
    found = build(*results, labels=LABELS)["recommendation"]
    assert found["name"] == "lstm"
    assert round(found["unsettled"]["lead"], 3) == -0.02


def test_nothing_is_open_between_models_that_are_level_or_told_apart(build: Any, add_result: Any) -> None:
    level = [answer(add_result, "lstm", range(20)), answer(add_result, "bigru", range(20, 40))]
    assert "unsettled" not in build(*level, labels=LABELS)["recommendation"]
    apart = [answer(add_result, "gru", range(20)), answer(add_result, "flatten", range(70))]
    assert "unsettled" not in build(*apart, labels=LABELS)["recommendation"]


def test_nothing_is_open_if_nothing_was_learned(build: Any, add_result: Any) -> None:
    results = [answer(add_result, "lstm", range(100)), answer(add_result, "bigru", range(104))]
    assert "unsettled" not in build(*results, labels=LABELS)["recommendation"]
