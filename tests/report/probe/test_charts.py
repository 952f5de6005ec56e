"""The probe's charts as specifications: bands, levels, edges and names where there are data for them."""

from collections.abc import Callable
from typing import Any

import altair as alt

from tasks.probe.facts import Levels, MeanAccuracy, Probe
from tasks.probe.plan import AT_FAR
from tasks.report.probe.charts import draw_accuracy, draw_updates, list_ticks
from tasks.report.probe.heat import draw_heat, draw_overview

BuildProbe = Callable[..., Probe]
PLAIN = Levels(chance=0.1, bag_of_words=1.0)
ORDER = Levels(chance=0.5, bag_of_words=0.5)


def select(probe: Probe, recall_task: str, *, upto: bool = False) -> list[MeanAccuracy]:
    return [row for row in probe.rows if row.recall_task == recall_task and row.upto is upto]


def marks_of(chart: alt.LayerChart) -> list[str]:
    return [part["mark"]["type"] for part in chart.to_dict()["layer"]]


def texts_of(chart: alt.LayerChart, name: str) -> list[dict[str, Any]]:
    spec = chart.to_dict()
    (found,) = (part for part in spec["layer"] if part.get("name") == name)
    return values_of(spec, found)


def values_of(spec: dict[str, Any], part: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a part; what all parts share stands with the whole."""
    values: list[dict[str, Any]] = spec["datasets"][part.get("data", spec.get("data"))["name"]]
    return values


def test_band_needs_several_seeds(build_probe: BuildProbe) -> None:
    assert "area" in marks_of(draw_accuracy(select(build_probe(), "plain"), PLAIN))
    assert "area" not in marks_of(draw_accuracy(select(build_probe("quick"), "plain"), PLAIN))


def test_levels_are_named_and_equal_ones_once(build_probe: BuildProbe) -> None:
    rows = select(build_probe("quick"), "plain")
    names = [mark["name"] for mark in texts_of(draw_accuracy(rows, PLAIN), "names_of_levels")]
    assert names == ["chance: 10%", "bag of words at most: 100%"]
    names = [mark["name"] for mark in texts_of(draw_accuracy(rows, ORDER), "names_of_levels")]
    assert names == ["chance and bag of words: 50%"]


def test_models_are_named_where_their_lines_reach_the_end(build_probe: BuildProbe) -> None:
    named = texts_of(draw_accuracy(select(build_probe(), "plain"), PLAIN), "names")
    assert {row["model"] for row in named} == set(AT_FAR)
    assert len({row["place"] for row in named}) == len(named)


def test_edge_of_the_training_is_marked_only_where_the_test_goes_beyond(build_probe: BuildProbe) -> None:
    probe = build_probe()
    beyond = draw_accuracy(select(probe, "plain", upto=True), PLAIN, trained_to=40)
    assert texts_of(beyond, "names_before")[0]["edge"] == 40
    names = [part.get("name") for part in draw_accuracy(select(probe, "plain"), PLAIN).to_dict()["layer"]]
    assert "names_before" not in names


def test_a_single_distance_has_an_axis(build_probe: BuildProbe) -> None:
    rows = [row for row in select(build_probe(), "plain") if row.distance == 5]
    spec = draw_accuracy(rows, PLAIN).to_dict()
    (domain,) = {
        tuple(part["encoding"]["x"]["scale"]["domain"]) for part in spec["layer"] if part["mark"]["type"] == "line"
    }
    assert domain == (5, 6)


def test_updates_are_those_of_what_was_solved(build_probe: BuildProbe) -> None:
    rows = select(build_probe(), "plain")
    chart = draw_updates(rows)
    assert chart is not None
    spec = chart.to_dict()
    drawn = values_of(spec, spec["layer"][0])
    assert 0 < len(drawn) < len(rows)
    assert all(row["num_solved"] for row in drawn)


def test_updates_need_a_solved_task(build_probe: BuildProbe) -> None:
    rows = [row for row in select(build_probe(), "order") if row.model == "average-pool"]
    assert draw_updates(rows) is None


def test_ticks_are_round_and_within() -> None:
    assert list_ticks(300, 2_500) == [500, 1_000, 2_000]


def test_heat_map_has_a_cell_per_row_with_the_seeds_that_solved_it(build_probe: BuildProbe) -> None:
    rows = select(build_probe(), "decoys")
    spec = draw_heat(rows, Levels(chance=0.1, bag_of_words=0.1)).to_dict()
    cells = values_of(spec, spec["layer"][0])
    assert len(cells) == len(rows)
    assert {cell["solved"] for cell in cells if cell["model"] == "attention"} == {"3/3"}


def test_overview_has_a_part_for_each_task_with_rows(build_probe: BuildProbe) -> None:
    probe = build_probe("quick")
    spec = draw_overview(probe.levels, select(probe, "order")).to_dict()
    assert [part["title"]["text"] for part in spec["hconcat"]] == ["order"]
    assert len(draw_overview(probe.levels, probe.rows).to_dict()["hconcat"]) == 2
