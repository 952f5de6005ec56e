"""The table of sections: a row is all that it takes to see a section on the page."""

from collections.abc import Callable
from html.parser import HTMLParser

import altair as alt
import pytest

from tasks.report.run.contents import Content, show_chart
from tasks.report.run.facts import RunMetrics
from tasks.report.run.page import render_page
from tasks.report.run.sections import SECTIONS, PageSection

Build = Callable[..., RunMetrics]


class Outline(HTMLParser):
    """Where the list of contents leads to, the anchors and headings of the body, and its charts, all in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.headings: list[str] = []
        self.charts: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag in {"nav", "main", "h2"}:
            self.open.append(tag)
        if tag == "a" and "nav" in self.open:
            self.links.append(found["href"].removeprefix("#"))
        if tag in {"section", "div"} and "id" in found and found["id"] != "reviews":
            self.anchors.append(found["id"])
        if "data-chart" in found:
            self.charts.append(found["data-chart"])

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["h2"]:
            self.headings.append(data)


def draw_seeds(metrics: RunMetrics) -> Content:
    """A chart that the page does not have."""
    rows = [{"model": row.name, "seeds": row.seeds} for row in metrics.variants]
    chart = alt.Chart(alt.InlineData(values=rows)).mark_bar().encode(x="model:N", y="seeds:Q")
    return show_chart("seeds", chart, "Seeds of each model", caption="How many <b>seeds</b> each model has.")


SEEDS = PageSection("seeds", "Seeds", "How many seeds?", draw_seeds)
NOTHING = PageSection("nothing", "Nothing", "Nothing to show", lambda _metrics: None)


@pytest.fixture
def metrics(build: Build, add_result: Callable[..., object]) -> RunMetrics:
    return build(add_result("lstm", 80), add_result("conv-max", 90))


def test_added_section_is_in_the_contents_and_the_body_with_its_chart(metrics: RunMetrics) -> None:
    html = render_page(metrics, sections=(*SECTIONS[:3], SEEDS, *SECTIONS[3:]))
    page, before = Outline(html), Outline(render_page(metrics))
    assert page.links == [*before.links[:3], "seeds", *before.links[3:]]
    assert page.anchors == [*before.anchors[:3], "seeds", *before.anchors[3:]]
    assert "How many seeds?" in page.headings
    assert "seeds" in page.charts
    assert "How many &lt;b&gt;seeds&lt;/b&gt; each model has." in html


def test_section_with_nothing_to_show_is_nowhere(metrics: RunMetrics) -> None:
    html = render_page(metrics, sections=(*SECTIONS, NOTHING))
    assert Outline(html).links == Outline(render_page(metrics)).links
    assert "Nothing to show" not in html


def test_contents_lead_to_the_sections_of_the_body_in_their_order(metrics: RunMetrics) -> None:
    page = Outline(render_page(metrics))
    assert page.links == page.anchors
    assert len(page.headings) == len(page.links)


def test_sections_have_names_of_their_own() -> None:
    assert len({section.id for section in SECTIONS}) == len(SECTIONS)
    assert SECTIONS[0].id == "leaderboard"
