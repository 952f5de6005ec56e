"""The cells of the probe: what the profiles train, in which order and parts, and when further seeds are not needed."""

from collections import Counter

import pytest

from tasks.encode.encodings import ENCODINGS
from tasks.ingest.sources.recall import count_words, parse_name
from tasks.probe.models import MODELS
from tasks.probe.plan import PROFILES, SWEEPS, Cell, ProfileName, is_settled, make_settings, plan_cells, select_shard


@pytest.mark.parametrize("profile", PROFILES)
def test_every_cell_has_a_dataset_a_model_and_an_encoding_of_its_length(profile: ProfileName) -> None:
    for cell in plan_cells(profile):
        recall = parse_name(cell.dataset)
        assert recall is not None
        assert recall.recall_task == cell.recall_task
        assert cell.model in MODELS
        assert ENCODINGS[cell.variant.encoding].length == recall.num_words == count_words(cell.distance)


def test_quick_profile_is_two_tasks_at_four_distances_with_five_models_and_one_seed() -> None:
    cells = plan_cells("quick")
    assert {cell.recall_task for cell in cells} == {"plain", "order"}
    assert len({cell.distance for cell in cells}) == 4
    assert len({cell.model for cell in cells}) == 5
    assert {cell.seed for cell in cells} == {1}
    assert len(cells) == 40


def test_full_profile_has_every_task_distance_and_model() -> None:
    cells = plan_cells("full")
    assert {cell.recall_task for cell in cells} == {"plain", "decoys", "order", "later"}
    assert {cell.distance for cell in cells} == {5, 10, 20, 40, 80, 110, 200, 380}
    assert {cell.model for cell in cells} == set(MODELS)
    assert max(cell.seed for cell in cells) == 5
    assert any(cell.upto for cell in cells)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_cell_is_planned_twice(profile: ProfileName) -> None:
    assert max(Counter(plan_cells(profile)).values()) == 1


def test_first_seed_of_everything_comes_first() -> None:
    seeds = [cell.seed for cell in plan_cells("full")]
    assert seeds == sorted(seeds)


def test_part_of_a_profile_can_be_chosen() -> None:
    cells = plan_cells("full", recall_tasks=["order"], distances=[10, 20], models=["lstm"], seeds=2)
    assert cells == [
        Cell("order", 10, "lstm", 1, False),
        Cell("order", 20, "lstm", 1, False),
        Cell("order", 10, "lstm", 2, False),
        Cell("order", 20, "lstm", 2, False),
    ]


@pytest.mark.parametrize("num_shards", [1, 2, 3])
def test_shards_are_the_whole_and_keep_the_seeds_of_a_cell_together(num_shards: int) -> None:
    cells = plan_cells("full")
    shards = [select_shard(cells, shard, num_shards) for shard in range(1, num_shards + 1)]
    assert sorted(cell for shard in shards for cell in shard) == sorted(cells)
    groups = [{cell._replace(seed=0) for cell in shard} for shard in shards]
    assert len(set.union(*groups)) == sum(map(len, groups))
    assert max(map(len, groups)) - min(map(len, groups)) <= 1


@pytest.mark.parametrize(
    ("accuracies", "settled"),
    [([], False), ([1.0, 1.0], False), ([1.0, 0.99, 0.96], True), ([0.5, 0.9, 0.1], True), ([1.0, 0.5, 1.0], False)],
)
def test_further_seeds_are_for_cells_whose_first_ones_disagree(accuracies: list[float], settled: bool) -> None:  # noqa: FBT001
    assert is_settled(accuracies) is settled


def test_training_continues_through_plateaus_until_the_task_is_solved() -> None:
    settings = make_settings(Cell("order", 10, "lstm", 2, False), epochs=7, kernels="plain", device="cpu")
    assert (settings.epochs, settings.patience, settings.seed, settings.kernels) == (7, 7, 2, "plain")
    assert settings.solved_at == 0.99
    assert settings.clip_norm == 1.0


def test_sweeps_name_each_model_once() -> None:
    for sweeps in SWEEPS.values():
        for sweep in sweeps:
            assert len(set(sweep.models)) == len(sweep.models)
