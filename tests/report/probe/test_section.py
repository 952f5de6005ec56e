"""The newest probe in the main job's report: what is kept, shown and linked; nothing of what cannot be read."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.compare.results import ModelResult
from tasks.errors import UserError
from tasks.probe.facts import Probe
from tasks.report import task
from tasks.report.probe.folder import write_probe
from tasks.report.probe.section import Section, build_section, link_page, read_section, render_section
from tasks.report.run.facts import RunMetrics
from tasks.report.run.folder import write_run
from tasks.report.run.page import render_page
from tasks.report.run.render import render_markdown

AddResult = Callable[..., ModelResult]
Build = Callable[..., RunMetrics]
BuildProbe = Callable[..., Probe]
Open = Callable[..., Any]
HOSTILE = "<img src=x onerror='window.hacked = 1'>"


def write(folder: Path, content: Any) -> Path:
    path = folder / "probe.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def dump(probe: Probe) -> dict[str, Any]:
    """The content of the probe's file."""
    return probe.model_dump(mode="json")


def test_section_keeps_little_of_the_probe(build_probe: BuildProbe, tmp_path: Path) -> None:
    path = write(tmp_path, dump(build_probe()))
    section = read_section(path)
    assert set(section.model_dump()) == {"run", "tasks", "rows", "reaches", "verdicts"}
    assert set(section.model_dump()["rows"][0]) == {"task", "upto", "model", "distance", "mean"}
    assert section.model_dump()["tasks"]["order"] == {"chance": 0.5}
    assert not any(row.upto for row in section.rows)
    assert len(section.model_dump_json()) < 0.1 * path.stat().st_size


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _metrics: "",
        lambda _metrics: "{",
        lambda _metrics: [],
        lambda metrics: {**metrics, "verdicts": None},
        lambda metrics: {**metrics, "rows": [{**metrics["rows"][0], "mean": None}]},
        lambda metrics: json.dumps({**metrics, "rows": [{**metrics["rows"][0], "mean": float("nan")}]}),
        lambda metrics: {**metrics, "rows": [{**metrics["rows"][0], "distance": 0}]},
        lambda metrics: {name: part for name, part in metrics.items() if name != "reaches"},
        lambda metrics: {**metrics, "reaches": {"order": {"lstm": 40}}, "rows": []},
        lambda metrics: {**metrics, "verdicts": [{**metrics["verdicts"][0], "verdict": HOSTILE}]},
    ],
)
def test_what_has_another_form_is_refused(spoil: Callable[[Any], Any], build_probe: BuildProbe, tmp_path: Path) -> None:
    path = write(tmp_path, spoil(dump(build_probe("quick"))))
    with pytest.raises(UserError, match="is not what was expected") as error:
        read_section(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_way_to_the_page_stays_below_the_probes(build_probe: BuildProbe) -> None:
    assert link_page(build_probe("quick").run.id) == "../../probe/20260102-030405-abcdef12/report.html"
    assert link_page('a/../"b') == "../../probe/a%2F..%2F%22b/report.html"


def test_link_leads_from_the_run_s_page_to_the_probe_s(
    build: Build, add_result: AddResult, build_probe: BuildProbe, tmp_path: Path
) -> None:
    probe = build_probe("quick")
    write_probe(tmp_path, probe, "{}")
    section = read_section(tmp_path / "probe" / "latest" / "probe.json")
    run = write_run(tmp_path, add_section(build(add_result("lstm", 80)), section), "{}")
    link = link_page(section.run.id)
    assert (run / link).resolve() == tmp_path / "probe" / probe.run.id / "report.html"
    assert (run / link).is_file()


def test_section_without_rows_has_no_chart(build_probe: BuildProbe, tmp_path: Path) -> None:
    section = read_section(write(tmp_path, dump(build_probe(without=lambda _cell: True))))
    assert build_section(section)["chart"] is None
    assert "None of the models" in "\n".join(render_section(section))


@pytest.fixture
def metrics(build: Build, add_result: AddResult) -> RunMetrics:
    return build(add_result("lstm", 80), add_result("conv-max", 90))


def add_section(metrics: RunMetrics, section: Section) -> RunMetrics:
    """Metrics of a run that found a probe."""
    return metrics.model_copy(update={"probe": section})


def test_page_and_summary_say_nothing_of_memory_without_a_probe(metrics: RunMetrics) -> None:
    html = render_page(metrics)
    assert 'id="probe"' not in html
    assert "remember" not in html.split("<script", maxsplit=1)[0]
    assert "remember" not in render_markdown(metrics)


@pytest.mark.parametrize("width", [1280, 390])
def test_page_shows_verdicts_chart_and_link(
    width: int, metrics: RunMetrics, build_probe: BuildProbe, open_html: Open, tmp_path: Path
) -> None:
    probe = build_probe()
    section = read_section(write(tmp_path, dump(probe)))
    page = open_html(render_page(add_section(metrics, section)), width=width).page
    assert page.get_attribute("nav a:has-text('Memory')", "href") == "#probe"
    text = page.text_content("#probe")
    assert all(verdict.claim in text and verdict.measured in text for verdict in probe.verdicts)
    assert page.get_attribute("#probe p a", "href") == link_page(section.run.id)
    cells = page.query_selector_all("#probe svg .mark-rect path")
    assert len(cells) == len(section.rows)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_summary_has_the_verdicts_and_the_link(metrics: RunMetrics, build_probe: BuildProbe, tmp_path: Path) -> None:
    section = read_section(write(tmp_path, dump(build_probe("quick"))))
    text = render_markdown(add_section(metrics, section))
    assert "## How far back can it remember?" in text
    assert "(../../probe/20260102-030405-abcdef12/report.html)" in text


def test_hostile_probe_stays_text(
    metrics: RunMetrics, build_probe: BuildProbe, open_html: Open, tmp_path: Path
) -> None:
    probe = dump(build_probe("quick"))
    probe["run"]["id"] = HOSTILE
    probe["verdicts"] = [{"claim": HOSTILE, "measured": HOSTILE, "verdict": "refuted", "reason": HOSTILE}]
    probe["rows"] = [{**row, "model": HOSTILE, "task": HOSTILE} for row in probe["rows"][:1]]
    probe["tasks"] = {HOSTILE: {"chance": 0.1, "bag_of_words": 0.1}}
    probe["reaches"] = {HOSTILE: {HOSTILE: 5}}
    section = read_section(write(tmp_path, probe))
    page = open_html(render_page(add_section(metrics, section))).page
    assert page.evaluate("window.hacked") is None
    assert page.query_selector("#probe img") is None
    assert HOSTILE in page.text_content("#probe svg")
    assert "<img" not in render_markdown(add_section(metrics, section)).replace("\\<img", "")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the task logs; outside a run Prefect has no logger for it."""
    monkeypatch.setattr(task, "get_run_logger", lambda: logging.getLogger("test"))
    return caplog


def test_newest_probe_is_found(build_probe: BuildProbe, tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    write_probe(tmp_path, build_probe("quick"), "{}")
    found = task.find_probe(tmp_path)
    assert found is not None
    assert found.run.profile == "quick"
    assert not logged.records


def test_no_probe_is_no_news(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    assert task.find_probe(tmp_path) is None
    assert not logged.records


def test_probe_that_cannot_be_read_is_warned_of_and_left_out(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "probe" / "latest"
    folder.mkdir(parents=True)
    write(folder, {"rows": "broken"})
    assert task.find_probe(tmp_path) is None
    (record,) = logged.records
    assert record.levelname == "WARNING"
    assert str(folder / "probe.json") in record.getMessage()


def test_probe_that_is_a_folder_is_warned_of_and_left_out(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    (tmp_path / "probe" / "latest" / "probe.json").mkdir(parents=True)
    assert task.find_probe(tmp_path) is None
    assert len(logged.records) == 1
