"""The page of a learning curve in a real browser, its folder, and its section in a run's report."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.curve.facts import LearningCurve
from tasks.errors import UserError
from tasks.report.curve.charts import draw_curves
from tasks.report.curve.folder import find_page, list_curves, write_curve
from tasks.report.curve.markdown import render_curve_markdown
from tasks.report.curve.page import render_curve_page
from tasks.report.curve.section import read_curve, render_section, select_section
from tasks.report.run.page import render_page
from tasks.report.run.render import render_markdown

pytestmark = pytest.mark.slow

BuildCurve = Callable[..., LearningCurve]
Open = Callable[..., Any]
HOSTILE = "<script>window.hacked = 1</script></script><img src=x onerror='window.hacked = 2'>"


def test_page_draws_its_chart_and_lights_a_model(build_curve: BuildCurve, open_html: Open) -> None:
    page = open_html(render_curve_page(build_curve(failed=(HOSTILE,), left_out=(HOSTILE,)))).page
    assert [section.get_attribute("id") for section in page.query_selector_all("main > section")] == [
        "curves",
        "gain",
        "winners",
        "method",
    ]
    assert page.text_content("h1").startswith("Twice the 1,000 training reviews would bring nb-svm about +0.")
    assert page.query_selector("[data-chart=curves] svg") is not None
    page.click("button[data-model=lstm]")
    assert page.get_attribute("button[data-model=lstm]", "aria-pressed") == "true"
    assert page.evaluate("window.hacked") is None


def test_page_without_models_says_so(build_curve: BuildCurve, open_html: Open) -> None:
    empty = build_curve(failed=("lstm on 50 reviews, seed 1: out of memory",)).model_copy(
        update={"points": (), "growths": (), "winners": (), "cells": ()}
    )
    page = open_html(render_curve_page(empty)).page
    assert page.text_content("h1") == "No model was trained."
    assert "out of memory" in page.text_content("#method")


@pytest.mark.parametrize("num_sizes", [2, 3, 5])
def test_chart_is_valid_with_few_sizes(num_sizes: int, build_curve: BuildCurve) -> None:
    curve = build_curve(num_sizes=num_sizes)
    spec = draw_curves(curve.points, curve.growths).to_dict()
    names = next(part for part in spec["layer"] if part.get("name") == "names")
    rows = spec["datasets"][names["data"]["name"]]
    assert {row["model"] for row in rows} == {"nb-svm", "lstm"}


def test_solid_and_dashed_parts_of_a_law_meet_at_the_largest_size(build_curve: BuildCurve) -> None:
    curve = build_curve()
    spec = draw_curves(curve.points, curve.growths).to_dict()
    line = next(part for part in spec["layer"] if part["mark"]["type"] == "line")
    rows = [row for row in spec["datasets"][line["data"]["name"]] if row["model"] == "lstm"]
    solid, dashed = ([row["num_train"] for row in rows if row["is_measured"] is part] for part in (True, False))
    assert (solid[0], solid[-1], dashed[0], dashed[-1]) == (50, 1_000, 1_000, 2_000)


def test_folder_is_whole_and_found_again(build_curve: BuildCurve, tmp_path: Path) -> None:
    older, newer = (build_curve(id=f"2026010{day}-030405-abcdef12") for day in (1, 2))
    for curve in (older, newer):
        folder = write_curve(tmp_path, curve, "{}")
    assert {path.name for path in folder.iterdir()} == {
        *("SHA256SUMS", "config.json", "curve.csv", "curve.json", "report.html", "summary.md"),
    }
    assert find_page(tmp_path, newer.run.id).is_file()
    assert [read_curve(path) for path in list_curves(tmp_path)] == [newer, older]
    path = folder / "curve.json"
    path.write_text(path.read_text().replace("nb-svm", "nb-svn"))
    with pytest.raises(UserError, match="SHA256SUMS"):
        read_curve(path)


def test_markdown_has_the_answer_and_what_went_wrong(build_curve: BuildCurve) -> None:
    text = render_curve_markdown(
        build_curve(failed=("lstm on 50 reviews, seed 1: a_b",), left_out=("5% was left out.",))
    )
    for part in (
        "Twice the 1,000 training reviews",
        "| nb-svm |",
        "5% was left out.",
        r"seed 1: a\_b",
        "most accurate",
    ):
        assert part in text


def test_run_shows_the_curve_of_its_reviews(
    build: Callable[..., Any], add_result: Callable[..., Any], build_curve: BuildCurve, open_html: Open
) -> None:
    metrics = build(add_result("lstm", 80), add_result("flatten", 60))
    assert "curve" not in json.loads(metrics.model_dump_json())
    shown = metrics.model_copy(update={"curve": select_section(build_curve())})
    page = open_html(render_page(shown)).page
    section = page.text_content("#curve")
    assert "Twice the 1,000 training reviews would bring nb-svm" in section
    assert page.query_selector("[data-chart=curve] svg") is not None
    assert page.get_attribute("#curve a", "href") == "../../curves/20260102-030405-abcdef12/report.html"
    assert render_section(select_section(build_curve()))[0] in render_markdown(shown)
