"""A metric is a function and a row: one that is added is measured, written and shown everywhere its row says."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from tasks.evaluate import metric_table
from tasks.evaluate.metric_table import METRICS, Metric, list_metrics
from tasks.evaluate.metrics import Answers

PublishBundle = Callable[[str, Path, Path, Any], Path]
VALUE = 0.4321
EVERYWHERE = frozenset({"table", "page", "card", "scoring"})
HELD = Metric(
    name="held",
    title="held",
    compute=lambda answers: VALUE if isinstance(answers, Answers) else None,
    description="share of something",
    better="higher",
    shown=EVERYWHERE,
    template="{:.1%}",
    precise="{:.2%}",
    rank=99,
)
SHORT, LONG = "43.2%", "43.21%"


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Iterator[Metric]:
    """A row more in the table."""
    monkeypatch.setattr(metric_table, "METRICS", (*METRICS, HELD))
    return HELD


@pytest.fixture
def write_run(build: Any, add_result: Any, tmp_path: Path, added: Metric) -> tuple[Any, Path]:
    """A run's metrics and the folder of its files."""
    from tasks.report.run.facts import RunMetrics
    from tasks.report.run.folder import write_run

    metrics = RunMetrics.model_validate(build(add_result("lstm", 80, **{added.name: VALUE})))
    return metrics, write_run(tmp_path, metrics, "{}")


def test_leaderboard_files_hold_it(write_run: tuple[Any, Path]) -> None:
    _, folder = write_run
    assert json.loads((folder / "leaderboard.json").read_text())["variants"][0]["held"] == VALUE
    assert json.loads((folder / "metrics.json").read_text())["variants"][0]["held"] == VALUE
    with (folder / "leaderboard.csv").open() as file:
        assert next(csv.DictReader(file))["held"] == str(VALUE)


def test_page_and_markdown_show_it(write_run: tuple[Any, Path]) -> None:
    _, folder = write_run
    page = (folder / "report.html").read_text()
    assert 'title="Share of something: higher is better">held</button>' in page
    assert f"{SHORT}</td>" in page
    summary = (folder / "summary.md").read_text()
    assert "| held |" in summary
    assert f"| {SHORT} |" in summary
    assert "held (higher is better): share of something" in summary


def test_terminal_and_prefect_show_it(write_run: tuple[Any, Path]) -> None:
    from tasks.report.run.columns import format_rows
    from tasks.report.run.render import render_terminal

    metrics, _ = write_run
    assert format_rows(metrics)[0]["held"] == SHORT
    console = Console(file=io.StringIO(), width=250)
    console.print(render_terminal(metrics, console))
    assert isinstance(console.file, io.StringIO)
    assert SHORT in console.file.getvalue()


@pytest.mark.usefixtures("added")
def test_bundle_card_and_scoring_show_it(publish_bundle: PublishBundle, tmp_path: Path) -> None:
    from tasks.ingest.files.reading import FileOptions
    from tasks.predict.job import Job, Listener, score_file
    from tasks.predict.tables import list_results

    columns = {"id": list("abcd"), "text": ["great fun", "so dull", "great film", "dull film"]}
    for split in ("train", "validation", "test"):
        pq.write_table(
            pa.table({**columns, "label": pa.array([1, 0, 1, 0], pa.int32())}), tmp_path / f"{split}.parquet"
        )
    bundle = publish_bundle("tfidf-linear", tmp_path, tmp_path / "artifacts", None)
    assert json.loads((bundle / "bundle.json").read_text())["metrics"]["validation"]["held"] == VALUE
    assert f"| held | {SHORT} | {SHORT} |" in (bundle / "MODEL_CARD.md").read_text()
    (tmp_path / "in.csv").write_text("text,y\ngreat,good\ndull,bad\n")
    files = FileOptions(path=tmp_path / "in.csv", label_column="y")
    facts = score_file(Job(files=files, model_folder=bundle, output=tmp_path / "out.csv"), listener=Listener())
    assert {"result": "held", "value": LONG} in list_results(facts)


def test_metric_is_shown_only_where_its_row_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setattr(metric_table, "METRICS", (*METRICS, replace(HELD, shown=frozenset({"card"}))))
    assert HELD.name in [metric.name for metric in list_metrics("card")]
    assert HELD.name not in [metric.name for metric in list_metrics("table")]


def test_metrics_of_ordinal_labels_are_shown_only_where_they_were_measured(build: Any, add_result: Any) -> None:
    from tasks.report.run.columns import explain_metrics, format_rows
    from tasks.report.run.facts import RunMetrics
    from tasks.report.run.leaderboard_table import build_numbers_table

    nominal = RunMetrics.model_validate(build(add_result("lstm", 80)))
    ordinal = RunMetrics.model_validate(build(add_result("gru", 80, mae=0.25, quadratic_kappa=0.75)))
    for metrics, is_shown in ((nominal, False), (ordinal, True)):
        titles = [column.name for column in build_numbers_table(metrics)["columns"]]
        assert ("MAE" in format_rows(metrics)[0], "kappa" in titles) == (is_shown, is_shown)
        assert ("ordinal" in explain_metrics(metrics.variants)) == is_shown
    assert format_rows(ordinal)[0]["MAE"] == "0.250"


def test_names_titles_and_ranks_tell_metrics_apart() -> None:
    for names in ([metric.name for metric in METRICS], [metric.title for metric in METRICS]):
        assert len(set(names)) == len(names)


def test_value_that_cannot_be_computed_is_a_dash() -> None:
    assert (HELD.show(None), HELD.show_precisely(None)) == ("-", "-")
