"""The probe's page in a real browser: charts of whatever there are data for, one model lit, nothing from outside."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tasks.probe.facts import Judgement, ModelFacts, Probe
from tasks.report.probe.page import render_probe_page

pytestmark = pytest.mark.slow

BuildProbe = Callable[..., Probe]
Open = Callable[..., Any]
HOSTILE = "<script>window.hacked = 1</script></script><img src=x onerror='window.hacked = 2'>"
SECTIONS = [
    "verdicts",
    "accuracy",
    "heat",
    "generalisation",
    "updates",
    "numbers",
    "expectations",
    "models",
    "method",
]


@pytest.fixture
def open_probe(open_html: Open) -> Open:
    """Renders a probe and opens the page."""
    return lambda probe, **options: open_html(render_probe_page(probe), **options)


@pytest.fixture
def whole(build_probe: BuildProbe, kept_pages: list[Any], open_from_disk: Open) -> Any:
    """The page of a whole probe, opened once for all tests that leave it as it was."""
    if not kept_pages:
        kept_pages.append(open_from_disk(render_probe_page(build_probe())))
    return kept_pages[0]


def sections_of(page: Any) -> list[str]:
    return [section.get_attribute("id") for section in page.query_selector_all("main > section")]


def test_page_has_its_sections_in_order_and_links_to_them(whole: Any) -> None:
    page = whole.page
    assert sections_of(page) == SECTIONS
    assert [link.get_attribute("href") for link in page.query_selector_all("nav a")] == [
        f"#{name}" for name in SECTIONS
    ]
    assert page.text_content("h1").startswith("A plain recurrent network remembers ")


def test_every_chart_is_drawn_and_has_alternative_text(whole: Any) -> None:
    charts = whole.page.query_selector_all("[data-chart]")
    assert len(charts) == 4 + 4 + 3 + 4
    for chart in charts:
        svg = chart.query_selector("svg")
        assert svg is not None
        assert len(svg.get_attribute("aria-label")) > 20
        assert svg.query_selector_all(".mark-line path, .mark-rect path")


def test_names_beside_lines_do_not_cover_each_other(whole: Any) -> None:
    for chart in whole.page.query_selector_all("#accuracy [data-chart]"):
        boxes = sorted((box["y"], box["height"]) for box in map(box_of, chart.query_selector_all(".names_marks text")))
        assert len(boxes) >= 5
        assert all(above + height <= below + 1 for (above, height), (below, _) in pairwise(boxes))


def box_of(element: Any) -> dict[str, float]:
    box: dict[str, float] = element.bounding_box()
    return box


def test_phone_has_no_sideways_scroll(build_probe: BuildProbe, open_probe: Open) -> None:
    page = open_probe(build_probe(), width=390).page
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    ("scheme", "colors"),
    [
        ("dark", ["rgb(236, 238, 241)", "rgb(164, 171, 181)", "rgb(164, 171, 181)"]),
        ("light", ["rgb(23, 25, 28)", "rgb(91, 97, 105)", "rgb(91, 97, 105)"]),
    ],
)
def test_words_of_charts_follow_the_theme(scheme: str, colors: list[str], whole: Any) -> None:
    whole.page.emulate_media(color_scheme=scheme)
    fills = (
        "['.names_marks', '.names_of_levels_marks', '.names_before_marks'].map((name) =>"
        " getComputedStyle(document.querySelector(`${name} text`)).fill)"
    )
    assert whole.page.evaluate(fills) == colors


def faint_lines(page: Any) -> list[int]:
    """How many lines step back, in each chart of accuracy."""
    count = "(chart) => chart.querySelectorAll('.mark-line path[opacity=\"0.12\"]').length"
    return [chart.evaluate(count) for chart in page.query_selector_all("#accuracy [data-chart]")]


def test_pressed_model_is_lit_in_every_chart_until_it_is_pressed_again(whole: Any) -> None:
    page = whole.page
    assert faint_lines(page) == [0, 0, 0, 0]
    page.focus("#accuracy [data-model=lstm]")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#accuracy .mark-line path[opacity=\"0.12\"]')")
    assert faint_lines(page) == [10, 10, 10, 5]
    pressed = page.query_selector_all("[data-model][aria-pressed=true]")
    assert {button.get_attribute("data-model") for button in pressed} == {"lstm"}
    assert len(pressed) == 3
    page.keyboard.press("Enter")
    page.wait_for_function("!document.querySelector('#accuracy .mark-line path[opacity=\"0.12\"]')")
    assert page.query_selector("[aria-pressed=true]") is None


def test_pointing_at_a_model_lights_it_for_as_long(build_probe: BuildProbe, open_probe: Open) -> None:
    page = open_probe(build_probe("quick")).page
    page.hover("#accuracy [data-model=lstm]")
    page.wait_for_function("document.querySelector('#accuracy .mark-line path[opacity=\"0.12\"]')")
    page.hover("h1")
    page.wait_for_function("!document.querySelector('#accuracy .mark-line path[opacity=\"0.12\"]')")


def test_pointing_at_a_point_lights_its_model_in_every_chart(whole: Any) -> None:
    page = whole.page
    page.query_selector("#accuracy").scroll_into_view_if_needed()
    box = box_of(page.query_selector_all("#accuracy [data-chart] .mark-symbol path")[0])
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("document.querySelector('#updates .mark-line path[opacity=\"0.12\"]')")
    assert sum(faint_lines(page)) > 0
    assert "null" not in page.text_content("#vg-tooltip-element")
    page.hover("h1")


def test_quick_profile_has_neither_bands_nor_a_test_beyond_the_training(
    build_probe: BuildProbe, open_probe: Open
) -> None:
    page = open_probe(build_probe("quick")).page
    assert sections_of(page) == [name for name in SECTIONS if name != "generalisation"]
    assert page.query_selector(".mark-area") is None
    assert "one seed" in page.text_content("#method")


def test_cells_without_a_result_leave_a_gap(build_probe: BuildProbe, open_probe: Open) -> None:
    probe = build_probe(without=lambda cell: cell.model == "gru" and cell.distance == 40)
    page = open_probe(probe).page
    assert "plain at 40 words has no result for gru." in page.text_content("#method")


def test_task_that_only_one_model_has(build_probe: BuildProbe, open_probe: Open) -> None:
    probe = build_probe(without=lambda cell: cell.model != "lstm" or cell.recall_task != "later" or cell.distance != 5)
    page = open_probe(probe).page
    assert len(page.query_selector_all("[data-chart] svg")) == 3
    assert page.text_content("h1") == "None of the models in the course notebook's claims was trained."


def test_run_where_everything_failed(build_probe: BuildProbe, open_probe: Open) -> None:
    probe = build_probe(without=lambda _cell: True, failed=["recall-plain-5, lstm: no memory"] * 30, num_trained=0)
    page = open_probe(probe).page
    assert sections_of(page) == ["verdicts", "expectations", "method"]
    assert page.query_selector("[data-chart]") is None
    assert "30 trainings failed" in page.text_content("#verdicts")
    assert "10 more" in page.text_content(".failures")


def test_hostile_texts_stay_text(build_probe: BuildProbe, open_probe: Open) -> None:
    probe = build_probe("quick", failed=[HOSTILE], device=HOSTILE, versions={HOSTILE: HOSTILE})
    # A file with such a verdict is refused; the page escapes it all the same.
    judged = Judgement.model_construct(claim=HOSTILE, measured=HOSTILE, verdict=HOSTILE, reason=HOSTILE)
    page = open_probe(rename(probe, "lstm", HOSTILE).model_copy(update={"verdicts": (judged,)})).page
    assert page.evaluate("window.hacked") is None
    assert HOSTILE in page.text_content("#verdicts")
    assert HOSTILE in page.text_content("#method")
    assert page.query_selector_all("main :is(img), #verdicts script, #models script") == []
    page.click('#accuracy .legend button:has-text("<script>")')
    assert page.evaluate("window.hacked") is None


def rename(probe: Probe, model: str, name: str) -> Probe:
    """Give a model another name wherever it is named."""

    def rename_model(found: ModelFacts) -> ModelFacts:
        return found.model_copy(update={"name": name}) if found.name == model else found

    return probe.model_copy(
        update={
            "models": tuple(rename_model(found) for found in probe.models),
            "rows": tuple(row.model_copy(update={"model": name}) if row.model == model else row for row in probe.rows),
            "reaches": {
                recall_task: {name if key == model else key: reach for key, reach in of_task.items()}
                for recall_task, of_task in probe.reaches.items()
            },
        }
    )
