"""The gate: who passes, who does not, how often by chance, and what it says of it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.promote.gate import Slice, judge, measure_gap
from tasks.promote.rules import Margins

MARGINS = Margins(overall=0.005, per_slice=0.02)
Hits = NDArray[np.bool_]


def answer(num_reviews: int, *, only_candidate: int, only_champion: int, both: int | None = None) -> tuple[Hits, Hits]:
    """Hits of candidate and champion: first the reviews that only one got right, then those that both did."""
    both = num_reviews // 2 if both is None else both
    rows = np.arange(num_reviews)
    alone = only_candidate + only_champion
    shared = (rows >= alone) & (rows < alone + both)
    return (rows < only_candidate) | shared, ((rows >= only_candidate) & (rows < alone)) | shared


def draw(random: np.random.Generator, num_reviews: int, *, difference: float) -> tuple[Hits, Hits]:
    """Draw hits of two models that differ in a tenth of the reviews."""
    kinds = random.choice(3, num_reviews, p=[(0.1 + difference) / 2, (0.1 - difference) / 2, 0.9])
    return kinds == 0, kinds == 1


def test_better_candidate_passes() -> None:
    found = judge(*answer(10_000, only_candidate=700, only_champion=500), [], MARGINS)
    assert found.passes
    assert found.comparison.difference == pytest.approx(0.02)
    assert found.comparison.low > 0
    assert "+2.00 points" in found.reasons[0]


def test_worse_candidate_is_refused() -> None:
    found = judge(*answer(10_000, only_candidate=500, only_champion=700), [], MARGINS)
    assert not found.passes
    assert found.comparison.place == "worse"
    assert "-2.00 points" in found.reasons[0]
    assert found.reasons[0].endswith(", which is beyond the margin of 0.5 points.")


def test_equal_candidate_passes_where_the_reviews_suffice_and_otherwise_hears_how_many_would() -> None:
    assert judge(*answer(25_000, only_candidate=1_000, only_champion=1_000), [], MARGINS).passes
    found = judge(*answer(500, only_candidate=20, only_champion=20), [], MARGINS)
    assert not found.passes
    assert found.comparison.place == "open"
    assert "An equally good candidate would pass in 80% of cases with about 20,000 test reviews." in found.reasons[0]


def test_same_answers_on_few_reviews_prove_too_little() -> None:
    found = judge(*answer(40, only_candidate=0, only_champion=0), [], MARGINS)
    assert not found.passes


def test_wide_margin_lets_pass_and_none_asks_to_be_better() -> None:
    hits = answer(500, only_candidate=20, only_champion=20)
    assert judge(*hits, [], Margins(overall=0.05, per_slice=0.02)).passes
    found = judge(*hits, [], Margins(overall=0.0, per_slice=0.02))
    assert not found.passes
    assert "With a margin of 0, the candidate has to be significantly better." in found.reasons[0]


def test_worse_slice_refuses_a_candidate_that_is_better_over_all() -> None:
    candidate, champion = answer(10_000, only_candidate=1_500, only_champion=500)
    weak = np.zeros(10_000, np.bool_)
    weak[1_500:2_500] = True
    found = judge(candidate, champion, [Slice("length", "long", weak), Slice("length", "short", ~weak)], MARGINS)
    assert found.comparison.place == "kept"
    assert not found.passes
    assert found.reasons[1].startswith(
        "In the slice length: long (1,000 reviews), the candidate is significantly worse. "
        "The difference is -50.00 points and with 95% confidence over all slices at most "
    )
    assert [part.place for part in found.comparison.slices] == ["worse", "kept"]


def test_bad_luck_of_a_small_slice_does_not_refuse() -> None:
    candidate, champion = answer(25_000, only_candidate=1_000, only_champion=1_000)
    small = np.zeros(25_000, np.bool_)
    small[[1_000, 1_001, 1_002, 24_000, 24_001, 24_002]] = True
    found = judge(candidate, champion, [Slice("length", "rare", small)], MARGINS)
    assert found.passes, "three lost of six are chance"
    assert found.comparison.slices[0].place == "open"


def test_empty_slice_does_not_count() -> None:
    hits = answer(25_000, only_candidate=1_000, only_champion=1_000)
    nobody, everybody = np.zeros(25_000, np.bool_), np.ones(25_000, np.bool_)
    found = judge(*hits, [Slice("label", "none", nobody), Slice("label", "all", everybody)], MARGINS)
    assert [part.name for part in found.comparison.slices] == ["all"]
    assert found.reasons[1] == (
        "The candidate is not significantly worse by more than the margin of 2 points in any of 1 slices."
    )


def test_equal_candidate_passes_four_times_of_five_with_25_000_reviews_and_a_worse_one_at_most_one_of_twenty() -> None:
    random = np.random.default_rng(1)

    def share_of_passes(difference: float) -> float:
        places = [
            measure_gap(*draw(random, 25_000, difference=difference), margin=0.005, tail=0.05).place for _ in range(300)
        ]
        return places.count("kept") / 300

    assert share_of_passes(0.0) > 0.75
    assert share_of_passes(-0.006) < 0.05
    assert share_of_passes(-0.01) == 0


def test_slices_together_refuse_at_most_one_of_twenty_candidates_that_keep_within_the_margin_in_each() -> None:
    random = np.random.default_rng(2)
    parts = [np.arange(4_000) % 16 == index for index in range(16)]
    slices = [Slice("part", str(index), part) for index, part in enumerate(parts)]
    refused = [
        any(
            part.place == "worse"
            for part in judge(*draw(random, 4_000, difference=-0.02), slices, MARGINS).comparison.slices
        )
        for _ in range(300)
    ]
    assert sum(refused) <= 15


def test_second_slice_has_to_show_its_loss_at_a_lower_level() -> None:
    """A loss of 11 of 200 reviews is beyond 3 points at 5%, but not at 2.5%."""
    lost = np.zeros(400, np.bool_)
    lost[:60] = lost[200:211] = True
    halves = [Slice("half", name, np.arange(400) // 200 == index) for index, name in enumerate(("first", "second"))]
    certain = judge(~lost, np.ones(400, np.bool_), halves, Margins(overall=0.5, per_slice=0.03))
    assert [part.place for part in certain.comparison.slices] == ["worse", "worse"]
    lost[1:60] = False
    alone = judge(~lost, np.ones(400, np.bool_), halves, Margins(overall=0.5, per_slice=0.03))
    assert [part.place for part in alone.comparison.slices] == ["open", "open"]


def test_slices_are_corrected_in_any_order() -> None:
    random = np.random.default_rng(3)
    candidate, champion = random.random(2_000) < 0.8, random.random(2_000) < 0.9
    parts = [Slice("part", str(index), np.arange(2_000) % 7 == index) for index in range(7)]
    gaps = {part.name: part for part in judge(candidate, champion, parts, MARGINS).comparison.slices}
    assert gaps == {part.name: part for part in judge(candidate, champion, parts[::-1], MARGINS).comparison.slices}
