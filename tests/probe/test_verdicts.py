"""Verdicts on the notebook's claims follow from the rows, whatever these say."""

from collections.abc import Callable

import pytest

from tasks.probe.expectations import judge_expectations
from tasks.probe.facts import MeanAccuracy
from tasks.probe.reach import find_reaches
from tasks.probe.verdicts import decide, judge_note

AddRow = Callable[..., MeanAccuracy]
CLAIMS = ("loses", "keeps", "later")


def verdicts(rows: list[MeanAccuracy]) -> dict[str, str]:
    return dict(zip(CLAIMS, [found.verdict for found in judge_note(rows)], strict=True))


@pytest.mark.parametrize(
    ("means", "reach"),
    [([1.0, 1.0, 1.0], 40), ([1.0, 1.0, 0.3], 20), ([1.0, 0.3, 1.0], 10), ([0.3, 1.0, 1.0], 0), ([0.3, 0.2, 0.1], 0)],
)
def test_reach_is_the_longest_distance_up_to_which_all_are_solved(
    means: list[float], reach: int, make_row: AddRow
) -> None:
    rows = [make_row("plain", "lstm", distance, mean) for distance, mean in zip((10, 20, 40), means, strict=True)]
    assert find_reaches(rows[::-1]) == {"plain": {"lstm": reach}}


def test_half_of_the_seeds_is_enough(make_row: AddRow) -> None:
    rows = [make_row("plain", "lstm", 10, 0.6, num_seeds=4, num_solved=2)]
    rows += [make_row("plain", "gru", 10, 0.6, num_seeds=5, num_solved=2)]
    assert find_reaches(rows) == {"plain": {"lstm": 10, "gru": 0}}


def test_what_was_trained_at_other_distances_does_not_count(make_row: AddRow) -> None:
    assert find_reaches([make_row("plain", "lstm", 110, upto=True, trained_on=40)]) == {}


@pytest.mark.parametrize(
    ("far", "verdict"),
    [
        ({"plain": 0.1, "order": 0.5}, "confirmed"),
        ({"plain": 1, "order": 1}, "refuted"),
        ({"plain": 1, "order": 0.5}, "depends"),
    ],
)
def test_plain_network_loses_what_it_does_not_solve_at_the_longest_distance(
    far: dict[str, float], verdict: str, make_row: AddRow
) -> None:
    rows = [make_row(task, "simple-rnn", distance) for task in far for distance in (5, 40)]
    rows += [make_row(task, "simple-rnn", 110, mean) for task, mean in far.items()]
    assert verdicts(rows)["loses"] == verdict


def test_what_is_solved_past_a_gap_is_told_and_not_lost(make_row: AddRow) -> None:
    means = {5: 1.0, 40: 1.0, 80: 0.1, 110: 1.0}
    rows = [make_row("order", "simple-rnn", distance, mean) for distance, mean in means.items()]
    (loses, *_) = judge_note(rows)
    assert loses.verdict == "refuted"
    assert loses.measured == "40 of 110 words back in order (and at 110 again)"


@pytest.mark.parametrize(
    ("lstm", "verdict"),
    [
        ({"plain": 1, "order": 1}, "confirmed"),
        ({"plain": 0.1, "order": 0.5}, "refuted"),
        ({"plain": 1, "order": 0.5}, "depends"),
    ],
)
def test_cell_state_keeps_more_where_the_lstm_reaches_further(
    lstm: dict[str, float], verdict: str, make_row: AddRow
) -> None:
    rows = [make_row(task, model, 5) for task in lstm for model in ("simple-rnn", "lstm")]
    rows += [make_row(task, "simple-rnn", 40, 0.3) for task in lstm]
    rows += [make_row(task, "lstm", 40, mean) for task, mean in lstm.items()]
    assert verdicts(rows)["keeps"] == verdict


@pytest.mark.parametrize(
    ("one_way", "both_ways", "verdict"),
    [
        ((0.1, 0.1), (1.0, 0.9), "confirmed"),
        ((0.1, 0.1), (1.0, 0.1), "depends"),
        ((0.1, 0.1), (0.1, 0.12), "refuted"),
        ((0.1, 0.9), (1.0, 1.0), "refuted"),
    ],
)
def test_later_words_act_on_earlier_ones_where_only_both_directions_see_them(
    one_way: tuple[float, ...], both_ways: tuple[float, ...], verdict: str, make_row: AddRow
) -> None:
    rows = [make_row("later", "lstm-at-place", *pair) for pair in zip((5, 40), one_way, strict=True)]
    rows += [make_row("later", "bilstm-at-place", *pair) for pair in zip((5, 40), both_ways, strict=True)]
    assert verdicts(rows)["later"] == verdict


def test_nothing_is_said_of_what_was_not_trained(make_row: AddRow) -> None:
    rows = [make_row("plain", "average-pool", 5)]
    assert set(verdicts(rows).values()) == {"not measured"}
    assert set(verdicts([]).values()) == {"not measured"}


def test_answers_are_reduced_to_a_verdict() -> None:
    assert [decide(holds) for holds in ([], [True], [False], [True, False])] == [
        "not measured",
        "confirmed",
        "refuted",
        "depends",
    ]


def expectations(rows: list[MeanAccuracy]) -> dict[str, str]:
    return {found.claim.split()[0]: found.verdict for found in judge_expectations(rows)}


def test_convolution_passes_plain_and_fails_order_beyond_its_width(make_row: AddRow) -> None:
    rows = [make_row("plain", "conv-max", distance) for distance in (5, 110)]
    rows += [make_row("order", "conv-max", 5), make_row("order", "conv-max", 10, 0.5)]
    assert expectations(rows)["conv-max"] == "confirmed"
    rows[-1] = make_row("order", "conv-max", 10)
    assert expectations(rows)["conv-max"] == "depends"


def test_average_stays_at_what_a_bag_of_words_can_know(make_row: AddRow) -> None:
    rows = [make_row("decoys", "average-pool", 5, 0.1), make_row("order", "average-pool", 5, 0.51)]
    assert expectations(rows)["average-pool"] == "confirmed"
    assert expectations([*rows, make_row("order", "average-pool", 10, 0.9)])["average-pool"] == "depends"


@pytest.mark.parametrize(("reach", "verdict"), [(40, "confirmed"), (5, "refuted"), (110, "refuted")])
def test_plain_network_is_expected_to_forget(reach: int, verdict: str, make_row: AddRow) -> None:
    rows = [make_row("plain", "simple-rnn", distance, float(distance <= reach)) for distance in (5, 40, 110)]
    assert expectations(rows)["simple-rnn"] == verdict


@pytest.mark.parametrize("model", ["lstm", "gru"])
@pytest.mark.parametrize(("mean", "verdict"), [(1.0, "confirmed"), (0.3, "refuted")])
def test_gated_networks_are_expected_to_hold_past_a_hundred_words(
    model: str, mean: float, verdict: str, make_row: AddRow
) -> None:
    assert expectations([make_row("plain", model, 5), make_row("plain", model, 110, mean)])[model] == verdict


@pytest.mark.parametrize(("mean", "verdict"), [(1.0, "confirmed"), (0.3, "depends")])
def test_attention_is_expected_to_be_unaffected_by_distance(mean: float, verdict: str, make_row: AddRow) -> None:
    rows = [make_row("plain", "attention", 5), make_row("plain", "attention", 110, mean)]
    assert expectations(rows)["attention"] == verdict
