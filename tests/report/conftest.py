"""Pages in a real browser; metrics of probes that never trained, summed up as the probe does."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tasks.report.run.facts import RunMetrics

Build = Callable[..., dict[str, Any]]
BuildMetrics = Callable[..., RunMetrics]
BuildProbe = Callable[..., Any]
Open = Callable[..., Any]
# How far back each model can look; the seed moves it.
SPANS = {
    "average-pool": 1_000,
    "flatten": 1_000,
    "conv-max": 1_000,
    "simple-rnn": 60,
    "random-rnn": 12,
    "gru": 150,
    "lstm": 50,
    "chrono-lstm": 400,
    "bigru": 160,
    "bilstm": 90,
    "attention": 1_000,
    "lstm-at-place": 0.1,
    "bilstm-at-place": 100,
}
NO_ORDER = {"average-pool": 1, "conv-max": 6}
PROBE_RUN = {
    "id": "20260102-030405-abcdef12",
    "profile": "full",
    "epochs": 10,
    "limit": None,
    "failed": [],
    "started": "2026-01-02T03:04:05+00:00",
    "seconds": 7_261.4,
    "train_seconds": 6_100.0,
    "device": "CPU (2 cores), tensorflow",
    "versions": {"keras": "3.15.1"},
}


@pytest.fixture
def build(build: Build) -> BuildMetrics:
    """Compares results as the main job does; returns what its pages are made from."""
    return lambda *results, **changes: RunMetrics.model_validate(build(*results, **changes))


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        # The sandbox of the browser does not work for root, as whom tests run in containers.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Opened:
    """A page from disk, with what it asked for and complained of."""

    def __init__(self, browser: Any, path: Path, *, width: int = 1280) -> None:
        self.problems: list[str] = []
        self.context = browser.new_context(viewport={"width": width, "height": 800})
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.note_request(request.url, path.as_uri()))
        self.page.on("console", lambda message: self.problems.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def close(self) -> None:
        """Close the page, which must have been free of requests and complaints whatever was done on it."""
        self.context.close()
        assert self.problems == []

    def note_request(self, url: str, own: str) -> None:
        if url != own and not url.startswith("data:"):
            self.problems.append(f"request: {url}")


@pytest.fixture(scope="module")
def kept_pages(browser: Any) -> Iterator[list[Opened]]:  # noqa: ARG001  which is closed after them
    """The pages that all tests of a module share."""
    pages: list[Opened] = []
    yield pages
    for opened in pages:
        opened.close()


@pytest.fixture
def open_from_disk(browser: Any, tmp_path: Path) -> Open:
    """Writes a page to a file and opens it; whoever opens it closes it."""

    def open_file(html: str, **options: Any) -> Opened:
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        return Opened(browser, path, **options)

    return open_file


@pytest.fixture
def open_html(open_from_disk: Open) -> Iterator[Open]:
    """Opens pages for one test, which may click on them."""
    pages: list[Opened] = []

    def open_for_test(html: str, **options: Any) -> Opened:
        pages.append(open_from_disk(html, **options))
        return pages[-1]

    yield open_for_test
    for opened in pages:
        opened.close()


def imagine_accuracy(cell: Any, distance: int) -> float:
    """The accuracy that a model would have: close to 1 within its span, by chance far beyond."""
    from tasks.ingest.sources.recall import NUM_CLASSES

    chance = 1 / NUM_CLASSES[cell.recall_task]
    span = SPANS[cell.model] * (1 + 0.3 * (cell.seed - 2))
    if cell.recall_task in {"decoys", "order"}:
        span = min(span, NO_ORDER.get(cell.model, span))
    kept = 1 / (1 + math.exp(4 * (math.log(distance) - math.log(span))))
    return round(chance + (0.999 - chance) * kept, 3)


def drop_settled(planned: Sequence[Any]) -> Iterator[Any]:
    """The cells that the flow would train: further seeds only where the first disagree."""
    from tasks.probe.plan import FIRST_SEEDS, is_settled

    known: dict[Any, list[float]] = {}
    for cell in planned:
        accuracies = known.setdefault(cell._replace(seed=0), [])
        if cell.seed <= FIRST_SEEDS or not is_settled(accuracies):
            accuracies.append(imagine_accuracy(cell, cell.distance))
            yield cell


def measure_imagined(cells: Sequence[Any]) -> list[Any]:
    """The rows that measuring the cells would give."""
    from tasks.ingest.sources.recall import parse_name
    from tasks.probe.facts import SeedAccuracy
    from tasks.probe.plan import SOLVED_AT

    rows = []
    for cell in cells:
        recall = parse_name(cell.dataset)
        assert recall is not None
        for distance in recall.test_distances:
            accuracy = imagine_accuracy(cell, distance)
            rows.append(
                SeedAccuracy(
                    recall_task=cell.recall_task,
                    model=cell.model,
                    seed=cell.seed,
                    upto=cell.upto,
                    trained_on=cell.distance,
                    distance=distance,
                    accuracy=accuracy,
                    num_texts=1_000,
                    solved=accuracy >= SOLVED_AT,
                    num_params=17_000 + len(cell.model),
                    updates=313 * (1 + cell.distance % 7 + cell.seed),
                    train_seconds=5.0,
                )
            )
    return rows


@pytest.fixture
def build_probe() -> BuildProbe:
    """Summarises the imagined cells of a profile, or the wanted ones; facts about the run may be changed."""
    from tasks.probe.facts import Probe, ProbeRun
    from tasks.probe.plan import plan_cells
    from tasks.probe.summary import summarise_cells

    def build(profile: str = "full", *, without: Callable[[Any], bool] = lambda _cell: False, **changes: Any) -> Probe:
        planned = plan_cells("quick" if profile == "quick" else "full")
        cells = [cell for cell in drop_settled(planned) if not without(cell)]
        facts = {"profile": profile, "num_planned": len(planned), "num_trained": len(cells)}
        run = ProbeRun.model_validate({**PROBE_RUN, **facts, **changes})
        return Probe(run=run, **dict(summarise_cells(measure_imagined(cells))))

    return build
